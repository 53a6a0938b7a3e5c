"""What the hub needs to know of WeCom before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.core.ports import PlatformPlugin
from hubbub.core.upkeep import Task
from hubbub.platforms.wecom.settings import WeComSettings


def enabled(settings: WeComSettings, server: Mapping[str, Any]) -> bool:  # noqa: ARG001 - the contract's argument
    """When an application is set."""
    return bool(settings.applications())


PLUGIN = PlatformPlugin(
    name="wecom",
    settings=WeComSettings,
    adapter="hubbub.platforms.wecom.adapter:WeComAdapter",
    enabled=enabled,
    tasks=(
        Task("menu", "Give every application the menu of commands.", "hubbub.platforms.wecom.tasks:make_menu"),
        Task("members", "List who can see every application.", "hubbub.platforms.wecom.tasks:list_members"),
    ),
    checks="hubbub.platforms.wecom.checks:look",
    tools={"fake-wecom": "hubbub.platforms.wecom.dev.hand:main"},
)
