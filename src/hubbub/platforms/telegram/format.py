"""Markdown as the HTML that Telegram shows (Bot API, "HTML style")."""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, ClassVar, Final

from typing_extensions import override

from hubbub.markup.dialect import Dialect
from hubbub.markup.tree import Block, CodeBlock, Emphasis, Inline, Quoted, Strike, Strong

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LINK = re.compile(r"(?:https?://|mailto:|tg://)\S+", re.IGNORECASE)
_LANGUAGE = re.compile(r"[\w+#.-]{1,30}")


class TelegramDialect(Dialect):
    """Tags for what it has them for, lists by signs."""

    bullet: ClassVar[str] = "• "
    marks: ClassVar[Mapping[type[Inline], str]] = {Strong: "b", Emphasis: "i", Strike: "s"}

    @override
    def words(self, text: str) -> str:
        return escape(text, quote=False)

    @override
    def code(self, text: str) -> str:
        return f"<code>{escape(text, quote=False)}</code>"

    @override
    def marked(self, mark: str, inside: str) -> str:
        return f"<{mark}>{inside}</{mark}>"

    @override
    def code_block(self, block: CodeBlock) -> str:
        text = escape(block.text, quote=False)
        if _LANGUAGE.fullmatch(block.language):
            return f'<pre><code class="language-{escape(block.language)}">{text}</code></pre>'
        return f"<pre>{text}</pre>"

    @override
    def quoted(self, block: Quoted) -> str:
        """Quotes do not nest in Telegram: an inner one loses its frame."""
        return f"<blockquote>{self._unquoted(block.blocks)}</blockquote>"

    def _unquoted(self, blocks: Sequence[Block]) -> str:
        inner = (self._unquoted(each.blocks) if isinstance(each, Quoted) else self.block(each) for each in blocks)
        return "\n\n".join(inner)

    @override
    def anchor(self, url: str, inside: str) -> str:
        if not _LINK.fullmatch(url):
            return inside
        return f'<a href="{escape(url)}">{inside or escape(url, quote=False)}</a>'

    @override
    def picture(self, url: str, alt: str) -> str:
        return self.anchor(url, f"🖼 {escape(alt, quote=False)}".rstrip())


DIALECT: Final = TelegramDialect()
