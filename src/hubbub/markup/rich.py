r"""Markdown with more than messages need: formulas, task lists and footnotes, for pictures and documents.

Formulas stand between ``$ $``, ``$$ $$``, ``\( \)`` or ``\[ \]``. A dollar sign before a blank, or one that closes
directly before a digit, is money.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from mdit_py_plugins.footnote import footnote_plugin

from hubbub.markup.parse import tree_of
from hubbub.markup.tree import Block, Listing, Paragraph, Words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

LONGEST_FORMULA = 4000
_TASK = re.compile(r"\[([ xX])\]\s+")
_BOXES = {" ": "☐ ", "x": "☑ ", "X": "☑ "}
_DISPLAY = (("$$", "$$"), ("\\[", "\\]"))
_INLINE = (("$$", "$$"), ("\\[", "\\]"), ("\\(", "\\)"))
_ENVIRONMENT = re.compile(
    r"\\begin\{(equation|align|aligned|gather|gathered|multline|split|cases|[bpvBV]?matrix|array)\*?\}"
)


def read(text: str) -> tuple[Block, ...]:
    """The blocks of a text. Any text is Markdown, so nothing is raised; nesting is bounded by the parser."""
    return tuple(map(_ticked, tree_of(_reader().parse(text))))


@cache
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).use(footnote_plugin)
    reader.inline.ruler.before("escape", "formula", _formula)
    reader.block.ruler.before(
        "fence", "formula_block", _formula_block, {"alt": ["paragraph", "reference", "blockquote", "list"]}
    )
    return reader


# --- formulas --------------------------------------------------------------------------------------------------------


def _formula(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the parser's own signature
    source, start = state.src, state.pos
    for begin, end in _INLINE:
        if source.startswith(begin, start):
            close = source.find(end, start + 2, start + LONGEST_FORMULA)
            inside = source[start + 2 : close].strip() if 0 < close <= state.posMax - 2 else ""
            if inside:
                return _push(state, (inside, begin != "\\(", close + 2), silent=silent)
    if source.startswith("$", start):
        return _dollar(state, silent=silent)
    return False


def _dollar(state: StateInline, *, silent: bool) -> bool:
    """``$ ... $`` within one paragraph, unless it is an amount of money."""
    source, start = state.src, state.pos
    if start + 1 >= state.posMax or source[start + 1].isspace() or (start and source[start - 1] in "\\$"):
        return False
    close = start
    while (close := source.find("$", close + 1, start + LONGEST_FORMULA)) > 0:
        if source[close - 1] != "\\":
            break
    if (
        close <= start + 1
        or close >= state.posMax
        or source[close - 1].isspace()
        or source[close + 1 : close + 2].isdigit()
    ):
        return False
    return _push(state, (source[start + 1 : close], False, close + 1), silent=silent)


def _push(state: StateInline, found: tuple[str, bool, int], *, silent: bool) -> bool:
    text, display, after = found
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.meta = text, {"display": display}
    state.pos = after
    return True


def _formula_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser's own
    """A formula whose lines would be taken for headings or lists if it were part of a paragraph."""
    if state.is_code_block(start):
        return False
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    found = _opening(first)
    if found is None:
        return False
    skip, close = found
    text: list[str] = []
    for line in range(start, end):
        words = state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
        words = words[skip:] if line == start else words
        head, sign, rest = words.partition(close)
        text.append(head)
        if sign:
            if rest.strip():
                return False
            return _stands(state, "\n".join(text) + (close if skip == 0 else ""), (start, line + 1), silent=silent)
        if line > start and state.isEmpty(line) and state.sCount[line] < state.blkIndent:
            return False
    return False


def _opening(line: str) -> tuple[int, str] | None:
    """How much of a line opens a formula, and what will close it."""
    for begin, end in _DISPLAY:
        if line.startswith(begin):
            return 2, end
    environment = _ENVIRONMENT.match(line)
    return (0, environment[0].replace("begin", "end", 1)) if environment else None


def _stands(state: StateBlock, text: str, lines: tuple[int, int], *, silent: bool) -> bool:
    if not text.strip() or len(text) > LONGEST_FORMULA:
        return False
    if not silent:
        token = state.push("formula_block", "", 0)
        token.content, token.map = text.strip(), [*lines]
        state.line = lines[1]
    return True


# --- tasks -----------------------------------------------------------------------------------------------------------


def _ticked(block: Block) -> Block:
    """Lists whose items begin with a box to tick show it as one."""
    if not isinstance(block, Listing):
        return block
    return Listing(tuple(_item(item) for item in block.items), block.start, block.tight)


def _item(blocks: Sequence[Block]) -> tuple[Block, ...]:
    found = [_ticked(block) for block in blocks]
    first = found[0] if found else None
    if isinstance(first, Paragraph) and first.children and type(words := first.children[0]) is Words:
        task = _TASK.match(words.text)
        if task:
            rest = (Words(_BOXES[task[1]] + words.text[task.end() :]), *first.children[1:])
            found[0] = Paragraph(rest)
    return tuple(found)
