"""How much of what came from outside is kept."""

from __future__ import annotations

from typing import Any

MAX_DEPTH = 16
MAX_VALUES = 2000
MAX_CHARACTERS = 256 * 1024


def scalar(value: object) -> str:
    """A value as text: "" for what is missing or no single value."""
    if type(value) is str:
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    return str(value) if isinstance(value, int) else ""


def bounded(data: dict[str, Any]) -> dict[str, Any]:
    """The data as it is, or only a note of its size when it is too deep, too wide or too long to keep."""
    waiting: list[tuple[object, int]] = [(data, 1)]
    values = characters = 0
    while waiting:
        value, depth = waiting.pop()
        values += 1
        if isinstance(value, str):
            characters += len(value)
        elif isinstance(value, dict):
            characters += sum(map(len, value))
            waiting.extend((item, depth + 1) for item in value.values())
        elif isinstance(value, list):
            waiting.extend((item, depth + 1) for item in value)
        if depth > MAX_DEPTH or values + len(waiting) > MAX_VALUES or characters > MAX_CHARACTERS:
            return {"omitted": "too large"}
    return data
