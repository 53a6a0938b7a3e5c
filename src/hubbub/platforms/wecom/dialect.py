"""WeCom's Markdown, written from the tree: titles, bold, links, code within a line and quotes; the rest is plain.

https://developer.work.weixin.qq.com/document/path/90236 lists what its app shows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

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
    Strong,
    Table,
    Words,
)

_LINE_INSIDE = re.compile(r"\n(?=[^\n])")


def write(blocks: Sequence[Block]) -> str:
    """The text of a message, without a newline at its end."""
    return "\n\n".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Paragraph(children):
            return _line(children)
        case Heading(level, children):
            return f"{'#' * level} {_line(children)}"
        case CodeBlock(text):
            return "\n".join(map(_code, text.split("\n")))
        case Quoted(blocks):
            return "\n".join(f"> {line}".rstrip() for line in write(blocks).split("\n"))
        case Listing():
            return _listing(block)
        case Table(header, rows):
            return "\n".join(" | ".join(map(_line, row)) for row in (header, *rows))
        case Rule():
            return "---"


def _listing(block: Listing) -> str:
    items: list[str] = []
    for number, item in enumerate(block.items, block.start or 0):
        mark = "- " if block.start is None else f"{number}. "
        text = ("\n" if block.tight else "\n\n").join(map(_block, item))
        items.append(mark + _LINE_INSIDE.sub("\n" + " " * len(mark), text))
    return ("\n" if block.tight else "\n\n").join(items)


def _line(children: Sequence[Inline]) -> str:
    return "".join(map(_inline, children))


def _inline(child: Inline) -> str:
    match child:
        case Words(text):
            return text
        case Code(text):
            return _code(text)
        case Break():
            return "\n"
        case Strong(children):
            return f"**{_line(children)}**"
        case Strike(children):
            # Without the marks it would say the contrary of what is meant.
            return f"~~{_line(children)}~~"
        case Anchor(url, children):
            return f"[{_line(children)}]({url})" if url.startswith(("http://", "https://")) else _line(children)
        case Picture(url, alt):
            return f"[{alt or url}]({url})"
        case _:
            return _line(child.children)


def _code(text: str) -> str:
    return f"`{text}`" if text.strip() and "`" not in text else text
