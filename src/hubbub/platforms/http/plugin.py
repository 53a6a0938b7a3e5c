"""What the hub reads of this platform before it loads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.core.ports import PlatformPlugin
from hubbub.platforms.http.settings import HttpSettings


def enabled(settings: HttpSettings, server: Mapping[str, Any]) -> bool:  # noqa: ARG001 - the contract's parameters
    """Always: it listens on nothing of its own, and the HTTP APIs need it."""
    return True


PLUGIN = PlatformPlugin(
    name="http",
    settings=HttpSettings,
    adapter="hubbub.platforms.http.adapter:HttpPlatform",
    enabled=enabled,
)
