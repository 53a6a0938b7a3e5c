"""What typst is given for a picture or a document, made of a `Job`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hubbub.markup.rich import read
from hubbub.rendering.colours import code_theme
from hubbub.rendering.emoji import COLOURED, runs
from hubbub.rendering.formulas import mathematics
from hubbub.rendering.literals import literal
from hubbub.rendering.paging import Pager
from hubbub.rendering.writer import TypstWriter, formula_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hubbub.markup.tree import Block

_TEMPLATES: Final = Path(__file__).parent / "templates"
# Points of typst in a pixel of a screen.
_POINT = 0.75
_AROUND = 80
"""Pixels left and right of the text."""
_LETTER = 0.52
"""Width of a narrow letter in its height."""
_LINE = 1.45
_TOLERANCE = 1.35
"""How much higher a page may become than it was measured."""
_FEW = 8
_DOCUMENT_SIZE = 10.5
_DOCUMENT_COLUMNS = 90
# Kinds of pictures by how they begin in base64.
_KINDS: Final = {"/9j/": "image/jpeg", "R0lGOD": "image/gif", "UklGR": "image/webp"}
_FRAME: Final = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><image href="{url}" width="100" height="100"'
    ' preserveAspectRatio="xMidYMid slice"/></svg>'
)
_KANA = re.compile("[\u3041-\u30ff\uff66-\uff9f]")
_HANGUL = re.compile("[\uac00-\ud7a3]")
_HAN = re.compile("[\u4e00-\u9fff]")


# typst 0.15 falls over some texts that are turned, or broken into lines quickly, or have letters that no font here has
# and that are written from right to left. A job that is ``plain`` is without all that.
_QUICKLY, _PLAINLY = "simple", "optimized"
_RARE = re.compile("[\u0700-\u08ff\u0980-\u0dff\u0e80-\u109f\u1200-\u1cff\U00010000-\U0001cfff\U0001e000-\U0001efff]")
_UNKNOWN = "\ufffd"


class TooLong(Exception):
    """A text would become more pictures than are made of one."""


@dataclass(frozen=True, slots=True)
class Source:
    """``code`` is the whole document; ``formulas`` are those in it. ``scale``: dots a pixel, for pictures."""

    code: bytes
    formulas: tuple[str, ...]
    scale: float = 1.0


def picture(job: Mapping[str, Any], bad: frozenset[str] = frozenset()) -> Source:
    """A reply as one page or more. Raises TooLong."""
    width, size = int(job["width"]), float(job["size"])
    columns = int((width - _AROUND) / (size * _LETTER))
    pager, pages = _paged(job, columns)
    if len(pages) > job["most"]:
        msg = f"{len(pages)} pictures"
        raise TooLong(msg)
    writer = TypstWriter(bad, columns, turns=not job.get("plain"))
    sheets = [_sheet(writer.write(page), job if not number else {}) for number, page in enumerate(pages)]
    body = "\n#pagebreak()\n".join(sheets)
    head = _head(job, job["text"], size * _POINT) + _template("marks") + _template("formula")
    dots = width * pager.lines(pages) * size * _LINE
    scale = min(float(job["scale"]), max(1.0, math.sqrt(job["dots"] / max(dots, 1))))
    return Source((head + _template("picture") + body).encode(), tuple(writer.formulas), scale)


def _text(text: str, job: Mapping[str, Any]) -> str:
    return _RARE.sub(_UNKNOWN, text) if job.get("plain") else text


def _paged(job: Mapping[str, Any], columns: int) -> tuple[Pager, list[list[Block]]]:
    """What stands on which page: no page higher than what the room likes, where that makes few of them."""
    blocks, line = read(_text(job["text"], job)), float(job["size"]) * _LINE
    liked = job.get("side", 0) / (float(job["scale"]) * _TOLERANCE)
    if 0 < liked < job["height"]:
        pager = Pager(columns, int(liked / line))
        pages = pager.pages(blocks)
        if len(pages) <= _FEW:
            return pager, pages
    pager = Pager(columns, int(job["height"] / line))
    return pager, pager.pages(blocks)


def _sheet(code: str, job: Mapping[str, Any]) -> str:
    found = job.get("card")
    card = ""
    if found:
        avatar = f"bytes({literal(_framed(found['avatar']))})" if found.get("avatar") else "none"
        fields = ", ".join(_said(found.get(key, "")) for key in ("title", "author", "time", "model"))
        card = f"card({fields}, {avatar})\n"
    chart = f"\n{_chart(job['chart'])}" if job.get("chart") else ""
    return f"#sheet({{\n{card}{code}{chart}\n}})"


def _chart(chart: Mapping[str, Any]) -> str:
    values = "".join(f"{int(value)}, " for value in chart["values"])
    marks, lines = (
        "".join(f"({int(at)}, {literal(label)}), " for at, label in chart[key]) for key in ("marks", "lines")
    )
    return f"chart(({values}), ({marks}), ({lines}))"


def _framed(avatar: str) -> str:
    """A picture, in base64, as SVG: typst reads that many times as quickly as an array of bytes."""
    kind = next((mime for begin, mime in _KINDS.items() if avatar.startswith(begin)), "image/png")
    return _FRAME.format(url=f"data:{kind};base64,{avatar}")


def document(job: Mapping[str, Any], bad: frozenset[str] = frozenset()) -> Source:
    """Conversations as pages to print."""
    writer = TypstWriter(bad, _DOCUMENT_COLUMNS, turns=not job.get("plain"))
    parts = job["parts"]
    lines = " + linebreak() + ".join(map(_said, job["lines"])) or '""'
    code = [f"#cover({_said(job['title'])}, {lines})"]
    if len(parts) > 1:
        code.append("#contents")
    for part in parts:
        level = 1
        if len(parts) > 1:
            code.append(f"#part({_said(part['title'])})")
            level = 2
        code += [_turn({**turn, "text": _text(turn["text"], job)}, level, writer) for turn in part["turns"]]
    sample = "".join(turn["text"][:2000] for part in parts for turn in part["turns"][:20])
    head = _head(job, sample, _DOCUMENT_SIZE) + _template("marks") + _template("formula") + _template("document")
    named = f"#set document(title: {literal(job['title'])})\n"
    return Source((head + named + "\n".join(code)).encode(), tuple(writer.formulas))


def _turn(turn: Mapping[str, Any], level: int, writer: TypstWriter) -> str:
    body = writer.write(read(turn["text"]))
    when = f"  ·  {turn['when']}" if turn["when"] else ""
    return f"#turn({literal(turn['kind'])}, {level}, {_said(turn['who'])}, {literal(when)}, {{\n{body}\n}})"


def _said(text: str) -> str:
    """A short text with its emoji, as content."""
    pieces = [f"e({literal(piece)})" if emoji else literal(piece) for piece, emoji in runs(text) if piece]
    return "{" + ("; ".join(pieces) or '""') + "}" if len(pieces) != 1 else pieces[0]


def _head(job: Mapping[str, Any], text: str, size: float) -> str:
    """What the templates know of the job: `look`."""
    theme = job["theme"]
    language, font = _script(text)
    return (
        f'#let look = (size: {size:.2f}, width: {job.get("width", 0) * _POINT:.1f}, lang: "{language}",'
        f' breaks: "{_PLAINLY if job.get("plain") else _QUICKLY}",'
        f' fonts: ("{font}",), {_theme(theme["dark"], tuple(theme["colours"].items()))})\n'
    )


@lru_cache(maxsize=32)
def _theme(dark: bool, colours: tuple[tuple[str, str], ...]) -> str:  # noqa: FBT001 - as the theme's file has it
    given = ", ".join(f"{literal(key.replace('_', '-'))}: {literal(value)}" for key, value in colours)
    return f"emoji: {literal(COLOURED)}, theme: ({given}), code-theme: {literal(code_theme(dark=dark))}"


def _script(text: str) -> tuple[str, str]:
    """The language whose forms of Chinese characters are meant, and the font that has them."""
    if _KANA.search(text):
        return "ja", "Noto Sans CJK JP"
    if _HANGUL.search(text):
        return "ko", "Noto Sans CJK KR"
    return ("zh" if _HAN.search(text) else "en"), "Noto Sans CJK SC"


@cache
def _template(name: str) -> str:
    return (_TEMPLATES / f"{name}.typ").read_text(encoding="utf-8")


def prepare() -> None:
    """Read the templates that a picture does not need."""
    _template("document")


def checks(formulas: Sequence[str]) -> list[tuple[str, bytes]]:
    """Each formula with a document of its own, to see which can be set."""
    head = "#set page(width: 400pt, height: auto)\n#let paint = (text: black)\n" + _template("formula")
    found = []
    for latex in dict.fromkeys(formulas):
        code = formula_code(mathematics(latex) or "", display=False)
        found.append((latex, f"{head}#{code}".encode()))
    return found
