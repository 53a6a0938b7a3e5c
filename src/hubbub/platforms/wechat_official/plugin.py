"""What the hub needs to know of WeChat Official Accounts before they are used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.core.ports import PlatformPlugin
from hubbub.platforms.wechat_official.settings import WeChatOfficialSettings


def enabled(settings: WeChatOfficialSettings, server: Mapping[str, Any]) -> bool:  # noqa: ARG001 - the contract's
    """Once an account has its token: without one no callback can be told from a forged one."""
    return bool(settings.named)


PLUGIN = PlatformPlugin(
    name="wechat_official",
    settings=WeChatOfficialSettings,
    adapter="hubbub.platforms.wechat_official.adapter:WeChatOfficialAdapter",
    enabled=enabled,
)
