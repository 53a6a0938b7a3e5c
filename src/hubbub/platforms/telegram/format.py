"""Markdown as the HTML that Telegram shows (Bot API, "HTML style")."""

from __future__ import annotations

import re
from html import escape
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

_LINK = re.compile(r"(?:https?://|mailto:|tg://)\S+", re.IGNORECASE)
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
_TAGS: dict[type[Inline], str] = {Strong: "b", Emphasis: "i", Strike: "s"}
_INDENT = "  "


def html(text: str) -> str:
    """A Markdown text as Telegram's HTML."""
    return _blocks(parse(text))


def _blocks(blocks: Sequence[Block]) -> str:
    return "\n\n".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Paragraph(children):
            return _line(children)
        case Heading(_, children):
            return f"<b>{_line(children)}</b>"
        case CodeBlock():
            return _code(block)
        case Quoted(blocks):
            # Quotes do not nest in Telegram: an inner one loses its frame.
            return f"<blockquote>{_unquoted(blocks)}</blockquote>"
        case Listing():
            return _listing(block)
        case Table():
            return f"<pre>{escape(plain([block]), quote=False)}</pre>"
        case Rule():
            return "———"


def _unquoted(blocks: Sequence[Block]) -> str:
    return "\n\n".join(_unquoted(each.blocks) if isinstance(each, Quoted) else _block(each) for each in blocks)


def _code(block: CodeBlock) -> str:
    text = escape(block.text, quote=False)
    if _LANGUAGE.fullmatch(block.language):
        return f'<pre><code class="language-{escape(block.language)}">{text}</code></pre>'
    return f"<pre>{text}</pre>"


def _listing(block: Listing) -> str:
    items = []
    for number, item in enumerate(block.items, block.start or 0):
        mark = "• " if block.start is None else f"{number}. "
        lines = ("\n" if block.tight else "\n\n").join(map(_block, item))
        items.append(mark + lines.replace("\n", f"\n{_INDENT}"))
    return ("\n" if block.tight else "\n\n").join(items)


def _line(children: Sequence[Inline]) -> str:
    return "".join(map(_inline, children))


def _inline(child: Inline) -> str:
    match child:
        case Words(text):
            return escape(text, quote=False)
        case Code(text):
            return f"<code>{escape(text, quote=False)}</code>"
        case Break():
            return "\n"
        case Strong(children) | Emphasis(children) | Strike(children):
            tag = _TAGS[type(child)]
            return f"<{tag}>{_line(children)}</{tag}>"
        case Anchor(url, children):
            return _anchor(url, _line(children))
        case Picture(url, alt):
            return _anchor(url, f"🖼 {escape(alt, quote=False)}".rstrip())


def _anchor(url: str, inside: str) -> str:
    if not _LINK.fullmatch(url):
        return inside
    return f'<a href="{escape(url)}">{inside or escape(url, quote=False)}</a>'
