"""The hub's commands as slash commands ("Application Commands")."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from hubbub.core.phrases import Phrase
from hubbub.core.ports import MenuItem
from hubbub.words import say

_NAME = re.compile(r"[a-z0-9_-]{1,32}")
_ALIAS = re.compile(r"[-_\w]{1,32}")
_LONGEST = 100
_MOST = 100
_TEXT = 3
_SERVERS, _PRIVATE = 0, 1
"""Where a command is offered: on servers, in private chats with the bot."""
_MANAGES = str(1 << 5)
_LOCALES = {"zh": ("zh-CN", "zh-TW")}
"""Discord's languages that are shown one of ours, where it is not English."""


def slash_commands(menus: Mapping[str, Sequence[MenuItem]]) -> list[dict[str, Any]]:
    """All commands, by their English name, each with one text behind it that may be left out.

    What works in groups only is offered on servers only, and what those who run a room may give there to whoever may
    manage the server.
    """
    others = {language: {item.name: item for item in menus.get(language, ())} for language in _LOCALES}
    found = [
        _command(item, {language: items.get(item.name, item) for language, items in others.items()})
        for item in menus["en"]
        if _NAME.fullmatch(item.name) and item.summary
    ]
    return _apart(found[:_MOST])


def _command(item: MenuItem, others: Mapping[str, MenuItem]) -> dict[str, Any]:
    aliases = {language: each.alias for language, each in others.items() if _ALIAS.fullmatch(each.alias)}
    return {
        "type": 1,
        "name": item.name,
        "name_localizations": _localized(aliases),
        "description": _short(item.summary),
        "description_localizations": _localized({key: _short(each.summary) for key, each in others.items()}),
        "options": [_option()],
        "default_member_permissions": _MANAGES if item.admins and item.rooms else None,
        "contexts": _contexts(item),
    }


def _contexts(item: MenuItem) -> list[int]:
    if not item.rooms:
        return [_SERVERS, _PRIVATE]
    return [*([_SERVERS] if set(item.rooms) - {"private"} else ()), *([_PRIVATE] if "private" in item.rooms else ())]


def _apart(commands: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Commands of which no two have the same name in a language: Discord would take none of them."""
    taken: set[tuple[str, str]] = set()
    for each in commands:
        names = each["name_localizations"]
        each["name_localizations"] = {key: name for key, name in names.items() if (key, name) not in taken}
        taken |= set(names.items())
    return commands


def _option() -> dict[str, Any]:
    said = {language: _short(say(Phrase("slash.text"), language)) for language in ("en", *_LOCALES)}
    described = {"description": said.pop("en"), "description_localizations": _localized(said)}
    return {"type": _TEXT, "name": "text", "required": False} | described


def _localized(texts: Mapping[str, str]) -> dict[str, str]:
    return {locale: text for language, text in texts.items() for locale in _LOCALES[language]}


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
