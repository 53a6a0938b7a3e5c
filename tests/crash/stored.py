"""What a hub that is not running has in its store; one class for each engine."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hubbub.core.store import Store
from hubbub.core.work import Row, State
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from hubbub.storage.postgres.tables import PostgresEnd
from hubbub.storage.scan import scanning
from hubbub.storage.sqlite.store import SqliteStore
from hubbub.storage.sqlite.tables import SqliteEnd
from hubbub.storage.tables import End
from tests.contract.store_postgres import talking

DONE, GIVEN_UP = 1, 2
_MOST = 1_000_000
_PENDING = "SELECT (SELECT count(*) FROM inbox WHERE state = 0) + (SELECT count(*) FROM outbox WHERE state IN (0, 1))"

_PENDING_POSTGRES = "SELECT (SELECT count(*) FROM waiting) + (SELECT count(*) FROM outbox WHERE state IN (0, 1))"
_ENTRIES_POSTGRES = """
SELECT i.id, i.key, i.lane, CASE WHEN w.id IS NOT NULL THEN 0 WHEN i.error IS NULL THEN 1 ELSE 2 END
FROM inbox i LEFT JOIN waiting w ON w.id = i.id ORDER BY i.id
"""


@dataclass(frozen=True)
class Entry:
    """One accepted event. ``key`` ends in the platform's id of it."""

    id: int
    key: str
    lane: str
    state: int


@dataclass(frozen=True)
class Stored:
    """Everything that the judge looks at. ``turns``: what each owner's current context says, in order."""

    entries: Sequence[Entry]
    rows: Sequence[Row]
    turns: dict[str, list[tuple[str, str]]]


class Engine(Protocol):
    """A database that the crash tests run on."""

    name: str

    def environ(self, folder: Path) -> dict[str, str]:
        """Settings that make a hub use it."""

    async def pending(self, folder: Path) -> int:
        """Entries that are not done and messages that are not out, while the hub runs."""

    async def sending(self, folder: Path) -> set[int]:
        """Rows that a dead hub was sending. It leaves the database as it is."""

    async def read(self, folder: Path) -> Stored:
        """All that is there. The hub must not run."""


class Sqlite:
    """The default: a file in the data folder."""

    name = "sqlite"

    def environ(self, folder: Path) -> dict[str, str]:
        return {"HUBBUB_DATA_DIR": str(folder / "data")}

    async def pending(self, folder: Path) -> int:
        if not _is_made(folder):
            return 1  # the first life has not begun to work yet
        with _looking(folder) as db:
            return int(db.execute(_PENDING).fetchone()[0])

    async def sending(self, folder: Path) -> set[int]:
        if not _is_made(folder):
            return set()
        with _looking(folder) as db:
            return {row for (row,) in db.execute("SELECT id FROM outbox WHERE state = 1")}

    async def read(self, folder: Path) -> Stored:
        store = SqliteStore(folder / "data")
        await store.open()
        try:
            rows = await store.outbox.deliveries(tuple(State), _MOST)
            turns = await _turns(store)
        finally:
            await store.close()
        await _whole(SqliteEnd(folder / "data"))
        with closing(sqlite3.connect(folder / "data" / "hubbub.db")) as db:
            entries = [Entry(*columns) for columns in db.execute("SELECT id, key, lane, state FROM inbox ORDER BY id")]
        return Stored(entries, rows, turns)


class Postgres:
    """A database that has the schema."""

    name = "postgres"

    def __init__(self, dsn: str) -> None:
        self.dsn = dsn

    def environ(self, folder: Path) -> dict[str, str]:
        # Under its name a new process takes over at once; tests of several see to the others.
        return {"HUBBUB_DATA_DIR": str(folder / "data"), "DATABASE_URL": self.dsn, "HUBBUB_CLUSTER__NODE": "hub"}

    async def pending(self, folder: Path) -> int:
        async with talking(self.dsn) as db:
            return int(await db.fetchval(_PENDING_POSTGRES))

    async def sending(self, folder: Path) -> set[int]:
        async with talking(self.dsn) as db:
            return {row[0] for row in await db.fetch("SELECT id FROM outbox WHERE state = 1")}

    async def read(self, folder: Path) -> Stored:
        store = PostgresStore(self.dsn, Member(""))
        await store.open()
        try:
            rows = await store.outbox.deliveries(tuple(State), _MOST)
            turns = await _turns(store)
        finally:
            await store.close()
        await _whole(PostgresEnd(self.dsn))
        async with talking(self.dsn) as db:
            return Stored([Entry(*row) for row in await db.fetch(_ENTRIES_POSTGRES)], rows, turns)


async def _whole(end: End) -> None:
    with scanning() as scan:
        async with end.beside() as reading:
            await scan.walk(reading, lambda *_: None)
        assert not scan.faults


def _is_made(folder: Path) -> bool:
    """The database is there, with its tables."""
    if not (folder / "data" / "hubbub.db").exists():
        return False
    with _looking(folder) as db:
        return db.execute("SELECT 1 FROM sqlite_master WHERE name = 'outbox'").fetchone() is not None


def _looking(folder: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"file:{folder / 'data' / 'hubbub.db'}?mode=ro", uri=True))


async def _turns(store: Store) -> dict[str, list[tuple[str, str]]]:
    found = {}
    for owner in await store.conversations.owners("context"):
        branch = await store.conversations.branch(owner, "context")
        found[owner] = [_turn(node.body) for node in branch.nodes]
    return found


def _turn(body: object) -> tuple[str, str]:
    assert isinstance(body, dict)
    return body["role"], body["content"]
