"""How an owner wants replies shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.core.pictures import NO_WISH, Wish

if TYPE_CHECKING:
    from hubbub.conversations.preferences import Preferences

RENDER, STYLE = "render", "render_style"
WHEN = ("never", "always", "auto")


def wish_of(chosen: Preferences, model: str) -> Wish:
    """The wish that an owner's settings make; ``model`` is who answered."""
    when, style = chosen.stored.get(RENDER), chosen.stored.get(STYLE)
    known = when if isinstance(when, str) and when in WHEN else ""
    if not known and not style and not model:
        return NO_WISH
    return Wish(known, style if isinstance(style, str) else "", model)
