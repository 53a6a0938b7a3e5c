"""Markdown (CommonMark with tables and strikethrough, no HTML) to the typed tree.

`hubbub.markup.rich` reads more of it; the tokens of both become a tree here.
"""

from __future__ import annotations

from functools import cache
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

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# The parser bounds the nesting of blocks but not that of emphasis; what is deeper is read without it.
_DEEPEST = 20
_ALIGN = "text-align:"


def parse(text: str) -> tuple[Block, ...]:
    """The blocks of a text. Any text is Markdown, so nothing is raised; nesting is bounded by the parser."""
    return tree_of(_reader().parse(text))


def tree_of(tokens: Iterable[Token]) -> tuple[Block, ...]:
    """The tree that the parser's tokens describe."""
    return tuple(_blocks(iter(tokens), ""))


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - loaded on first use

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _blocks(tokens: Iterator[Token], end: str) -> Iterator[Block]:
    """Blocks up to the token of type ``end``, which is taken too."""
    for token in tokens:
        if token.type == end:
            return
        reader = _BLOCKS.get(token.type)
        if reader is not None:
            yield reader(token, tokens)


def _paragraph(_token: Token, tokens: Iterator[Token]) -> Block:
    return Paragraph(_content(tokens, "paragraph_close"))


def _heading(token: Token, tokens: Iterator[Token]) -> Block:
    return Heading(int(token.tag[1:]), _content(tokens, "heading_close"))


def _code(token: Token, _tokens: Iterator[Token]) -> Block:
    return CodeBlock(token.content.removesuffix("\n"), token.info.strip().partition(" ")[0])


def _quoted(_token: Token, tokens: Iterator[Token]) -> Block:
    return Quoted(tuple(_blocks(tokens, "blockquote_close")))


def _rule(_token: Token, _tokens: Iterator[Token]) -> Block:
    return Rule()


def _listing(token: Token, tokens: Iterator[Token]) -> Block:
    end = token.type.replace("_open", "_close")
    start = int(token.attrs.get("start", 1)) if token.type == "ordered_list_open" else None
    items: list[tuple[Block, ...]] = []
    tight = True
    for each in tokens:
        if each.type == end:
            break
        if each.type == "list_item_open":
            inside = list(_until(tokens, "list_item_close", "list_item_open"))
            # The parser hides the paragraphs of a tight list's items.
            tight = tight and all(inner.hidden for inner in inside if inner.level == each.level + 1 and _opens(inner))
            items.append(tuple(_blocks(iter(inside), "")))
    return Listing(tuple(items), start, tight)


def _opens(token: Token) -> bool:
    return token.type == "paragraph_open"


def _until(tokens: Iterator[Token], end: str, again: str) -> Iterator[Token]:
    """Tokens before the ``end`` that belongs to what is open now."""
    depth = 1
    for token in tokens:
        depth += (token.type == again) - (token.type == end)
        if depth == 0:
            return
        yield token


def _table(_token: Token, tokens: Iterator[Token]) -> Block:
    rows: list[tuple[tuple[Inline, ...], ...]] = []
    alignments: list[str] = []
    cells: list[tuple[Inline, ...]] = []
    for token in tokens:
        if token.type == "table_close":
            break
        if token.type in ("th_open", "td_open"):
            if token.type == "th_open":
                alignments.append(str(token.attrs.get("style", "")).removeprefix(_ALIGN))
            cells.append(_content(tokens, token.type.replace("_open", "_close")))
        elif token.type == "tr_close":
            rows.append(tuple(cells))
            cells = []
    return Table(rows[0] if rows else (), tuple(rows[1:]), tuple(alignments))


def _notes(_token: Token, tokens: Iterator[Token]) -> Block:
    """Footnotes, as a numbered list."""
    items: list[tuple[Block, ...]] = []
    for token in tokens:
        if token.type == "footnote_block_close":
            break
        if token.type == "footnote_open":
            items.append(tuple(_blocks(_until(tokens, "footnote_close", "footnote_open"), "")))
    return Listing(tuple(items), 1)


def _content(tokens: Iterator[Token], end: str) -> tuple[Inline, ...]:
    """The inline content of a block up to its closing token."""
    found: tuple[Inline, ...] = ()
    for token in tokens:
        if token.type == end:
            break
        if token.children:
            found = tuple(_inlines((each for each in token.children if each.level < _DEEPEST or not each.nesting), ""))
    return found


def _inlines(tokens: Iterator[Token], end: str) -> Iterator[Inline]:
    for token in tokens:
        if token.type == end:
            return
        reader = _INLINES.get(token.type)
        if reader is not None:
            yield reader(token, tokens)
        elif token.content:
            yield Words(token.content)


def _anchor(token: Token, tokens: Iterator[Token]) -> Inline:
    return Anchor(str(token.attrs.get("href", "")), tuple(_inlines(tokens, "link_close")))


_BLOCKS: dict[str, Callable[[Token, Iterator[Token]], Block]] = {
    "paragraph_open": _paragraph,
    "heading_open": _heading,
    "fence": _code,
    "code_block": _code,
    "blockquote_open": _quoted,
    "hr": _rule,
    "bullet_list_open": _listing,
    "ordered_list_open": _listing,
    "table_open": _table,
    "formula_block": lambda token, _: FormulaBlock(token.content, "latex"),
    "footnote_block_open": _notes,
}

_INLINES: dict[str, Callable[[Token, Iterator[Token]], Inline]] = {
    "code_inline": lambda token, _: Code(token.content),
    "softbreak": lambda _token, _: Break(),
    "hardbreak": lambda _token, _: Break(hard=True),
    "strong_open": lambda _, tokens: Strong(tuple(_inlines(tokens, "strong_close"))),
    "em_open": lambda _, tokens: Emphasis(tuple(_inlines(tokens, "em_close"))),
    "s_open": lambda _, tokens: Strike(tuple(_inlines(tokens, "s_close"))),
    "link_open": _anchor,
    "formula": lambda token, _: Formula(token.content, display=bool(token.meta.get("display"))),
    "footnote_ref": lambda token, _: Mark(str(token.meta["id"] + 1)),
    "image": lambda token, _: Picture(str(token.attrs.get("src", "")), token.content),
}
