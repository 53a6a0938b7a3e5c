"""Small charts of numbers by day: for pictures and, in one line of signs, for text. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from hubbub.core.pictures import Chart

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SIGNS = " ▁▂▃▄▅▆▇█"
_FULL = len(_SIGNS) - 1
_WEEK = 7
_MOST_LINES = 4


def days_until(last: str, count: int) -> list[str]:
    """So many days ("2026-01-31") up to one, the last one included."""
    end = date.fromisoformat(last)
    return [(end - timedelta(days=back)).isoformat() for back in range(count - 1, -1, -1)]


def values_of(found: Mapping[str, int], days: Sequence[str]) -> list[int]:
    """A number for every day."""
    return [found.get(day, 0) for day in days]


def line(values: Sequence[int]) -> str:
    """One sign a number; what is not nothing shows."""
    return "".join(_SIGNS[min(_FULL, _level(value, values) + 1)] for value in values)


def chart(values: Sequence[int], days: Sequence[str]) -> Chart:
    """Columns by day: each week is marked, counted back from the last day; the lines are at round numbers."""
    last = len(days) - 1
    marks = tuple((place, days[place][5:]) for place in range(last, -1, -_WEEK))
    step = _step(max(values, default=0))
    count = max(1, -(-max(values, default=0) // step))
    lines = tuple((number * step, _short(number * step)) for number in range(count + 1))
    return Chart(tuple(values), marks[::-1], lines)


def _step(most: int) -> int:
    """The smallest of 1, 2, 5, 10, 20 ... of which a few reach up to a number."""
    power = 1
    while power * 10 * _MOST_LINES < most:
        power *= 10
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if step * _MOST_LINES >= most)


def _short(number: int) -> str:
    """A round number in a few signs."""
    for size, sign in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:g}{sign}"
    return str(number)


def _level(value: int, values: Sequence[int]) -> int:
    """How many eighths a number is high, at least one where it is not 0."""
    top = max(values, default=0)
    return max(1, round(value * _FULL / top)) if value > 0 and top > 0 else 0
