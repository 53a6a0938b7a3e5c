"""The hub's messages as bodies of the REST API ("Create Message"). Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hubbub.core.errors import DeliveryError
from hubbub.core.messages import (
    Audio,
    Button,
    Buttons,
    Contact,
    Face,
    File,
    Forward,
    Image,
    Link,
    Location,
    Media,
    Mention,
    Message,
    Quote,
    Segment,
    Text,
    Video,
    text_of,
)
from hubbub.core.presses import carried
from hubbub.markup.in_words import in_words
from hubbub.platforms.discord.format import DIALECT, verbatim

LONGEST = 2000
"""Longest content, in characters."""
FILES = 10
"""Most files of one message."""
CALLED = 100
"""Most people that one message calls, each named once."""
CARRIED = 100
"""Most bytes that a button carries."""
ROWS, WIDE = 5, 5
"""Most rows of buttons, and most buttons in a row."""
_LABEL = 80
_BELOW = "⬇️"
"""Stands above buttons that have no words of their own."""
_ROW, _BUTTON = 1, 2
_GREY, _PAGE_STYLE = 2, 5
_PAGE = re.compile(r"https?://\S{1,500}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Draft:
    """One message to send: its words, whom they mention, its files, its buttons."""

    content: str
    users: tuple[str, ...]
    files: tuple[Media, ...]
    components: tuple[dict[str, Any], ...] = ()

    def body(self, nonce: str, reply_to: str = "") -> dict[str, Any]:
        """As Discord takes it. A second one with the same ``nonce`` gives the first, for some minutes."""
        found: dict[str, Any] = {"content": self.content, "nonce": nonce, "enforce_nonce": True}
        found["allowed_mentions"] = {"parse": [], "users": list(self.users), "replied_user": True}
        if self.components:
            found["components"] = list(self.components)
        if reply_to.isdecimal():
            found["message_reference"] = {"message_id": reply_to, "fail_if_not_exists": False}
        return found

    def edited(self) -> dict[str, Any]:
        """As a message is changed to it, which calls nobody again, or a slash command is answered."""
        allowed = {"parse": [], "users": list(self.users)}
        return {"content": self.content, "allowed_mentions": allowed, "components": list(self.components)}


def drafts(message: Message) -> list[Draft]:
    """What to send for a message, mostly one. Raises DeliveryError if nothing of it can be shown."""
    content = "".join(map(_shown, message))
    if len(content) > LONGEST:  # by what keeps marks from being marks; as it was written it fits
        content = "".join(each.text if isinstance(each, Text) else _shown(each) for each in message)
    users = dict.fromkeys(each.user for each in message if isinstance(each, Mention) and each.user.isdecimal())
    called = tuple(users)[:CALLED]
    files = [each.media for each in message if isinstance(each, Image | File | Audio | Video)]
    below = components(message)
    if below and not content.strip() and not files:
        content = _BELOW
    if not content.strip() and not files:
        text = "nothing of the message can be shown on Discord"
        raise DeliveryError(text, certain=True, permanent=True)
    parts: Sequence[Sequence[Media]] = [files[at : at + FILES] for at in range(0, len(files), FILES)] or [()]
    found = [Draft("" if place else content, () if place else called, tuple(part)) for place, part in enumerate(parts)]
    return [*found[:-1], replace(found[-1], components=below)]


def components(message: Message) -> tuple[dict[str, Any], ...]:
    """The buttons of a message in rows ("Message Components"); two that carry the same are one."""
    shown: dict[str, dict[str, Any]] = {}
    rows: list[list[dict[str, Any]]] = []
    for row in (row for each in message if isinstance(each, Buttons) for row in each.rows):
        new = {key: made for button in row if (made := _button(button)) and (key := _key(made)) not in shown}
        shown |= new
        buttons = list(new.values())
        rows += [buttons[at : at + WIDE] for at in range(0, len(buttons), WIDE)]
    if len(rows) > ROWS:
        every = list(shown.values())
        rows = [every[at : at + WIDE] for at in range(0, len(every), WIDE)][:ROWS]
    return tuple({"type": _ROW, "components": row} for row in rows)


def _button(button: Button) -> dict[str, Any]:
    """A button as Discord takes it; empty for one that leads nowhere."""
    if _PAGE.fullmatch(button.url):
        return {"type": _BUTTON, "style": _PAGE_STYLE, "label": _cut(button.label or button.url), "url": button.url}
    if not button.says.strip():
        return {}
    label, carries = _cut(button.label.strip() or button.says), carried(button.says, CARRIED)
    return {"type": _BUTTON, "style": _GREY, "label": label, "custom_id": carries}


def _key(button: dict[str, Any]) -> str:
    return str(button.get("custom_id") or button["url"])


def _cut(label: str) -> str:
    return label if len(label) <= _LABEL else label[: _LABEL - 1] + "…"


def nonce(key: str, place: int = 0) -> str:
    """The same for every attempt at a message; Discord takes 25 characters."""
    return hashlib.blake2b(f"{key}/{place}".encode(), digest_size=12).hexdigest()


def answered(message: Message, reply_to: str) -> str:
    """The id of the message that one replies to, "" for none."""
    return reply_to or next((each.message_id for each in message if isinstance(each, Quote)), "")


def _shown(segment: Segment) -> str:
    match segment:
        case Text(text, plain):
            return verbatim(text) if plain else DIALECT.message(text)
        case Mention(user, name):
            return f"<@{user}>" if user.isdecimal() else verbatim(f"@{name or user}")
        case Face(_, text):
            return verbatim(text)
        case Link(url, title):
            return "\n".join(filter(None, (verbatim(title), url)))
        case Location() | Contact():
            return verbatim(in_words(segment))
        case Forward(nodes):
            return verbatim("\n".join(f"{node.name}: {text_of(node.message)}" for node in nodes))
        case _:
            return ""
