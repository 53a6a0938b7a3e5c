"""Markdown as WhatsApp writes it: *bold*, _italic_, ~struck out~, `code`, lists and quotes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from typing_extensions import override

from hubbub.markup.dialect import Dialect
from hubbub.markup.tree import CodeBlock, Emphasis, Heading, Inline, Paragraph, Strike, Strong
from hubbub.markup.writer import write as plain

if TYPE_CHECKING:
    from collections.abc import Mapping


class WhatsAppDialect(Dialect):
    """A mark holds within one line, and beside no space, only."""

    marks: ClassVar[Mapping[type[Inline], str]] = {Strong: "*", Emphasis: "_", Strike: "~"}

    @override
    def heading(self, block: Heading) -> str:
        return f"*{plain([Paragraph(block.children)])}*"

    @override
    def code_block(self, block: CodeBlock) -> str:
        return f"```{block.text}```"

    @override
    def marked(self, mark: str, inside: str) -> str:
        lines = inside.split("\n")
        return "\n".join(f"{mark}{line}{mark}" if line and line.strip() == line else line for line in lines)


DIALECT: Final = WhatsAppDialect()
