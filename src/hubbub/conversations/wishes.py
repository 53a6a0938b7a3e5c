"""How an owner wants replies shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.core.pictures import NO_WISH, Wish

if TYPE_CHECKING:
    from hubbub.conversations.preferences import Preferences

RENDER, STYLE, TITLE = "render", "render_style", "render_title"
STREAM = "stream"
"""False: answers are shown only when they are whole."""
LONGEST_TITLE = 100
WHEN = ("never", "always", "auto")


def wish_of(chosen: Preferences, model: str) -> Wish:
    """The wish that an owner's settings make; ``model`` is who answered."""
    when = _text(chosen, RENDER)
    known = when if when in WHEN else ""
    style, title = _text(chosen, STYLE), title_of(chosen)
    if not known and not style and not model and not title:
        return NO_WISH
    return Wish(known, style, model, title)


def title_of(chosen: Preferences) -> str:
    """What an owner wants to stand over pictures, in one line."""
    return one_line(chosen.stored.get(TITLE))


def one_line(title: object) -> str:
    """A title as it stands over pictures; "" for what is none."""
    return " ".join(title.split())[:LONGEST_TITLE] if isinstance(title, str) else ""


def _text(chosen: Preferences, key: str) -> str:
    found = chosen.stored.get(key)
    return found if isinstance(found, str) else ""
