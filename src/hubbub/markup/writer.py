"""The typed tree as plain text that is good to read where nothing can be formatted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hubbub.markup.tree import (
    Anchor,
    Block,
    Break,
    Code,
    CodeBlock,
    Heading,
    Inline,
    Listing,
    Paragraph,
    Picture,
    Quoted,
    Rule,
    Strike,
    Table,
    Words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE_INSIDE = re.compile(r"\n(?=[^\n])")


def write(blocks: Sequence[Block]) -> str:
    """Plain text of a tree, without a newline at its end."""
    parts: list[str] = []
    before: Block | None = None
    for block in blocks:
        if before is not None:
            parts.append("\n" if isinstance(before, Heading) else "\n\n")
        parts.append(_block(block))
        before = block
    return "".join(parts)


def _block(block: Block) -> str:
    match block:
        case Paragraph(children) | Heading(_, children):
            return _line(children)
        case CodeBlock(text):
            return text
        case Quoted(blocks):
            return "\n".join(f"> {line}".rstrip() for line in write(blocks).split("\n"))
        case Listing():
            return _listing(block)
        case Table(header, rows):
            return "\n".join(" | ".join(_line(cell) for cell in row) for row in (header, *rows))
        case Rule():
            return "---"


def _listing(block: Listing) -> str:
    items: list[str] = []
    for number, item in enumerate(block.items, block.start or 0):
        mark = "- " if block.start is None else f"{number}. "
        text = "\n".join(map(_block, item)) if block.tight else write(item)
        items.append(mark + _LINE_INSIDE.sub("\n" + " " * len(mark), text))
    return ("\n" if block.tight else "\n\n").join(items)


def _line(children: Sequence[Inline]) -> str:
    return "".join(map(_inline, children))


def _inline(child: Inline) -> str:
    match child:
        case Words(text) | Code(text):
            return text
        case Break():
            return "\n"
        case Strike(children):
            # Without the marks it would say the contrary of what is meant.
            return f"~~{_line(children)}~~"
        case Anchor(url, children):
            text = _line(children)
            return text if _shown(text, url) else f"{text} ({url})"
        case Picture(url, alt):
            return f"{alt} ({url})" if alt else url
        case _:
            return _line(child.children)


def _shown(text: str, url: str) -> bool:
    """The words of a link show its address already."""
    return not url or url in (text, f"mailto:{text}", f"http://{text}", f"https://{text}")
