"""What the hub needs to know of the loopback platform before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.core.ports import PlatformPlugin
from hubbub.platforms.loopback.settings import LoopbackSettings


def enabled(settings: LoopbackSettings, server: Mapping[str, Any]) -> bool:  # noqa: ARG001 - the contract's argument
    """Only when the settings say so: nobody runs it by accident."""
    return settings.enabled


PLUGIN = PlatformPlugin(
    name="loopback",
    settings=LoopbackSettings,
    adapter="hubbub.platforms.loopback.adapter:LoopbackAdapter",
    enabled=enabled,
)
