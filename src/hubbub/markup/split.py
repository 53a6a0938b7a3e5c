"""Cutting a text into messages of a size, where a reader would cut it.

A cut prefers the end of a paragraph, of a line, of a sentence, a space, and only then the middle of a word. It never
goes through what a reader sees as one character, and not through a link or a piece of code that fits a message by
itself. A block of code that must be cut is closed in the one message and opened again in the next.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubbub.markup.graphemes import boundary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubbub.core.capabilities import LengthUnit

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_WHOLE = re.compile(r"!?\[[^\]\n]{0,300}\]\([^)\s]{1,2000}\)|https?://\S{1,2000}|`[^`\n]{1,300}`")
_SENTENCE = re.compile(r"[。！？；…]|[.!?;](?=\s)")
_BLANK = re.compile(r"[ \t\u3000]*\n[ \t\u3000\n]*\n|[ \t\u3000]*\n|[ \t\u3000]+")
_SPACES = " \t\u3000"
_SPACE = re.compile(r"[ \t\u3000]")
# Room that a message must leave for code after the lines that open and close its block.
_LEAST_CODE = 8


@dataclass(frozen=True, slots=True)
class _Fence:
    """A block of code: where its first line begins, its code begins, its code ends, and the block ends."""

    start: int
    code: int
    code_end: int
    end: int
    line: str
    mark: str


def size(text: str, unit: LengthUnit) -> int:
    """How long a text is in a platform's unit: code points, UTF-16 code units, or bytes of UTF-8."""
    if unit == "characters" or text.isascii():
        return len(text)
    return sum(_width(character, unit) for character in text)


def fits(text: str, limit: int, unit: LengthUnit) -> bool:
    """Whether a text is at most ``limit`` units long (0: no limit). Quick for short texts."""
    return not limit or len(text) * _WIDEST[unit] <= limit or (len(text) <= limit and size(text, unit) <= limit)


def split(text: str, limit: int, unit: LengthUnit = "characters", *, markdown: bool = True) -> list[str]:
    """The text in pieces of at most ``limit`` units, in order; blank space at the cuts is dropped.

    ``markdown``: fences of code blocks are closed and opened again at a cut. A text that fits, or ``limit`` 0, comes
    back as it is. A limit below four units may be exceeded by a single character.
    """
    if fits(text, limit, unit):
        return [text]
    cutter = _Cutter(text, limit, unit, _fences(text) if markdown else [])
    return [piece for piece in cutter.pieces() if piece.strip()]


_WIDEST: dict[LengthUnit, int] = {"characters": 1, "utf16": 2, "bytes": 4}


def _width(character: str, unit: LengthUnit) -> int:
    if unit == "utf16":
        return 2 if character > "\uffff" else 1
    return 1 + (character > "\x7f") + (character > "\u07ff") + (character > "\uffff")


def _reach(text: str, start: int, limit: int, unit: LengthUnit) -> int:
    """The end of the longest part from ``start`` on that is within the limit; at least one character."""
    end = min(len(text), start + max(limit, 1))
    if unit == "characters" or text[start:end].isascii():
        return end
    left = limit
    for index in range(start, end):
        left -= _width(text[index], unit)
        if left < 0:
            return max(index, start + 1)
    return end


def _fences(text: str) -> list[_Fence]:
    """The blocks of code of a text, in order. One that is never closed reaches to the end."""
    found: list[_Fence] = []
    opened: re.Match[str] | None = None
    for match in _FENCE.finditer(text):
        if opened is None:
            if not (match[1][0] == "`" and "`" in match[2]):
                opened = match
        elif match[1].startswith(opened[1]) and not match[2].strip():
            found.append(_fence(opened, match.start() - 1, match.end()))
            opened = None
    if opened is not None:
        found.append(_fence(opened, len(text), len(text)))
    return found


def _fence(opened: re.Match[str], code_end: int, end: int) -> _Fence:
    code = opened.end() + 1
    return _Fence(opened.start(), code, max(code, code_end), end, opened[0], opened[1])


