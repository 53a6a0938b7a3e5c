"""Small records about owners, each with the time of its last change."""

from __future__ import annotations

import sqlite3
import time
from functools import partial

from hubbub.storage import codec
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Writer

_OLD = "SELECT key FROM note WHERE at < ? ORDER BY at LIMIT ?"
_DROP = "DELETE FROM note WHERE key = ? AND at < ?"
_FIRST = "INSERT OR IGNORE INTO note(key, owner, value, at) VALUES(?, ?, ?, ?)"
_CHANGE = "UPDATE note SET owner = ?, value = ?, at = ? WHERE key = ? AND value = ?"


class Notes:
    """The `Notes` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        self._writer = writer
        self._reader = reader

    async def get(self, key: str) -> str | None:
        """See `store.Notes.get`."""

        def read(db: sqlite3.Connection) -> str | None:
            row = db.execute("SELECT value FROM note WHERE key = ?", (key,)).fetchone()
            return str(row[0]) if row else None

        return await self._reader.read(read)

    async def change(self, key: str, seen: str | None, value: str, owner: str) -> bool:
        """See `store.Notes.change`."""
        codec.check(key, value, owner)
        changed: bool = await self._writer.call(partial(_change, (key, seen, value, owner), time.time()))
        return changed

    async def prune(self, before: float, limit: int) -> int:
        """Forget those that did not change since ``before``, the oldest first, up to ``limit``; how many it were."""
        old = await self._reader.read(lambda db: db.execute(_OLD, (before, limit)).fetchall())
        rows = [(key, before) for (key,) in old]
        gone: int = await self._writer.call(lambda db: db.executemany(_DROP, rows).rowcount) if rows else 0
        return gone


def _change(wanted: tuple[str, str | None, str, str], now: float, db: sqlite3.Connection) -> bool:
    key, seen, value, owner = wanted
    if seen is None:
        return db.execute(_FIRST, (key, owner, value, now)).rowcount > 0
    return db.execute(_CHANGE, (owner, value, now, key, seen)).rowcount > 0
