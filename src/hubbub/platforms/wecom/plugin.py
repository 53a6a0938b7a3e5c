"""What the hub needs to know of WeCom before it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hubbub.core.customs import Customs
from hubbub.core.ports import PlatformPlugin
from hubbub.core.upkeep import Task
from hubbub.platforms.wecom.settings import WeComSettings


def enabled(settings: WeComSettings, server: Mapping[str, Any]) -> bool:  # noqa: ARG001 - the contract's argument
    """When an application is set."""
    return bool(settings.applications())


def customs(settings: WeComSettings) -> Customs:
    """The sentence that its people know."""
    return Customs(sentences=dict.fromkeys(_FAILURES, settings.error_text) if settings.error_text else {})


_FAILURES = (
    "error.internal",
    "error.model_failed",
    "error.model_timeout",
    "error.model_busy",
    "error.model_auth",
    "error.model_empty",
    "error.model_refused",
    "error.no_model",
)

PLUGIN = PlatformPlugin(
    name="wecom",
    settings=WeComSettings,
    adapter="hubbub.platforms.wecom.adapter:WeComAdapter",
    enabled=enabled,
    customs=customs,
    tasks=(
        Task("menu", "Give every application the menu of commands.", "hubbub.platforms.wecom.tasks:make_menu"),
        Task("members", "List who can see every application.", "hubbub.platforms.wecom.tasks:list_members"),
    ),
    checks="hubbub.platforms.wecom.checks:look",
    tools={"fake-wecom": "hubbub.platforms.wecom.dev.hand:main"},
)
