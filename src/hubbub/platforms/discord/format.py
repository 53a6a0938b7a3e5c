"""Markdown as Discord shows it: nearly the same, without tables and pictures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from typing_extensions import override

from hubbub.markup.dialect import Dialect
from hubbub.markup.tree import CodeBlock, Emphasis, Heading, Inline, Strike, Strong

if TYPE_CHECKING:
    from collections.abc import Mapping

_SPECIAL = re.compile(r"([\\*_~`|\[\]<>])")
_AT_START = re.compile(r"^(\s*)([#>-]|\d+\.)(?=\s)", re.MULTILINE)
_ADDRESS = re.compile(r"https?://\S+")
_LOWEST = 3


class DiscordDialect(Dialect):
    """Marks, and signs that would be one kept from it by a backslash."""

    indent: ClassVar[str] = ""
    marks: ClassVar[Mapping[type[Inline], str]] = {Strong: "**", Emphasis: "*", Strike: "~~"}

    @override
    def words(self, text: str) -> str:
        """Without marks, but for addresses, in which a backslash would stay."""
        found, at = [], 0
        for address in _ADDRESS.finditer(text):
            found += [_SPECIAL.sub(r"\\\1", text[at : address.start()]), address[0]]
            at = address.end()
        return "".join((*found, _SPECIAL.sub(r"\\\1", text[at:])))

    @override
    def code(self, text: str) -> str:
        return f"``{text}``" if "`" in text else f"`{text}`"

    @override
    def heading(self, block: Heading) -> str:
        return f"{'#' * min(block.level, _LOWEST)} {self.line(block.children)}"

    @override
    def code_block(self, block: CodeBlock) -> str:
        return f"```{block.language}\n{block.text}\n```"

    @override
    def anchor(self, url: str, inside: str) -> str:
        return url if inside in ("", url) else f"[{inside}]({url})"


DIALECT: Final = DiscordDialect()


def verbatim(text: str) -> str:
    """A text that is shown as it is."""
    return _AT_START.sub(r"\1\\\2", DIALECT.words(text))
