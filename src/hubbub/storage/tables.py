"""A store as tables of plain values, the same for every engine: how it is looked through, copied and moved."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, closing
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from hubbub.storage.schema import SQLITE

Values = tuple[Any, ...]
"""A row: integers, floats, texts, bytes and None, in the order of `Table.columns`."""

MOVING = "moving"
"""The key in ``meta`` of a store that is being filled by a move: no hub may open it."""
OF_THE_INSTALLATION = ("hub", "epoch", "cluster", MOVING)
"""Keys in ``meta`` that every store has, also one without data."""
_NOT_DATA = ("alembic_version",)


@dataclass(frozen=True, slots=True)
class Table:
    """``keys``: places of the columns of the primary key, by which a table is read in order."""

    name: str
    columns: tuple[str, ...]
    keys: tuple[int, ...]

    @property
    def page(self) -> int:
        """How many rows are held in memory at a time: few where one may have megabytes."""
        return 8 if "data" in self.columns else 2000

    def key(self, row: Values) -> Values:
        """What tells the row from all others."""
        return tuple(row[place] for place in self.keys)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(self.columns[place] for place in self.keys)


@cache
def tables() -> tuple[Table, ...]:
    """All tables that hold data. What is in one refers only to tables before it or to rows before it."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(SQLITE)
        names = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")]
        return tuple(_table(db, name) for name in names if name not in _NOT_DATA)


def _table(db: sqlite3.Connection, name: str) -> Table:
    columns = db.execute("SELECT name, pk FROM pragma_table_info(?)", (name,)).fetchall()
    keys = sorted((rank, place) for place, (_, rank) in enumerate(columns) if rank)
    return Table(name, tuple(column for column, _ in columns), tuple(place for _, place in keys))


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a move into a store has come: from where (`Tables.stamp`), the table and the key of its last row."""

    stamp: str
    table: str = ""
    after: Values | None = None

    def text(self) -> str:
        """As it is stored."""
        return json.dumps([self.stamp, self.table, self.after])

    @classmethod
    def read(cls, text: str) -> Mark:
        """What `text` wrote."""
        stamp, table, after = json.loads(text)
        return cls(stamp, table, None if after is None else tuple(after))


class Reading(Protocol):
    """A store of which every reading sees one state."""

    @property
    def shown(self) -> str:
        """Where it is, without a password."""

    async def stamp(self) -> str:
        """The installation's own mark and a number that grows whenever a hub opens the store."""

    async def count(self, table: Table) -> int:
        """How many rows there are."""

    async def page(self, table: Table, after: Values | None, limit: int) -> Sequence[Values]:
        """Up to ``limit`` rows in the order of their keys, behind the key ``after``."""

    async def faults(self) -> Sequence[str]:
        """What this engine itself finds wrong with its files, counters and indexes."""


class Writing(Reading, Protocol):
    """A store that nobody else has open, to be filled."""

    async def mark(self) -> Mark | None:
        """How far a move into this store has come; None if none is under way."""

    async def begin(self, mark: Mark) -> None:
        """Forget all that is there and set the mark, at once."""

    async def put(self, table: Table, rows: Sequence[Values], mark: Mark) -> None:
        """Add rows and set the mark, at once."""

    async def finish(self) -> None:
        """Everything is there: take the mark away, so that hubs may open it."""


class End(Protocol):
    """Where a store is or shall be. All of it raise StoreError, or StoreBusy while a hub runs there."""

    def beside(self) -> AbstractAsyncContextManager[Reading]:
        """Look at the store, also while hubs work on it; it has to be there."""

    def alone(self, *, new: bool) -> AbstractAsyncContextManager[Writing]:
        """Keep hubs out for the block. ``new``: make it if it is not there."""
