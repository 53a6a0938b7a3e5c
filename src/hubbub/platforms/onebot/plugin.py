"""What the hub needs to know of OneBot before it is used."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from hubbub.core.ports import PlatformPlugin
from hubbub.platforms.onebot.settings import OneBotSettings


def _on_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def enabled(settings: OneBotSettings, server: Mapping[str, Any]) -> bool:
    """Whether to serve it: as the setting says; unset, on loopback always and elsewhere only with a way in."""
    if settings.enabled is not None:
        return settings.enabled
    if settings.access_token.get_secret_value() or settings.http_secret.get_secret_value() or settings.forward_urls:
        return True
    return _on_loopback(str(server.get("host", "127.0.0.1")))


PLUGIN = PlatformPlugin(
    name="onebot",
    settings=OneBotSettings,
    adapter="hubbub.platforms.onebot.adapter:OneBotAdapter",
    enabled=enabled,
)
