"""The database of corp-webot, read: users with their prompts, and conversations that were put aside."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hubbub.core.errors import StoreError

# Its documents call the table one way, its program the other.
_TABLES = ("user", "users")
_MILLISECONDS = 10**11


@dataclass(frozen=True, slots=True)
class OldUser:
    """Somebody with the prompt that they set ("" for none). ``time`` in seconds since the epoch."""

    name: str
    prompt: str
    time: float


@dataclass(frozen=True, slots=True)
class OldContext:
    """A conversation of ``name``; each turn is a role and what was said."""

    number: int
    name: str
    turns: tuple[tuple[str, str], ...]
    time: float


@dataclass(frozen=True, slots=True)
class OldData:
    """All that is in it. ``broken``: conversations that could not be read."""

    users: tuple[OldUser, ...]
    contexts: tuple[OldContext, ...]
    broken: int


def read(file: Path) -> OldData:
    """Read the file and leave it as it is.

    Raises:
        StoreError: it is not there, or no such database.
    """
    if not file.is_file():
        message = f"there is no file {file}"
        raise StoreError(message)
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=10)) as database:
            return _read(database)
    except sqlite3.Error as error:
        message = f"{file} is no database of corp-webot: {error}"
        raise StoreError(message) from error


def _read(database: sqlite3.Connection) -> OldData:
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    names = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    tables = [table for table in _TABLES if table in names]
    if not tables or "context" not in names:
        message = "it has no tables user and context"
        raise sqlite3.DatabaseError(message)
    users: dict[str, OldUser] = {}
    for table in tables:
        rows = database.execute(f'SELECT name, sys_prompt, update_time FROM "{table}" ORDER BY id')  # noqa: S608 - ours
        for name, prompt, time in rows:
            if str(name or "").strip():
                users[str(name)] = OldUser(str(name), str(prompt or ""), _seconds(time))
    contexts, broken = [], 0
    for number, name, text, time in database.execute(
        "SELECT id, name, context_msg, update_time FROM context ORDER BY id"
    ):
        turns = _turns(text)
        broken += turns is None
        if turns and str(name or "").strip():
            contexts.append(OldContext(int(number), str(name), turns, _seconds(time)))
    return OldData(tuple(users.values()), tuple(contexts), broken)


def _turns(text: object) -> tuple[tuple[str, str], ...] | None:
    """The turns of a conversation as it is stored; None if nothing can be made of it."""
    if text in (None, "", "null"):
        return ()
    try:
        kept = json.loads(str(text))
    except (ValueError, RecursionError):
        return None
    found = _small(kept).get("context") if isinstance(kept, dict) else kept
    if found is None:
        return ()
    return tuple(_said(found)) if isinstance(found, list) else None


def _said(units: list[Any]) -> Iterator[tuple[str, str]]:
    for unit in units:
        if isinstance(unit, dict):
            role, content = _small(unit).get("role"), _small(unit).get("content")
            if isinstance(role, str) and isinstance(content, str) and content:
                yield role.lower(), content


def _small(unit: dict[str, Any]) -> dict[str, Any]:
    return {key.lower(): value for key, value in unit.items()}


def _seconds(value: object) -> float:
    if not isinstance(value, (int, float)) or value <= 0:
        return 0.0
    return value / 1000 if value > _MILLISECONDS else float(value)
