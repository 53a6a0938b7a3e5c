"""The hub's commands as slash commands ("Application Commands")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hubbub.core.phrases import Phrase
from hubbub.core.ports import MenuItem
from hubbub.words import say

_NAME = re.compile(r"[a-z0-9_-]{1,32}")
_LONGEST = 100
_MOST = 100
_TEXT = 3
_SERVERS, _ANYWHERE = (0,), (0, 1)
"""Where a command is offered: on servers, in private chats with the bot."""
_MANAGES = str(1 << 5)


def slash_commands(menus: Mapping[str, Sequence[MenuItem]]) -> list[dict[str, Any]]:
    """All commands, by their English name, each with one text behind it that may be left out.

    What works in groups only is offered on servers only, and what those who run a room may give there to whoever may
    manage the server.
    """
    chinese = {item.name: item.summary for item in menus.get("zh", ())}
    found = [
        {
            "type": 1,
            "name": item.name,
            "description": item.summary[:_LONGEST],
            "description_localizations": {"zh-CN": chinese.get(item.name, item.summary)[:_LONGEST]},
            "options": [_option()],
            "default_member_permissions": _MANAGES if item.admins and item.rooms else None,
            "contexts": list(_SERVERS if item.rooms and "private" not in item.rooms else _ANYWHERE),
        }
        for item in menus["en"]
        if _NAME.fullmatch(item.name) and item.summary
    ]
    return found[:_MOST]


def _option() -> dict[str, Any]:
    said = {language: say(Phrase("slash.text"), language)[:_LONGEST] for language in ("en", "zh")}
    described = {"description": said["en"], "description_localizations": {"zh-CN": said["zh"]}}
    return {"type": _TEXT, "name": "text", "required": False} | described
