"""What the hub needs to know of WhatsApp before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.core.ports import PlatformPlugin
from hubbub.platforms.whatsapp.settings import WhatsAppSettings


def enabled(settings: WhatsAppSettings, server: Mapping[str, Any]) -> bool:  # noqa: ARG001 - the same on every server
    """Whether to serve it: as the setting says; unset, when there is a number."""
    return bool(settings.numbers) if settings.enabled is None else settings.enabled


PLUGIN = PlatformPlugin(
    name="whatsapp",
    settings=WhatsAppSettings,
    adapter="hubbub.platforms.whatsapp.adapter:WhatsAppAdapter",
    enabled=enabled,
    checks="hubbub.platforms.whatsapp.checks:look",
)
