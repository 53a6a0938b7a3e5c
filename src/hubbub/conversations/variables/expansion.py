"""Putting values in the places of variables, within bounds however the text is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.conversations.variables.scan import BLOCK, Block, Condition, Reference, blocks, parts, references
from hubbub.conversations.variables.table import LONGEST_VALUE, Misused, Variables, known

if TYPE_CHECKING:
    from hubbub.conversations.variables.scan import Part

MOST = 10_000
"""Variables that are expanded in one text; further ones stay as they are written."""
MOST_ADDED = 1_000_000
"""Characters that all values of one text may have together."""


def expand(text: str, variables: Variables, *, lenient: bool = False) -> str:
    """The text with its variables expanded.

    A variable that there is not becomes nothing. ``lenient``: it stays as it is written, so that texts with braces
    for other ends are left alone. What a variable cannot do is said in its place.
    """
    if "{" not in text and BLOCK not in text:
        return text
    expansion = _Expansion(variables, lenient=lenient)
    return "".join(expansion.block(part) if isinstance(part, Block) else expansion.text(part) for part in blocks(text))


class _Expansion:
    def __init__(self, variables: Variables, *, lenient: bool) -> None:
        self._variables = variables
        self._lenient = lenient
        self._left = MOST
        self._room = MOST_ADDED

    def block(self, block: Block) -> str:
        used = list(references(block.content))
        if self._lenient and not any(known(each.name) for each in used):
            return f"{block.before}{BLOCK}{self.text(block.content)}{BLOCK}{block.after}"
        if not all(known(each.name) for each in used):
            return ""
        return f"{block.before}{self.text(block.content).rstrip()}{block.after}"

    def text(self, text: str) -> str:
        return "".join(map(self._part, parts(text))) if "{" in text else text

    def _part(self, part: Part) -> str:
        if isinstance(part, str):
            return part
        reference = part.reference if isinstance(part, Condition) else part
        if (self._lenient and not known(reference.name)) or self._left <= 0 or self._room <= 0:
            return part.written
        self._left -= 1
        if isinstance(part, Condition):
            return self._condition(part)
        return part.literal if part.escaped else self._value(part)

    def _condition(self, part: Condition) -> str:
        before = "\\" * (part.reference.backslashes // 2)
        try:
            value = self._variables.value(part.reference.name)
        except (KeyError, Misused):
            return before
        return before + self.text(part.content.strip()) if str(value).strip() and value != 0 else before

    def _value(self, reference: Reference) -> str:
        try:
            value = str(self._variables.value(reference.name, reference.arguments))
        except KeyError:
            value = ""
        except Misused as error:
            value = f"[PromptPV Error | {reference.name}]: {error}"
        value = value[:LONGEST_VALUE]
        self._room -= len(value)
        return "\\" * (reference.backslashes // 2) + value
