"""Chinese sentences about what happens in rooms, and what is done there."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SENTENCES: Final = MappingProxyType(
    {
        "act.mute.admin": "群主和管理员不能被禁言。",
        "act.mute.no_right": "我没有禁言的权限，请先把我设为管理员。",
        "act.mute.only_groups": "只有在群里才能禁言。",
        "act.refused": "操作失败：平台拒绝了这个请求。",
    }
)
