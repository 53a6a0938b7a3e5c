"""What a Markdown text says, as a typed tree: adapters and pictures write their dialect from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Text as it is to be read, nothing in it is markup any more."""

    text: str


@dataclass(frozen=True, slots=True)
class Code:
    """A piece of code within a line."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Bold."""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Italic."""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Strike:
    """Struck out."""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Anchor:
    """Words that lead to an address."""

    url: str
    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by its address; ``alt`` says what is on it."""

    url: str
    alt: str


@dataclass(frozen=True, slots=True)
class Break:
    """A new line within a paragraph; ``hard`` where the writer asked for it."""

    hard: bool = False


Inline = Words | Code | Strong | Emphasis | Strike | Anchor | Picture | Break


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together."""

    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A title; ``level`` 1 is the highest, 6 the lowest."""

    level: int
    children: tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Lines of code, without a newline at the end; ``language`` as the writer named it."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Quoted:
    """What somebody else said."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list; ``start`` is the first number, or None for bullets. ``tight``: no blank lines between items."""

    items: tuple[tuple[Block, ...], ...]
    start: int | None = None
    tight: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every row has as many cells as the header. Alignments are "left", "center", "right" or ""."""

    header: tuple[tuple[Inline, ...], ...]
    rows: tuple[tuple[tuple[Inline, ...], ...], ...]
    alignments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line across."""


Block = Paragraph | Heading | CodeBlock | Quoted | Listing | Table | Rule


# --- what few writers know -------------------------------------------------------------------------------------------
# Each is a kind of something that every writer knows, so that it is shown as that where nothing better is written.


@dataclass(frozen=True, slots=True)
class Formula(Code):
    """LaTeX within a line; ``display``: it stands on a line of its own."""

    display: bool = False


@dataclass(frozen=True, slots=True)
class FormulaBlock(CodeBlock):
    """LaTeX that stands by itself."""


@dataclass(frozen=True, slots=True)
class Mark(Words):
    """A small raised number that leads to a note at the end."""