class _Cutter:
    """One walk over a text."""

    def __init__(self, text: str, limit: int, unit: LengthUnit, fences: list[_Fence]) -> None:
        self._text = text
        self._limit = limit
        self._unit = unit
        self._fences = [self._reopened(fence) for fence in fences if self._affordable(fence)]
        self._starts = [fence.start for fence in self._fences]

    def pieces(self) -> list[str]:
        """All pieces, some maybe blank."""
        found: list[str] = []
        position, opening = 0, ""
        while position < len(self._text):
            room = self._limit - size(opening, self._unit)
            end = _reach(self._text, position, room, self._unit)
            if end >= len(self._text):
                found.append(opening + self._text[position:])
                break
            fence = self._fence_at(end)
            if fence is None:
                cut, following = self._cut(position, end), None
            else:
                cut, following = self._cut_code(position, room, fence)
            piece = opening + self._text[position:cut].rstrip()
            found.append(f"{piece}\n{following.mark}" if following else piece)
            position, opening = self._resume(cut, following)
        return found

    def _affordable(self, fence: _Fence) -> bool:
        """A message has room for code between the lines that open and close this block."""
        return size(f"{fence.line}\n\n{fence.mark}", self._unit) + _LEAST_CODE <= self._limit

    def _reopened(self, fence: _Fence) -> _Fence:
        """The block, opened again without its language where that would take too much of a message."""
        if size(fence.line, self._unit) * 4 <= self._limit:
            return fence
        return replace(fence, line=fence.mark)

    def _fence_at(self, index: int) -> _Fence | None:
        """The block of code that a cut at ``index`` would be in."""
        at = bisect_right(self._starts, index) - 1
        if at < 0 or not self._starts[at] < index < self._fences[at].end:
            return None
        return self._fences[at]

    def _cut_code(self, start: int, room: int, fence: _Fence) -> tuple[int, _Fence | None]:
        """Where to cut in a block of code, and the block if it has to be opened again."""
        closing = size(f"\n{fence.mark}", self._unit)
        end = _reach(self._text, start, room - closing, self._unit)
        first = max(start, fence.code)
        line = self._text.rfind("\n", first, end + 1)
        if line > first:
            return line, fence
        if fence.start > start:
            # Nothing of the code fits behind what stands before it: let the block begin the next message.
            return self._cut(start, fence.start), None
        return (self._whole(first, end), fence) if end > first else (fence.code, fence)

    def _resume(self, cut: int, fence: _Fence | None) -> tuple[int, str]:
        """Where the next piece begins, and what has to be put before it."""
        if fence is None:
            blank = _BLANK.match(self._text, cut)
            if blank is None:
                return cut, ""
            # A space that carries an accent is a character like any other.
            return blank.end() - (not boundary(self._text, blank.end())), ""
        position = cut + 1 if self._text.startswith("\n", cut) else cut
        if position >= fence.code_end:
            return self._resume(fence.end, None)
        return position, f"{fence.line}\n"

    def _cut(self, start: int, end: int) -> int:
        """The best place for a cut after ``start``, at ``end`` at the latest."""
        spans = [match.span() for match in _WHOLE.finditer(self._text, start, min(len(self._text), end + self._limit))]
        cut = end
        for cut in self._preferred(start, end):
            if not any(first < cut < last for first, last in spans):
                break
        else:
            before = [first for first, last in spans if start < first < cut < last]
            cut = before[0] if before else self._whole(start, end)
        fence = self._fence_at(cut)
        return fence.end if fence else cut

    def _preferred(self, start: int, end: int) -> Iterator[int]:
        """Places for a cut, the best one first."""
        text = self._text
        if text[end] == "\n":
            yield end
        middle = start + (end - start) // 2
        for mark in ("\n\n", "\n"):
            found = text.rfind(mark, middle, end)
            if found > start:
                yield found
        for match in reversed(list(_SENTENCE.finditer(text, middle, end))):
            yield self._whole(start, match.end())
        if text[end] in _SPACES:
            yield end
        # A lone space far before a long run without any (Chinese, an address) is no better than the run's middle.
        for match in reversed(list(_SPACE.finditer(text, start + (end - start) // 4 + 1, end))):
            yield match.start()
        yield self._whole(start, end)

    def _whole(self, start: int, end: int) -> int:
        """``end``, or as much before it as keeps a visible character whole; a single one that is too long is cut."""
        cut = end
        while cut > start and not boundary(self._text, cut):
            cut -= 1
        return cut if cut > start else end
