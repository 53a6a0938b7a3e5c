"""The hub's commands as slash commands ("Application Commands")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hubbub.core.ports import MenuItem

_NAME = re.compile(r"[a-z0-9_-]{1,32}")
_LONGEST = 100
_MOST = 100
_TEXT = 3


def slash_commands(menus: Mapping[str, Sequence[MenuItem]]) -> list[dict[str, Any]]:
    """All commands, by their English name, each with one text behind it that may be left out."""
    chinese = {item.name: item.summary for item in menus.get("zh", ())}
    found = [
        {
            "type": 1,
            "name": item.name,
            "description": item.summary[:_LONGEST],
            "description_localizations": {"zh-CN": chinese.get(item.name, item.summary)[:_LONGEST]},
            "options": [{"type": _TEXT, "name": "text", "description": "…", "required": False}],
        }
        for item in menus["en"]
        if _NAME.fullmatch(item.name) and item.summary
    ]
    return found[:_MOST]
