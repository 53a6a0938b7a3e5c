"""The grammar of texts with variables, read in one go from the first character to the last.

- ``{name argument "argument in quotes"}`` is a variable; braces do not nest.
- A backslash before it makes it plain text; two of them are one backslash.
- ``{name}->`` and a text between two ``` is shown only where the variable has a value that is something.
- What stands between two ``:::`` is shown only where every variable in it is known.

Everything is linear in the length of the text.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 2000
"""Characters of one variable with its arguments; what is longer is plain text."""
BLOCK = ":::"
_FENCE = "```"
_ARROW = f"->{_FENCE}"
_INSIDE = re.compile(rf"[^{{}}]{{1,{LONGEST}}}\}}")
_NAME = re.compile(r"[a-zA-Z0-9_]+")


@dataclass(frozen=True, slots=True)
class Reference:
    """A variable in a text. ``written``: with its braces and the backslashes before it, of which there are so many."""

    written: str
    name: str
    arguments: tuple[str, ...]
    backslashes: int = 0

    @property
    def escaped(self) -> bool:
        """It is meant as plain text."""
        return self.backslashes % 2 == 1

    @property
    def literal(self) -> str:
        """The text that it is where it is escaped."""
        return "\\" * (self.backslashes // 2) + self.written[self.backslashes :]


@dataclass(frozen=True, slots=True)
class Condition:
    """A text that depends on a variable."""

    reference: Reference
    content: str
    written: str


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two ``:::``; ``before`` and ``after`` are the blanks around it."""

    before: str
    content: str
    after: str


Part = str | Reference | Condition


def blocks(text: str) -> Iterator[str | Block]:
    """A text as what stands outside of blocks, and blocks. A lone ``:::`` is plain text."""
    pieces = text.split(BLOCK)
    if len(pieces) % 2 == 0:
        pieces[-2:] = [f"{pieces[-2]}{BLOCK}{pieces[-1]}"]
    outside = pieces[0]
    for content, following in zip(pieces[1::2], pieces[2::2], strict=True):
        bare, rest = outside.rstrip(), following.lstrip()
        yield bare
        yield Block(outside[len(bare) :], content, following[: len(following) - len(rest)])
        outside = rest
    yield outside


def parts(text: str) -> Iterator[Part]:
    """A text without blocks as plain texts, variables and conditions; joined as they are written they are the text."""
    position, fences = 0, True
    while (at := text.find("{", position)) >= 0:
        inside = _INSIDE.match(text, at + 1)
        words = _words(inside[0][:-1]) if inside else []
        if inside is None or not words:
            yield text[position : at + 1]
            position = at + 1
            continue
        begin = _before_backslashes(text, position, at)
        end = inside.end()
        found = Reference(text[begin:end], words[0], tuple(words[1:]), at - begin)
        yield text[position:begin]
        position = end
        if fences and not found.escaped and text.startswith(_ARROW, end) and _NAME.fullmatch(inside[0][:-1]):
            close = text.find(_FENCE, end + len(_ARROW))
            fences = close >= 0
            if fences:
                position = close + len(_FENCE)
                yield Condition(found, text[end + len(_ARROW) : close], text[begin:position])
                continue
        yield found
    yield text[position:]


def references(text: str) -> Iterator[Reference]:
    """The variables that a text uses, those of conditions and in their texts too."""
    for part in parts(text):
        if isinstance(part, Condition):
            yield part.reference
            yield from references(part.content)
        elif isinstance(part, Reference) and not part.escaped:
            yield part


def _before_backslashes(text: str, least: int, at: int) -> int:
    while at > least and text[at - 1] == "\\":
        at -= 1
    return at


def _words(inside: str) -> list[str]:
    if _NAME.fullmatch(inside):
        return [inside]
    try:
        return shlex.split(inside)
    except ValueError:
        return inside.split()
