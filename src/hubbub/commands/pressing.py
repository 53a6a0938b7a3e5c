"""Buttons below what commands answer: each says a command that the text above it has words for, too."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.core.messages import Button, Buttons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.core.ports import Answer

MOST = 30
"""Of a longer list the first ones have buttons."""
_LETTERS, _WIDE = 28, 3


def with_buttons(answer: Answer, buttons: Sequence[Button]) -> Answer:
    """The answer with buttons below its words; short ones stand side by side."""
    found = _rows(buttons[:MOST])
    return replace(answer, message=(*answer.message, Buttons(found, told=True))) if found else answer


def _rows(buttons: Sequence[Button]) -> tuple[tuple[Button, ...], ...]:
    """Rows that a telephone can show."""
    rows: list[list[Button]] = []
    left = 0
    for button in buttons:
        width = sum(1 if each.isascii() else 2 for each in button.label) + 2
        if not rows or width > left or len(rows[-1]) == _WIDE:
            rows.append([])
            left = _LETTERS
        rows[-1].append(button)
        left -= width
    return tuple(map(tuple, rows))
