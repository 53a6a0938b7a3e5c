"""Cutting a long text into pictures of a good length: between blocks where that is possible, within them where not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.markup.tree import (
    Anchor,
    Block,
    Break,
    Code,
    CodeBlock,
    Emphasis,
    FormulaBlock,
    Heading,
    Inline,
    Listing,
    Paragraph,
    Picture,
    Quoted,
    Rule,
    Strike,
    Strong,
    Table,
    Words,
)
from hubbub.rendering.literals import wide

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_AROUND = 0.3
"""Lines of space around a block."""
_FORMULA = 2.5
_CELL = 1.35
_CODE = 0.82
"""Width of a letter of code, in letters."""
_CODE_LINE = 0.74
_TITLE_LINE = 2.0
_ROW_LINE = 0.78


class Pager:
    """Measures in lines of ``columns`` narrow letters; a picture shall have ``most`` lines."""

    def __init__(self, columns: int, most: int) -> None:
        self._columns = max(columns, 10)
        self._most = max(most, 10)

    def pages(self, blocks: Sequence[Block]) -> list[list[Block]]:
        """The blocks by picture; at least one, which may be empty."""
        pages: list[list[Block]] = [[]]
        filled = 0.0
        for block in self._small(blocks):
            height = self._height(block, self._columns)
            if pages[-1] and filled + height > self._most:
                # A title stays with what it stands over.
                title = [pages[-1].pop()] if isinstance(pages[-1][-1], Heading) and len(pages[-1]) > 1 else []
                pages.append(title)
                filled = sum(self._height(each, self._columns) for each in title)
            pages[-1].append(block)
            filled += height
        return pages

    def lines(self, pages: Sequence[Sequence[Block]]) -> float:
        """How high all of them are."""
        return sum(self._height(block, self._columns) for page in pages for block in page)

    # --- height ------------------------------------------------------------------------------------------------------

    def _height(self, block: Block, columns: int) -> float:
        match block:
            case Paragraph() | Heading():
                return _said(block, columns)
            case FormulaBlock(text):
                return _FORMULA + text.count("\\\\") * _CELL
            case CodeBlock(text):
                return _lines(text, int(columns / _CODE) - 4) * _CODE_LINE + 1.5
            case Quoted(blocks):
                return sum(self._height(each, columns - 4) for each in blocks) + _AROUND
            case Listing(items, _, tight):
                inside = sum(self._height(each, columns - 4) for item in items for each in item)
                return inside - (_AROUND * len(items) if tight else 0) + _AROUND
            case Table():
                return sum(self._row(row, columns) for row in (block.header, *block.rows)) + _AROUND
            case Rule():
                return 1.5

    @staticmethod
    def _row(row: Sequence[Sequence[Inline]], columns: int) -> float:
        width = max(columns // max(len(row), 1), 3)
        return max((_lines(_text(cell), width) for cell in row), default=1) * _ROW_LINE + 0.35

    # --- what is too high --------------------------------------------------------------------------------------------

    def _small(self, blocks: Sequence[Block]) -> Iterator[Block]:
        """The blocks, those higher than a picture in pieces."""
        for block in blocks:
            if self._height(block, self._columns) <= self._most:
                yield block
            else:
                yield from self._pieces(block)

    def _pieces(self, block: Block) -> Iterator[Block]:
        match block:
            case FormulaBlock():
                yield block
            case CodeBlock():
                yield from self._code(block)
            case Table():
                yield from self._table(block)
            case Listing():
                yield from self._listing(block)
            case Quoted(blocks):
                inner = Pager(self._columns - 4, self._most)
                yield from (Quoted(tuple(page)) for page in inner.pages(blocks))
            case Paragraph(children):
                yield from (Paragraph(tuple(part)) for part in self._cut(children))
            case _:
                yield block

    def _code(self, block: CodeBlock) -> Iterator[Block]:
        lines: list[str] = []
        filled, most = 0.0, self._most * 0.9
        for line in _chunks(block.text.split("\n"), int(self._columns * most)):
            height = _lines(line, int(self._columns / _CODE) - 4) * _CODE_LINE
            if lines and filled + height > most:
                yield replace(block, text="\n".join(lines))
                lines, filled = [], 0.0
            lines.append(line)
            filled += height
        yield replace(block, text="\n".join(lines))

    def _table(self, block: Table) -> Iterator[Block]:
        rows: list[tuple[tuple[Inline, ...], ...]] = []
        head = filled = self._row(block.header, self._columns)
        for row in block.rows:
            height = self._row(row, self._columns)
            if rows and filled + height > self._most:
                yield replace(block, rows=tuple(rows))
                rows, filled = [], head
            rows.append(row)
            filled += height
        yield replace(block, rows=tuple(rows))

    def _listing(self, block: Listing) -> Iterator[Block]:
        inner = Pager(self._columns - 4, self._most)
        items: list[tuple[Block, ...]] = []
        number, filled = block.start, 0.0
        for item in block.items:
            for page in inner.pages(item):
                height = sum(self._height(each, self._columns - 4) for each in page) - (_AROUND if block.tight else 0)
                if items and filled + height > self._most:
                    yield replace(block, items=tuple(items), start=number)
                    number = None if number is None else number + len(items)
                    items, filled = [], 0.0
                items.append(tuple(page))
                filled += height
        yield replace(block, items=tuple(items), start=number)

    def _cut(self, children: Sequence[Inline]) -> Iterator[list[Inline]]:
        part: list[Inline] = []
        filled = 0.0
        for child in children:
            for piece in self._worded(child):
                height = _lines(_text((piece,)), self._columns) if not isinstance(piece, Break) else 0.5
                if part and filled + height > self._most:
                    yield part
                    part, filled = [], 0.0
                part.append(piece)
                filled += height
        yield part

    def _worded(self, child: Inline) -> Iterator[Inline]:
        """Long words of a paragraph in pieces of a quarter of a picture."""
        if type(child) is not Words:
            yield child
            return
        yield from (Words(piece) for piece in _chunks([child.text], self._columns * self._most // 8))


def _said(block: Paragraph | Heading, columns: int) -> float:
    if isinstance(block, Heading):
        return _lines(_text(block.children), int(columns / _CELL)) * _TITLE_LINE
    return _lines(_text(block.children), columns) + _AROUND


def _chunks(texts: Sequence[str], longest: int) -> Iterator[str]:
    """The texts, long ones in pieces that end behind a blank or a full stop where there is one."""
    for text in texts:
        begin = 0
        while len(text) - begin > longest:
            end = begin + longest
            cut = max(text.rfind(sign, begin + longest // 2, end) for sign in (" ", "。", "，", "\n")) + 1 or end
            yield text[begin:cut]
            begin = cut
        yield text[begin:]


def _lines(text: str, columns: int) -> int:
    return sum(1 + max(wide(line) - 1, 0) // max(columns, 1) for line in text.split("\n"))


def _text(children: Sequence[Inline]) -> str:
    """What a line says, to be measured."""
    return "".join(map(_piece, children))


def _piece(child: Inline) -> str:
    match child:
        case Words(text) | Code(text) | Picture(_, text):
            return text
        case Break():
            return "\n"
        case Strong(inside) | Emphasis(inside) | Strike(inside) | Anchor(_, inside):
            return _text(inside)
