"""Where in a TOML text a key stands: Python's own parser does not tell."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

Path = tuple[str | int, ...]

_KEY = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""
_DOTTED = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_DOTTED})[ \t]*\]")
_ASSIGNMENT = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
# What can be inside a value: strings of four kinds and comments are skipped whole, brackets and line ends count.
_PART = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|' r"'''.*?'''|" r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'|" r"#[^\n]*|" r"[\[\]{}\n]",
    re.DOTALL,
)


def line_of(text: str, path: Path) -> int:
    """The line (from 1) of a key, or of the nearest table around it; 0 if not even its first part is there."""
    lines: dict[Path, int] = {}
    for found, line in _keys(text):
        lines.setdefault(found, line)
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return 0


def _keys(text: str) -> Iterator[tuple[Path, int]]:
    """Every key that begins a line, with the tables that it is in; tables too."""
    table: Path = ()
    counts: dict[Path, int] = {}
    at, line = 0, 1
    while at < len(text):
        if header := _HEADER.match(text, at):
            table = _table(_names(header[2]), counts, many=header[1] == "[[")
            yield from ((table[:length], line) for length in range(1, len(table) + 1))
        elif assignment := _ASSIGNMENT.match(text, at):
            path = table + _names(assignment[1])
            yield from ((path[:length], line) for length in range(len(table) + 1, len(path) + 1))
            at = assignment.end()
        end = _end(text, at)
        line += text.count("\n", at, end)
        at = end


def _names(dotted: str) -> Path:
    return tuple(_name(part) for part in re.findall(_KEY, dotted))


def _name(part: str) -> str:
    """A part of a key as it is meant; as it is written where no parser would take it."""
    if part[0] not in "\"'":
        return part
    try:
        return str(tomllib.loads(f"key={part}")["key"])
    except tomllib.TOMLDecodeError:
        return part[1:-1]


def _table(names: Path, counts: dict[Path, int], *, many: bool) -> Path:
    """The full path of a table: `[[models]]` and what is inside it have the number of the element."""
    path: Path = ()
    for position, name in enumerate(names, 1):
        path += (name,)
        if many and position == len(names):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path += (counts[path],)
    return path


def _end(text: str, at: int) -> int:
    """Where the next statement begins: behind the first line end that is in no string and no bracket."""
    depth = 0
    for part in _PART.finditer(text, at):
        sign = part[0]
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth = max(0, depth - 1)
        elif sign == "\n" and depth == 0:
            return part.end()
    return len(text)
