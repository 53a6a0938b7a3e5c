r"""Formulas in a text, as MathML: TeX between dollar signs, or in ``\(...\)`` and ``\[...\]``.

They are taken out before the text is read as Markdown, whose signs mean other things in them, and put back where the
text is written. What is in code goes back as it was. The converter's own text form does not escape what it was given,
so its tree is written here, with the elements and attributes that are known to be harmless.
"""

from __future__ import annotations

import re
from collections import deque
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

from latex2mathml import converter, exceptions

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LONGEST = 2_000
MOST = 500
_DEEPEST = 60
_FENCE = 3

_SIGN = re.compile(r"\\[^A-Za-z]|`+|\$\$?")
_CLOSING = {"$$": "$$", "\\[": "\\]", "\\(": "\\)"}
_DISPLAYED = ("$$", "\\[")
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_FUNCTION = re.compile("[A-Za-z]{2,8}")
_WORDS = re.compile(r"\w+")
_TAGS = frozenset(
    _WORDS.findall(
        "math mrow mi mn mo mtext mspace ms mfrac msqrt mroot mstyle merror mpadded mphantom mfenced menclose msub msup"
        " msubsup munder mover munderover mmultiscripts mtable mtr mtd"
    )
)
_ATTRIBUTES = frozenset(
    _WORDS.findall(
        "xmlns display mathvariant stretchy fence form separator lspace rspace displaystyle scriptlevel columnalign"
        " columnspacing rowspacing columnlines rowlines frame linethickness width height depth voffset mathsize minsize"
        " maxsize movablelimits accent accentunder largeop symmetric notation open close separators"
    )
)
_FAULTS: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    StopIteration,
    RuntimeError,
    *(each for each in vars(exceptions).values() if isinstance(each, type) and issubclass(each, Exception)),
)


class Formulas:
    """The formulas of one text."""

    def __init__(self) -> None:
        """None yet."""
        self._found: list[tuple[str, str, bool]] = []

    def take_out(self, text: str) -> str:
        """The text with a mark for each formula."""
        text = text.replace(_OPEN, "").replace(_CLOSE, "")
        ticks = _Ticks(text)
        parts: list[str] = []
        done = 0
        for sign in _SIGN.finditer(text):
            start = sign.start()
            if start < done or len(self._found) >= MOST:
                continue
            if sign[0][0] == "`":
                end = ticks.closing(start, len(sign[0]))
                parts.append(text[done:end])
                done = end
            elif end := _end(text, start, sign[0]):
                parts += (text[done:start], self._mark(text[start:end], sign[0]))
                done = end
        return "".join((*parts, text[done:]))

    def words(self, text: str) -> str:
        """HTML of a piece of the marked text."""
        parts = _MARK.split(text)
        return "".join(self._written(int(part)) if index % 2 else escape(part) for index, part in enumerate(parts))

    def source(self, text: str) -> str:
        """A piece of the marked text as it was."""
        return _MARK.sub(lambda found: self._source(int(found[1])), text)

    def _mark(self, source: str, sign: str) -> str:
        closing = _CLOSING.get(sign, sign)
        self._found.append((source, source[len(sign) : -len(closing)].strip(), sign in _DISPLAYED))
        return f"{_OPEN}{len(self._found) - 1}{_CLOSE}"

    def _written(self, number: int) -> str:
        if number >= len(self._found):
            return ""
        source, tex, display = self._found[number]
        return mathml(tex, display=display) or f"<code>{escape(source)}</code>"

    def _source(self, number: int) -> str:
        return self._found[number][0] if number < len(self._found) else ""


class _Ticks:
    """Where the pieces of code of a text end."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._runs: dict[int, deque[int]] = {}
        for run in re.finditer("`+", text):
            self._runs.setdefault(len(run[0]), deque()).append(run.start())

    def closing(self, start: int, length: int) -> int:
        """The end of the code that begins at ``start``; asked in the order of the text."""
        runs = self._runs[length]
        while runs and runs[0] <= start:
            runs.popleft()
        if runs:
            return runs[0] + length
        # A block of code that is still being written has no end yet.
        fence = length >= _FENCE and not self._text[:start].rpartition("\n")[2].strip()
        return len(self._text) if fence else start + length


def _end(text: str, start: int, sign: str) -> int:
    """Where the formula ends that begins with this sign; 0 if none does."""
    inside = start + len(sign)
    if sign == "$":
        return _inline_end(text, start)
    closing = _CLOSING.get(sign)
    if closing is None:
        return 0
    found = text.find(closing, inside, inside + LONGEST)
    return found + len(closing) if found > inside and text[inside:found].strip() else 0


def _inline_end(text: str, start: int) -> int:
    """A lone dollar sign is money more often than not: no blank inside of the signs, no digit behind, one line."""
    inside = start + 1
    if text[inside : inside + 1].isspace() or text[start - 1 : start].isalnum():
        return 0
    line = text.find("\n", inside, inside + LONGEST)
    found = text.find("$", inside, line if line >= 0 else inside + LONGEST)
    if found <= inside or text[found - 1].isspace() or text[found - 1] == "\\" or text[found + 1 : found + 2].isdigit():
        return 0
    return found + 1


@lru_cache(maxsize=512)
def mathml(tex: str, *, display: bool) -> str:
    """A formula as MathML; "" where the converter does not understand it. Remembered: streams write it many times."""
    try:
        tree = converter.convert_to_element(tex, display="block" if display else "inline")
        return _element(tree, 0)
    except _FAULTS:
        return ""


def _element(element: Element, depth: int) -> str:
    if depth > _DEEPEST:
        msg = "nested too deeply"
        raise ValueError(msg)
    if element.tag == "mi" and _FUNCTION.fullmatch(element.text or ""):
        return f'<mo lspace="0.17em" rspace="0.17em">{element.text}</mo>'  # else "log" sticks to its neighbours
    tag = element.tag if element.tag in _TAGS else "mrow"
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in element.attrib.items() if name in _ATTRIBUTES)
    inside = "".join(_element(child, depth + 1) + escape(child.tail or "") for child in element)
    return f"<{tag}{attributes}>{_text(element.text)}{inside}</{tag}>"


def _text(text: str | None) -> str:
    """The converter writes signs as character references, and other text as it was given."""
    return re.sub(r"&amp;(#x[0-9A-Fa-f]{1,6};)", r"&\1", escape(text or ""))
