"""What the hub needs to know of Telegram before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.core.ports import PlatformPlugin
from hubbub.platforms.telegram.settings import TelegramSettings


def enabled(settings: TelegramSettings, server: Mapping[str, Any]) -> bool:  # noqa: ARG001 - the same on every server
    """Whether to serve it: as the setting says; unset, when there is a bot."""
    return bool(settings.bots) if settings.enabled is None else settings.enabled


PLUGIN = PlatformPlugin(
    name="telegram",
    settings=TelegramSettings,
    adapter="hubbub.platforms.telegram.adapter:TelegramAdapter",
    enabled=enabled,
    checks="hubbub.platforms.telegram.checks:look",
)
