"""The tree as typst's code: calls of what `templates/marks.typ` defines, with the text in string literals."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubbub.markup.tree import (
    Anchor,
    Block,
    Break,
    Code,
    CodeBlock,
    Emphasis,
    Formula,
    FormulaBlock,
    Heading,
    Inline,
    Listing,
    Mark,
    Paragraph,
    Picture,
    Quoted,
    Rule,
    Strike,
    Strong,
    Table,
    Words,
)
from hubbub.rendering.emoji import runs
from hubbub.rendering.formulas import mathematics
from hubbub.rendering.inlines import apart, said, trimmed
from hubbub.rendering.literals import breakable, leftward, literal, wide

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SAFE_LINK = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+", re.IGNORECASE)
_BARE_LINK = re.compile(r"https?://[^\s<>\"'，。；、）】」]+[^\s<>\"'，。；、）】」.,;:!?)\]}]", re.IGNORECASE)
_LONGEST_WORD = 36
_LONGEST_CODE = 44
_CODE_IN_A_LINE = 40
_CODE_LETTER = 0.95
"""Width of a letter of code, in narrow letters."""
_AROUND_CODE = 6
_LONGEST_SLANTED = 400
_WIDE_TABLE = 4
# Every word alone, every wide character alone: each is slanted by itself, and lines break between them.
_SLANTED = re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff\uff00-\uffef]|\s+|[^\s\u2e80-\u9fff\uac00-\ud7ff]+")
_LANGUAGE = re.compile(r"[A-Za-z0-9+#._-]{1,24}")
# Beyond it colours cost more time than they are worth.
_MOST_COLOURED = 30_000
_SAME_LANGUAGE = {
    "shell": "bash",
    "console": "bash",
    "zsh": "bash",
    "golang": "go",
    "jsx": "js",
    "mjs": "js",
    "node": "js",
    "csharp": "cs",
    "fsharp": "f#",
    "fs": "f#",
    "objc": "m",
    "objective-c": "m",
    "objectivec": "m",
    "plaintext": "",
    "text": "",
    "txt": "",
    "none": "",
    "postgresql": "sql",
    "mysql": "sql",
    "proto": "protobuf",
    "vue": "html",
    "jsonc": "json",
    "json5": "json",
}


@dataclass(slots=True)
class TypstWriter:
    """Writes typst code. ``bad``: formulas that are shown as code, because they cannot be set.

    ``columns``: how many letters a line takes. ``turns``: what is written from right to left begins at the right.
    ``formulas`` gathers those that were set.
    """

    bad: frozenset[str] = frozenset()
    columns: int = 60
    turns: bool = True
    formulas: list[str] = field(default_factory=list)
    _longest: int = _LONGEST_WORD
    _slanted: bool = False

    def write(self, blocks: Sequence[Block]) -> str:
        """The code of blocks, one behind the other."""
        return "\n".join(map(self._block, blocks))

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(children):
                # A paragraph of typst's leaves out what has a line of its own.
                name = "pd" if any(map(apart, children)) else "p"
                return self._turned(children, f"{name}({{{self._line(children)}}})")
            case Heading(level, children):
                return self._turned(children, f"h({level}, {{{self._line(children)}}})")
            case CodeBlock():
                return self._code(block)
            case Quoted(blocks):
                return f"q({{{self.write(blocks)}}})"
            case Listing(items):
                first = items[0][0] if items and items[0] else None
                begin = first.children if isinstance(first, Paragraph) else ()
                return self._turned(begin, self._listing(block))
            case Table():
                return self._table(block)
            case Rule():
                return "hr"

    def _turned(self, children: Sequence[Inline], code: str) -> str:
        """What is written from right to left begins at the right."""
        return f"lr({code})" if self.turns and leftward("".join(said(children))) else code

    def _code(self, block: CodeBlock) -> str:
        if isinstance(block, FormulaBlock) and (formula := self._formula(block.text, display=True)):
            return formula
        language = block.language.lower().strip("{}.")
        language = _SAME_LANGUAGE.get(language, language) if _LANGUAGE.fullmatch(language) else ""
        coloured = "true" if language and len(block.text) <= _MOST_COLOURED else "false"
        text = breakable(block.text.expandtabs(4), _LONGEST_CODE)
        free = int(self.columns / _CODE_LETTER) - len(language) - _AROUND_CODE
        beside = "true" if wide(text[: 2 * free].partition("\n")[0]) < free else "false"
        return f"k({literal(language)}, {literal(text)}, {coloured}, {beside})"

    def _listing(self, block: Listing) -> str:
        tight = "true" if block.tight else "false"
        items = ", ".join(f"{{{self._item(item, tight=block.tight)}}}" for item in block.items)
        if block.start is None:
            return f"ul({tight}, {items})"
        return f"ol({max(block.start, 0)}, {tight}, {items})"

    def _item(self, blocks: Sequence[Block], *, tight: bool) -> str:
        found = "\n".join(
            self._line(block.children) if tight and isinstance(block, Paragraph) else self._block(block)
            for block in blocks
        )
        return found or '""'

    def _table(self, block: Table) -> str:
        width = max(len(block.header), 1)
        size = 0.92 if width <= _WIDE_TABLE else max(0.55, 0.92 - 0.05 * (width - _WIDE_TABLE))
        before, self._longest = self._longest, max(5, int(self.columns / size / width) - 2)
        aligns = ", ".join(each if each in ("left", "center", "right") else "left" for each in _padded(block))
        head = ", ".join(f"{{{self._line(cell)}}}" if cell else '""' for cell in block.header)
        cells = ", ".join(
            f"{{{self._line(cell)}}}" if cell else '""' for row in block.rows for cell in _as_wide(row, width)
        )
        self._longest = before
        return f"t({size:.2f}, ({aligns},), ({head},), {cells})"

    # --- within a line -----------------------------------------------------------------------------------------------

    def _line(self, children: Sequence[Inline]) -> str:
        if any(type(each) is Formula and each.display for each in children):
            children = trimmed(children)
        return "; ".join(filter(None, map(self._inline, children))) or '""'

    def _inline(self, child: Inline) -> str:
        match child:
            case Words() | Code():
                return self._letters(child)
            case Break():
                return "br"
            case Strong(inside):
                return f"b({{{self._line(inside)}}})"
            case Emphasis(inside):
                return self._emphasis(inside)
            case Strike(inside):
                return f"s({{{self._line(inside)}}})"
            case Anchor():
                return self._anchor(child)
            case Picture(url, alt):
                return f"pic({{{self._plain(alt or url[:80])}}})"

    def _letters(self, child: Words | Code) -> str:
        """What is made of letters alone."""
        match child:
            case Formula(text, display):
                return self._formula(text, display=display) or self._letters(Code(text))
            case Mark(text):
                return f"n({literal(text)})"
            case Words(text):
                return self._words(text)
            case Code(text):
                # A short one has a ground of its own; a box is never broken, so a long one has none.
                name = "c" if len(text) <= min(_CODE_IN_A_LINE, self._longest) else "cl"
                return f"{name}({{{self._plain(text)}}})" if text else ""

    def _anchor(self, link: Anchor) -> str:
        words = self._line(link.children) if link.children else self._plain(link.url)
        return f"a({literal(link.url)}, {{{words}}})" if _SAFE_LINK.fullmatch(link.url) else f"u({{{words}}})"

    def _emphasis(self, inside: Sequence[Inline]) -> str:
        if self._slanted or sum(map(len, said(inside))) > _LONGEST_SLANTED:
            return f"{{{self._line(inside)}}}"
        self._slanted = True
        try:
            return f"i({', '.join(self._slants(inside))})"
        finally:
            self._slanted = False

    def _slants(self, inside: Sequence[Inline]) -> Iterator[str]:
        """Words one by one, as strings: typst slants no letters, the template does."""
        for child in inside:
            if type(child) is not Words:
                yield f"{{{self._inline(child)}}}"
                continue
            for text, emoji in runs(child.text):
                if emoji:
                    yield f"e({literal(text)})"
                else:
                    pieces = _SLANTED.findall(text)
                    yield from (f"{{{literal(each)}}}+[]" if each.isspace() else literal(each) for each in pieces)

    def _words(self, text: str) -> str:
        """Words, with the addresses in them as links."""
        if "://" not in text:
            return self._plain(text)
        parts: list[str] = []
        begin = 0
        for match in _BARE_LINK.finditer(text):
            parts += (
                self._plain(text[begin : match.start()]),
                f"a({literal(match[0])}, {{{self._plain(match[0])}}})",
            )
            begin = match.end()
        parts.append(self._plain(text[begin:]))
        return "; ".join(filter(None, parts))

    def _plain(self, text: str) -> str:
        return "; ".join(
            f"e({literal(piece)})" if emoji else literal(breakable(piece, self._longest))
            for piece, emoji in runs(text)
            if piece
        )

    def _formula(self, latex: str, *, display: bool) -> str:
        """Nothing where it has to be shown as code."""
        if latex in self.bad:
            return ""
        found = mathematics(latex)
        if not found:
            return ""
        self.formulas.append(latex)
        return formula_code(found, display=display)


def formula_code(mathematics: str, *, display: bool) -> str:
    """The call that sets a formula."""
    return f"m({literal(mathematics)}, {'true' if display else 'false'})"


def _as_wide(row: Sequence[tuple[Inline, ...]], width: int) -> Sequence[tuple[Inline, ...]]:
    return (*row[:width], *[()] * (width - len(row)))


def _padded(block: Table) -> Sequence[str]:
    width = max(len(block.header), 1)
    return (*block.alignments[:width], *[""] * (width - len(block.alignments)))
