"""Writing the tree in the marks of a chat platform: what is the same on all of them, and what each says of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

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
    from collections.abc import Mapping, Sequence


class Dialect:
    """Lists, quotes and lines as most platforms show them; a subclass says what is otherwise on its own."""

    bullet: ClassVar[str] = "- "
    indent: ClassVar[str] = "  "
    """Before the further lines of an item; "" for as much as its mark is wide."""
    marks: ClassVar[Mapping[type[Inline], str]] = {}
    """What stands around bold, italic and struck-out words."""

    def written(self, text: str) -> str:
        """A Markdown text in the platform's marks."""
        return self.blocks(parse(text))

    def message(self, text: str) -> str:
        """As `written`; the space around it, by which it stands beside its neighbours, is kept."""
        bare = text.strip()
        if not bare:
            return text
        before = text[: text.index(bare)]
        return before + self.written(bare) + text[len(before) + len(bare) :]

    def blocks(self, blocks: Sequence[Block]) -> str:
        """Blocks with a blank line between them."""
        return "\n\n".join(map(self.block, blocks))

    def block(self, block: Block) -> str:
        """One block."""
        match block:
            case Paragraph(children):
                return self.line(children)
            case Heading():
                return self.heading(block)
            case CodeBlock():
                return self.code_block(block)
            case Quoted():
                return self.quoted(block)
            case Listing():
                return self.listing(block)
            case Table():
                return self.code_block(CodeBlock(plain([block])))
            case Rule():
                return "———"

    def listing(self, block: Listing) -> str:
        """A list; its numbers go on from its first."""
        items = []
        for number, item in enumerate(block.items, block.start or 0):
            mark = self.bullet if block.start is None else f"{number}. "
            lines = ("\n" if block.tight else "\n\n").join(map(self.block, item))
            items.append(mark + lines.replace("\n", f"\n{self.indent or ' ' * len(mark)}"))
        return ("\n" if block.tight else "\n\n").join(items)

    def line(self, children: Sequence[Inline]) -> str:
        """What stands within a line."""
        return "".join(map(self.inline, children))

    def inline(self, child: Inline) -> str:
        """One piece of a line."""
        match child:
            case Words(text):
                return self.words(text)
            case Code(text):
                return self.code(text)
            case Break():
                return "\n"
            case Strong(children) | Emphasis(children) | Strike(children):
                return self.marked(self.marks[type(child)], self.line(children))
            case Anchor(url, children):
                return self.anchor(url, self.line(children))
            case Picture(url, alt):
                return self.picture(url, alt)

    # --- what platforms say otherwise --------------------------------------------------------------------------------

    def words(self, text: str) -> str:
        """Words in which nothing is a mark."""
        return text

    def code(self, text: str) -> str:
        """A piece of code within a line."""
        return f"`{text}`"

    def marked(self, mark: str, inside: str) -> str:
        """Words between marks."""
        return f"{mark}{inside}{mark}"

    def heading(self, block: Heading) -> str:
        """A title."""
        return self.marked(self.marks[Strong], self.line(block.children))

    def code_block(self, block: CodeBlock) -> str:
        """Lines of code."""
        return f"```\n{block.text}\n```"

    def quoted(self, block: Quoted) -> str:
        """What somebody else said."""
        return "\n".join(f"> {line}".rstrip() for line in self.blocks(block.blocks).split("\n"))

    def anchor(self, url: str, inside: str) -> str:
        """Words that lead to an address, where nothing does: the address stands behind them."""
        return url if inside in ("", url) else f"{inside} ({url})"

    def picture(self, url: str, alt: str) -> str:
        """A picture by its address."""
        return " ".join(filter(None, ("🖼", self.words(alt), url)))
