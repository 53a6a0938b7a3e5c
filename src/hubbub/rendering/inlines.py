"""What stands within a line, looked at before it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.markup.tree import Anchor, Code, Emphasis, Formula, Inline, Strike, Strong, Words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def apart(child: Inline) -> bool:
    """There is a formula in it that has a line of its own."""
    match child:
        case Formula(_, display):
            return display
        case Strong(inside) | Emphasis(inside) | Strike(inside) | Anchor(_, inside):
            return any(map(apart, inside))
        case _:
            return False


def trimmed(children: Sequence[Inline]) -> list[Inline]:
    """Without the space around formulas that have lines of their own."""
    found = list(children)
    for place, child in enumerate(children):
        if type(child) is not Formula or not child.display:
            continue
        for beside, strip in ((place - 1, str.rstrip), (place + 1, str.lstrip)):
            other = found[beside] if 0 <= beside < len(found) else None
            if type(other) is Words:
                found[beside] = Words(strip(other.text))
    return found


def said(children: Sequence[Inline]) -> Iterator[str]:
    """The words, without formulas."""
    for child in children:
        match child:
            case Formula():
                continue
            case Words(text) | Code(text):
                yield text
            case Strong(inside) | Emphasis(inside) | Strike(inside) | Anchor(_, inside):
                yield from said(inside)
            case _:
                continue
