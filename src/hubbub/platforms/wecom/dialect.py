"""WeCom's Markdown, written from the tree: titles, bold, links, code within a line and quotes; the rest is plain.

https://developer.work.weixin.qq.com/document/path/90236 lists what its app shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from typing_extensions import override

from hubbub.markup.dialect import Dialect
from hubbub.markup.tree import Block, CodeBlock, Emphasis, Heading, Inline, Rule, Strike, Strong, Table

if TYPE_CHECKING:
    from collections.abc import Mapping


class WeComDialect(Dialect):
    """Emphasis is not shown; what is struck out keeps its marks, without which it would say the contrary."""

    indent: ClassVar[str] = ""
    marks: ClassVar[Mapping[type[Inline], str]] = {Strong: "**", Emphasis: "", Strike: "~~"}

    @override
    def block(self, block: Block) -> str:
        match block:
            case Table(header, rows):
                return "\n".join(" | ".join(map(self.line, row)) for row in (header, *rows))
            case Rule():
                return "---"
            case _:
                return super().block(block)

    @override
    def heading(self, block: Heading) -> str:
        return f"{'#' * block.level} {self.line(block.children)}"

    @override
    def code_block(self, block: CodeBlock) -> str:
        return "\n".join(map(self.code, block.text.split("\n")))

    @override
    def code(self, text: str) -> str:
        return f"`{text}`" if text.strip() and "`" not in text else text

    @override
    def anchor(self, url: str, inside: str) -> str:
        return f"[{inside}]({url})" if url.startswith(("http://", "https://")) else inside

    @override
    def picture(self, url: str, alt: str) -> str:
        return f"[{alt or url}]({url})"


DIALECT: Final = WeComDialect()
