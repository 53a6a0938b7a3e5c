"""Buttons as WhatsApp has them: three below a message, or a list of ten, or one that opens a page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hubbub.core.messages import Button, Buttons, Message
from hubbub.core.phrases import Phrase
from hubbub.core.presses import carried
from hubbub.words import choose, guess, say

CARRIED = 200
"""Most bytes that a button or a row carries."""
MOST = 10
"""Most rows of a list."""
_BUTTONS, _TITLE, _BODY = 3, 20, 1024
_ROW_TITLE, _ROW_MORE, _LIST_BODY = 24, 72, 4096
_NO_WORDS = "⬇️"


@dataclass(frozen=True, slots=True)
class Pressable:
    """A message with buttons: what is said before it, and the message itself with its own words; {} for none."""

    text: str
    interactive: dict[str, Any]


def below(message: Message, text: str) -> Pressable | None:
    """What to send for a message whose words are ``text``; None if it has no buttons."""
    buttons = [button for each in message if isinstance(each, Buttons) for row in each.rows for button in row]
    if not buttons:
        return None
    pages = [each for each in buttons if _is_page(each)]
    choices = list(
        {carried(each.says, CARRIED): each for each in buttons if each.says.strip() and not _is_page(each)}.items()
    )
    if len(pages) == 1 and not choices:
        return _page(pages[0], text)
    lines = [f"{each.label}: {each.url}" if each.label else each.url for each in pages]
    body = "\n".join(filter(None, (text.strip(), *lines)))
    if not choices:
        return Pressable(body, {})
    titles = [cut(each.label.strip() or each.says, _ROW_TITLE) for _, each in choices]
    short = len(choices) <= _BUTTONS and all(len(each) <= _TITLE for each in titles) and len(set(titles)) == len(titles)
    if short and len(body) <= _BODY:
        return Pressable("", _three(choices, body))
    if len(body) > _LIST_BODY:
        return Pressable(text, _list(choices, "\n".join(lines)))
    return Pressable("", _list(choices, body))


def _is_page(button: Button) -> bool:
    return button.url.startswith(("https://", "http://"))


def _page(button: Button, text: str) -> Pressable:
    parameters = {"display_text": cut(button.label.strip() or "🔗", _TITLE), "url": button.url}
    action = {"name": "cta_url", "parameters": parameters}
    before, body = ("", text) if len(text) <= _BODY else (text, "")
    return Pressable(before, {"type": "cta_url", "body": _body(body), "action": action})


def _three(choices: Sequence[tuple[str, Button]], text: str) -> dict[str, Any]:
    replies = [{"id": key, "title": each.label.strip() or each.says} for key, each in choices]
    buttons = [{"type": "reply", "reply": reply} for reply in replies]
    return {"type": "button", "body": _body(text), "action": {"buttons": buttons}}


def _list(choices: Sequence[tuple[str, Button]], text: str) -> dict[str, Any]:
    rows = [_row(key, each) for key, each in choices[:MOST]]
    opens = say(Phrase("buttons.choose"), choose(guess(text), "en"))
    action = {"button": cut(opens, _TITLE), "sections": [{"rows": rows}]}
    return {"type": "list", "body": _body(text), "action": action}


def _row(key: str, button: Button) -> dict[str, str]:
    label = button.label.strip() or button.says
    row = {"id": key, "title": cut(label, _ROW_TITLE)}
    return row if row["title"] == label else row | {"description": cut(label, _ROW_MORE)}


def _body(text: str) -> dict[str, str]:
    return {"text": text if text.strip() else _NO_WORDS}


def cut(text: str, most: int) -> str:
    """At most so many characters of a text, the last of which says that it was longer."""
    return text if len(text) <= most else text[: most - 1] + "…"
