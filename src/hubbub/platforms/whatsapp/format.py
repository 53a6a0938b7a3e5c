"""Markdown as WhatsApp writes it: *bold*, _italic_, ~struck out~, `code`, lists and quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.markup.parse import parse
from hubbub.markup.tree import (
    Anchor,
    Block,
    Break,
    Code,
    CodeBlock,
    Emphasis,
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
from hubbub.markup.writer import write as plain

if TYPE_CHECKING:
    from collections.abc import Sequence

_MARKS: dict[type[Inline], str] = {Strong: "*", Emphasis: "_", Strike: "~"}


def written(text: str) -> str:
    """A Markdown text in WhatsApp's marks."""
    return _blocks(parse(text))


def _blocks(blocks: Sequence[Block]) -> str:
    return "\n\n".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Paragraph(children):
            return _line(children)
        case Heading(_, children):
            return f"*{plain([Paragraph(children)])}*"
        case CodeBlock(text):
            return f"```{text}```"
        case Quoted(blocks):
            return "\n".join(f"> {line}".rstrip() for line in _blocks(blocks).split("\n"))
        case Listing():
            return _listing(block)
        case Table():
            return f"```{plain([block])}```"
        case Rule():
            return "———"


def _listing(block: Listing) -> str:
    items = []
    for number, item in enumerate(block.items, block.start or 0):
        mark = "- " if block.start is None else f"{number}. "
        lines = ("\n" if block.tight else "\n\n").join(map(_block, item))
        items.append(mark + lines.replace("\n", "\n  "))
    return ("\n" if block.tight else "\n\n").join(items)


def _line(children: Sequence[Inline]) -> str:
    return "".join(map(_inline, children))


def _inline(child: Inline) -> str:
    match child:
        case Words(text):
            return text
        case Code(text):
            return f"`{text}`"
        case Break():
            return "\n"
        case Strong(children) | Emphasis(children) | Strike(children):
            return _marked(_MARKS[type(child)], _line(children))
        case Anchor(url, children):
            inside = _line(children)
            return url if inside in ("", url) else f"{inside} ({url})"
        case Picture(url, alt):
            return " ".join(filter(None, ("🖼", alt, url)))


def _marked(mark: str, inside: str) -> str:
    """A mark holds within one line and beside no space only."""
    return "\n".join(f"{mark}{line}{mark}" if line.strip() == line and line else line for line in inside.split("\n"))
