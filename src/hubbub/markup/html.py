"""The tree as HTML that is safe to show: nothing of the text becomes markup, nothing is loaded from elsewhere.

Links lead to http, https and mail addresses only. Pictures are shown where they bring their data with them; another
address becomes a link, because loading it would tell its server who reads what.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SAFE_LINK = re.compile(r"(?:https?://|mailto:)\S+", re.IGNORECASE)
_OWN_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}")
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")
_TAGS: dict[type[Inline], str] = {Strong: "strong", Emphasis: "em", Strike: "s"}
# What a heading in a message is on a page that has titles of its own.
_HEADINGS_BELOW = 2
_LOWEST = 6


@dataclass(frozen=True, slots=True)
class HtmlWriter:
    """Writes HTML. ``words`` makes HTML of a piece of text, ``source`` gives the text that a piece of code stands for.

    ``copy`` is what the button of a code block says ("": no button), ``soft`` what a line's end within a paragraph is.
    """

    copy: str = ""
    words: Callable[[str], str] = escape
    source: Callable[[str], str] = str
    soft: str = "<br>"

    def write(self, blocks: Sequence[Block]) -> list[str]:
        """The HTML of each block."""
        return [self._block(block) for block in blocks]

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(children):
                return f"<p>{self._line(children)}</p>"
            case Heading(level, children):
                tag = f"h{min(level + _HEADINGS_BELOW, _LOWEST)}"
                return f"<{tag}>{self._line(children)}</{tag}>"
            case CodeBlock():
                return self._code(block)
            case Quoted(blocks):
                return f"<blockquote>{''.join(self.write(blocks))}</blockquote>"
            case Listing():
                return self._listing(block)
            case Table():
                return self._table(block)
            case Rule():
                return "<hr>"

    def _code(self, block: CodeBlock) -> str:
        language = block.language if _LANGUAGE.fullmatch(block.language) else ""
        button = f'<button type="button" class="copy">{escape(self.copy)}</button>' if self.copy else ""
        text = escape(self.source(block.text))
        return (
            f'<div class="code"><div class="code-head"><span>{escape(language)}</span>{button}</div>'
            f'<pre tabindex="0"><code>{text}</code></pre></div>'
        )

    def _listing(self, block: Listing) -> str:
        items = "".join(f"<li>{self._item(item, tight=block.tight)}</li>" for item in block.items)
        if block.start is None:
            return f"<ul>{items}</ul>"
        start = f' start="{block.start}"' if block.start != 1 else ""
        return f"<ol{start}>{items}</ol>"

    def _item(self, blocks: Sequence[Block], *, tight: bool) -> str:
        return "".join(
            self._line(block.children) if tight and isinstance(block, Paragraph) else self._block(block)
            for block in blocks
        )

    def _table(self, block: Table) -> str:
        kinds = [f' class="{each}"' if each in ("left", "center", "right") else "" for each in block.alignments]
        head = "".join(f"<th{kind}>{self._line(cell)}</th>" for kind, cell in zip(kinds, block.header, strict=False))
        rows = "".join(
            "<tr>"
            + "".join(f"<td{kind}>{self._line(cell)}</td>" for kind, cell in zip(kinds, row, strict=False))
            + "</tr>"
            for row in block.rows
        )
        return (
            f'<div class="table" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        )

    def _line(self, children: Sequence[Inline]) -> str:
        return "".join(map(self._inline, children))

    def _inline(self, child: Inline) -> str:
        match child:
            case Words(text):
                return self.words(text)
            case Code(text):
                return f"<code>{escape(self.source(text))}</code>"
            case Break(hard):
                return "<br>" if hard else self.soft
            case Strong(children) | Emphasis(children) | Strike(children):
                tag = _TAGS[type(child)]
                return f"<{tag}>{self._line(children)}</{tag}>"
            case Anchor(url, children):
                return self._anchor(self.source(url), self._line(children))
            case Picture(url, alt):
                return self._picture(self.source(url), self.source(alt))

    def _anchor(self, url: str, inside: str) -> str:
        if not _SAFE_LINK.fullmatch(url):
            return inside
        return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer nofollow">{inside or escape(url)}</a>'

    def _picture(self, url: str, alt: str) -> str:
        if _OWN_PICTURE.fullmatch(url):
            return f'<img src="{escape(url)}" alt="{escape(alt)}">'
        return self._anchor(url, escape(alt or url))
