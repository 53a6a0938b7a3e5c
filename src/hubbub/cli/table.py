"""Lists for people's eyes and for programs."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any


def print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """One object a line, as they come."""
    for row in rows:
        print(json.dumps(row, ensure_ascii=False, default=str), flush=True)


def print_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Columns as wide as what is in them."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(heads, *cells, strict=True)]
    for row in (heads, *cells):
        line = "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
        print(line.rstrip())


def when(seconds: float | None) -> str:
    """A time of the store as local time; "" for none."""
    if not seconds:
        return ""
    return datetime.fromtimestamp(seconds, UTC).astimezone().isoformat(" ", "seconds")


def excerpt(text: str, length: int = 60) -> str:
    """The beginning of a text on one line, without signs that would move the cursor."""
    line = "".join(sign if sign.isprintable() else " " for sign in text)
    line = " ".join(line.split())
    return line if len(line) <= length else line[: length - 1] + "…"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)
