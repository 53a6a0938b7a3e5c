"""Markdown as Discord shows it: nearly the same, without tables and pictures."""

from __future__ import annotations

import re
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

_MARKS: dict[type[Inline], str] = {Strong: "**", Emphasis: "*", Strike: "~~"}
_SPECIAL = re.compile(r"([\\*_~`|\[\]<>])")
_AT_START = re.compile(r"^(\s*)([#>-]|\d+\.)(?=\s)", re.MULTILINE)
_ADDRESS = re.compile(r"https?://\S+")
_LOWEST = 3


def written(text: str) -> str:
    """A Markdown text in Discord's."""
    return _blocks(parse(text))


def verbatim(text: str) -> str:
    """A text that is shown as it is."""
    return _AT_START.sub(r"\1\\\2", _escaped(text))


def _escaped(text: str) -> str:
    """Without marks, but for addresses, in which a backslash would stay."""
    found, at = [], 0
    for address in _ADDRESS.finditer(text):
        found += [_SPECIAL.sub(r"\\\1", text[at : address.start()]), address[0]]
        at = address.end()
    return "".join((*found, _SPECIAL.sub(r"\\\1", text[at:])))


def _blocks(blocks: Sequence[Block]) -> str:
    return "\n\n".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Paragraph(children):
            return _line(children)
        case Heading(level, children):
            return f"{'#' * min(level, _LOWEST)} {_line(children)}"
        case CodeBlock(text, language):
            return f"```{language}\n{text}\n```"
        case Quoted(blocks):
            return "\n".join(f"> {line}".rstrip() for line in _blocks(blocks).split("\n"))
        case Listing():
            return _listing(block)
        case Table():
            return f"```\n{plain([block])}\n```"
        case Rule():
            return "———"


def _listing(block: Listing) -> str:
    items = []
    for number, item in enumerate(block.items, block.start or 0):
        mark = "- " if block.start is None else f"{number}. "
        lines = ("\n" if block.tight else "\n\n").join(map(_block, item))
        items.append(mark + lines.replace("\n", f"\n{' ' * len(mark)}"))
    return ("\n" if block.tight else "\n\n").join(items)


def _line(children: Sequence[Inline]) -> str:
    return "".join(map(_inline, children))


def _inline(child: Inline) -> str:
    match child:
        case Words(text):
            return _escaped(text)
        case Code(text):
            return f"``{text}``" if "`" in text else f"`{text}`"
        case Break():
            return "\n"
        case Strong(children) | Emphasis(children) | Strike(children):
            mark = _MARKS[type(child)]
            return f"{mark}{_line(children)}{mark}"
        case Anchor(url, children):
            inside = _line(children)
            return url if inside in ("", url) else f"[{inside}]({url})"
        case Picture(url, alt):
            return " ".join(filter(None, ("🖼", _escaped(alt), url)))
