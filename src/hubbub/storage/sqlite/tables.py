"""A data folder as tables: read beside a hub, or filled while no hub can open it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

from hubbub.core.errors import StoreError
from hubbub.storage.schema import VERSION
from hubbub.storage.sqlite.connection import DATABASE, FolderLock, connect, unusable, version_of
from hubbub.storage.tables import MOVING, Mark, Table, Values, tables

# Only for what waits it counts how often it was tried, and only what was given up has an error.
_SPECIAL = {
    "inbox": {
        "attempts": "CASE state WHEN 0 THEN attempts ELSE 0 END",
        "begun": "CASE state WHEN 0 THEN begun ELSE 0 END",
        "error": "CASE state WHEN 2 THEN error ELSE '' END",
    }
}


class SqliteEnd:
    """The database of a data folder. Its calls do not wait for one another: for commands, not for a hub."""

    def __init__(self, folder: Path) -> None:
        """The folder need not be there."""
        self._folder = folder

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[SqliteTables]:
        """See `End.beside`."""
        self._refuse_nothing()
        with _told(self._folder):
            uri = f"{(self._folder / DATABASE).absolute().as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)) as db:
                self._refuse_other_versions(db)
                db.execute("BEGIN")
                yield SqliteTables(db, self._folder)

    @asynccontextmanager
    async def alone(self, *, new: bool) -> AsyncIterator[SqliteTables]:
        """See `End.alone`."""
        if new:
            _make(self._folder)
        else:
            self._refuse_nothing()
        lock = FolderLock(self._folder)
        lock.take()
        try:
            with _told(self._folder), closing(connect(self._folder)) as db:
                yield SqliteTables(db, self._folder)
        finally:
            lock.drop()

    def _refuse_nothing(self) -> None:
        if not (self._folder / DATABASE).is_file():
            msg = f"there are no data in {self._folder}: no hub has run there"
            raise StoreError(msg)

    def _refuse_other_versions(self, db: sqlite3.Connection) -> None:
        version = version_of(db)
        if version != VERSION:
            msg = (
                f"the database {self._folder / DATABASE} has schema {version or 'none of Hubbub'}, this Hubbub has"
                f" {VERSION}: start a hub on it once, or update Hubbub"
            )
            raise StoreError(msg)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the data folder {folder} cannot be made ({error.strerror})"
        raise StoreError(msg) from error


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise unusable(folder, error) from error


class SqliteTables:
    """See `Reading` and `Writing`."""

    def __init__(self, db: sqlite3.Connection, folder: Path) -> None:
        """``db`` is in a transaction if it is to be read at one moment."""
        self._db = db
        self.shown = str(folder / DATABASE)

    async def stamp(self) -> str:
        """See `Reading.stamp`."""
        found = dict(self._db.execute("SELECT key, value FROM meta WHERE key IN ('hub', 'epoch')"))
        return f"{found['hub']}:opened {found.get('epoch', 0)} times"

    async def count(self, table: Table) -> int:
        """See `Reading.count`."""
        return int(self._db.execute(f"SELECT count(*) FROM {table.name}").fetchone()[0])  # noqa: S608 - our own names

    async def page(self, table: Table, after: Values | None, limit: int) -> Sequence[Values]:
        """See `Reading.page`."""
        special = _SPECIAL.get(table.name, {})
        columns = ", ".join(special.get(column, column) for column in table.columns)
        keys = ", ".join(table.key_columns)
        behind = f"WHERE ({keys}) > ({', '.join('?' * len(table.keys))})" if after is not None else ""
        query = f"SELECT {columns} FROM {table.name} {behind} ORDER BY {keys} LIMIT ?"  # noqa: S608 - our own names
        return self._db.execute(query, (*(after or ()), limit)).fetchall()

    async def faults(self) -> Sequence[str]:
        """See `Reading.faults`."""
        found = [row[0] for row in self._db.execute("PRAGMA integrity_check(20)")]
        return [] if found == ["ok"] else [f"the file is damaged: {each}" for each in found]

    async def mark(self) -> Mark | None:
        """See `Writing.mark`."""
        row = self._db.execute("SELECT value FROM meta WHERE key = ?", (MOVING,)).fetchone()
        return Mark.read(row[0]) if row else None

    async def begin(self, mark: Mark) -> None:
        """See `Writing.begin`."""
        with self._transaction():
            for table in tables():
                self._db.execute(f"DELETE FROM {table.name}")  # noqa: S608 - our own names
            self._set(mark)

    async def put(self, table: Table, rows: Sequence[Values], mark: Mark) -> None:
        """See `Writing.put`."""
        places = ", ".join("?" * len(table.columns))
        with self._transaction():
            self._db.executemany(f"INSERT INTO {table.name} VALUES ({places})", rows)  # noqa: S608 - our own names
            self._set(mark)

    async def finish(self) -> None:
        """See `Writing.finish`."""
        with self._transaction():
            self._db.execute("DELETE FROM meta WHERE key = ?", (MOVING,))
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _set(self, mark: Mark) -> None:
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (MOVING, mark.text()))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")
