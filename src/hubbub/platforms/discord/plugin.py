"""What the hub needs to know of Discord before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.core.ports import PlatformPlugin
from hubbub.platforms.discord.settings import DiscordSettings


def enabled(settings: DiscordSettings, server: Mapping[str, Any]) -> bool:  # noqa: ARG001 - the same on every server
    """Whether to serve it: as the setting says; unset, when there is a bot."""
    return bool(settings.tokens) if settings.enabled is None else settings.enabled


PLUGIN = PlatformPlugin(
    name="discord",
    settings=DiscordSettings,
    adapter="hubbub.platforms.discord.adapter:DiscordAdapter",
    enabled=enabled,
    checks="hubbub.platforms.discord.checks:look",
)
