"""Forgetting what is finished and old, a bounded piece at a time, so that the file does not grow for ever."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from functools import partial

from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Writer


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose rows grow old.

    ``time``: the column that says when a row was made; ``over``: nobody has to act on it any more.
    """

    name: str
    time: str
    over: str


_TABLES = (Table("inbox", "at", "state <> 0"), Table("outbox", "created_at", "state >= 10"))
LOG = Table("branch_log", "at", "1")
"""Of branches; see `collecting`."""


class Pruning:
    """Reads what is old beside the writer and lets it only delete by number."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        self._writer = writer
        self._reader = reader

    async def prune(self, before: float, limit: int) -> int:
        """See `store.Store.prune`."""
        gone = 0
        for table in _TABLES:
            if gone < limit:
                old = await self._reader.read(partial(_find, table, before, limit - gone))
                gone += await self._writer.call(partial(_delete, table, old)) if old else 0
        return gone


def _find(table: Table, before: float, limit: int, db: sqlite3.Connection) -> list[tuple[int]]:
    query = (
        f"SELECT id FROM {table.name} WHERE id < ? AND {table.time} < ? AND {table.over}"  # noqa: S608 - fixed names
        " ORDER BY id LIMIT ?"
    )
    return db.execute(query, (first_young(table, before, db), before, limit)).fetchall()


def first_young(table: Table, before: float, db: sqlite3.Connection) -> int:
    """The first id that is not from before, by bisection: without an index on times, none of which the road needs.

    Times rise with ids but where the clock was set back; there less is found than is old, never more. The newest row
    always stays, so that numbers are not given twice.
    """
    # Asked for together in one query, SQLite would read the whole table.
    ends = f"SELECT (SELECT min(id) FROM {table.name}), (SELECT max(id) FROM {table.name})"  # noqa: S608 - fixed names
    low, newest = db.execute(ends).fetchone()
    if newest is None:
        return 0
    high = newest
    probe = f"SELECT id, {table.time} FROM {table.name} WHERE id >= ? ORDER BY id LIMIT 1"  # noqa: S608 - fixed names
    while low < high:
        middle = (low + high) // 2
        row_id, time = db.execute(probe, (middle,)).fetchone()
        if time < before:
            low = row_id + 1
        else:
            high = middle
    return int(min(low, newest))


def _delete(table: Table, old: list[tuple[int]], db: sqlite3.Connection) -> int:
    query = f"DELETE FROM {table.name} WHERE id = ? AND {table.over}"  # noqa: S608 - fixed names
    return db.executemany(query, old).rowcount
