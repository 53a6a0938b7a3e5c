"""Small charts of numbers by day, drawn in signs: for pictures and, in one line, for text. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SIGNS = " ▁▂▃▄▅▆▇█"
_FULL = len(_SIGNS) - 1


def days_until(last: str, count: int) -> list[str]:
    """So many days ("2026-01-31") up to one, the last one included."""
    end = date.fromisoformat(last)
    return [(end - timedelta(days=back)).isoformat() for back in range(count - 1, -1, -1)]


def values_of(found: Mapping[str, int], days: Sequence[str]) -> list[int]:
    """A number for every day."""
    return [found.get(day, 0) for day in days]


def line(values: Sequence[int]) -> str:
    """One sign a number; what is not nothing shows."""
    return "".join(_SIGNS[min(_FULL, _level(value, values, 1) + 1)] for value in values)


def bars(values: Sequence[int], days: Sequence[str], height: int = 6) -> str:
    """Columns of ``height`` lines, with the largest number at their side and the days below."""
    top = max(values, default=0)
    label = str(top)
    levels = [_level(value, values, height) for value in values]
    rows = []
    for row in range(height, 0, -1):
        signs = " ".join(_SIGNS[max(0, min(_FULL, level - (row - 1) * _FULL))] for level in levels)
        rows.append(f"{label if row == height else '':>{len(label)}} ┤{signs}".rstrip())
    width = max(0, 2 * len(values) - 1)
    rows.append(f"{'0':>{len(label)}} └{'─' * width}")
    if days:
        first, last = days[0][5:], days[-1][5:]
        rows.append(f"{'':>{len(label)}}  {first}{'':>{max(1, width - len(first) - len(last))}}{last}")
    return "\n".join(rows)


def _level(value: int, values: Sequence[int], height: int) -> int:
    """How many eighths of a line a number is high, at least one where it is not 0."""
    top = max(values, default=0)
    return max(1, round(value * height * _FULL / top)) if value > 0 and top > 0 else 0
