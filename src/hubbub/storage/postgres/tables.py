"""A database as tables: read beside hubs, or filled while none can open it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from hubbub.core.errors import StoreBusy, StoreError
from hubbub.core.events import event_key
from hubbub.storage import codec
from hubbub.storage.postgres import checking, opening, texts
from hubbub.storage.postgres.database import FAILURES, NOW, Database
from hubbub.storage.schema import GIVEN_UP, VERSION, WAITING
from hubbub.storage.tables import MOVING, Mark, Table, Values, tables

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection

_SETTINGS = {"statement_timeout": "0", "lock_timeout": "30s", "idle_in_transaction_session_timeout": "0"}
_PATIENCE = 3600.0
_MEMBERS = f"SELECT node, until - {NOW} FROM member WHERE until > {NOW} ORDER BY node LIMIT 1"  # noqa: S608 - fixed
_STAMP = "SELECT (SELECT value FROM meta WHERE key = 'hub'), (SELECT last_value FROM fence)"
_SET = "INSERT INTO meta VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_OF_WAITING = ("attempts", "begun")
_STATE = f"CASE WHEN w.id IS NOT NULL THEN {WAITING} WHEN i.error IS NOT NULL THEN {GIVEN_UP} ELSE 1 END"
_SPECIAL = {
    "state": _STATE,
    "error": "CASE WHEN w.id IS NULL THEN coalesce(i.error, '') ELSE '' END",
    **{name: f"coalesce(w.{name}, 0)" for name in _OF_WAITING},
}
_INBOX = """
SELECT {columns} FROM inbox i LEFT JOIN waiting w ON w.lane = i.lane AND w.id = i.id
WHERE i.id > $1 ORDER BY i.id LIMIT $2
"""
_OF_HUBS = ("conv", "waiting", "member", "writer")
"""Tables that say who works on what: made anew, not moved."""
_LANES = f"""
INSERT INTO conv(lane, node, waiting, behind, ready) SELECT lane, '', count(*), false, {NOW} FROM waiting GROUP BY lane
"""  # noqa: S608 - fixed
# A key that was too long is known by its digest.
_DIGEST = re.compile(r".{100}\x1a[0-9a-f]{64}", re.DOTALL)


class PostgresEnd:
    """A database by its address."""

    def __init__(self, dsn: str) -> None:
        """``dsn`` as `Database` takes it."""
        self._database = Database(dsn)

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[PostgresTables]:
        """See `End.beside`."""
        async with self._connected() as db:
            await self._refuse_other_versions(db)
            await db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield PostgresTables(db, self._database)

    @asynccontextmanager
    async def alone(self, *, new: bool) -> AsyncIterator[PostgresTables]:
        """See `End.alone`. A hub that is started meanwhile waits."""
        async with self._connected() as db:
            # The lock goes with the connection.
            if not await db.fetchval("SELECT pg_try_advisory_lock($1)", opening.ALONE):
                msg = f"another process is opening, moving or restoring {self._database.shown}; wait for it"
                raise StoreBusy(msg)
            if new:
                await opening.bring_up_to_date(self._database, db)
            await self._refuse_other_versions(db)
            await self._refuse_hubs(db)
            yield PostgresTables(db, self._database)

    async def put_aside(self, name: str) -> str:
        """Give what is there another schema of that name; "" if there is nothing. Raises StoreError."""
        async with self._connected() as db:
            if await opening.version_of(db) is None:
                return ""
        async with self.alone(new=False):
            await self._rename(self._database.schema, name)
        return name

    async def take_back(self, name: str) -> None:
        """Undo `put_aside`, unless somebody else has begun to use the database. Raises StoreError."""
        async with self._connected() as db:
            if await opening.version_of(db) is not None:
                if await PostgresTables(db, self._database).mark() is None:
                    msg = f"{self._database.shown} is in use; what was there before is in the schema {name}"
                    raise StoreError(msg)
                await db.execute(f'DROP SCHEMA "{self._database.schema}" CASCADE')
        if name:
            await self._rename(name, self._database.schema)

    async def _rename(self, old: str, new: str) -> None:
        async with self._connected() as db:
            await db.execute(f'ALTER SCHEMA "{old}" RENAME TO "{new}"')

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        with _told(self._database):
            db = await self._database.connect(**_SETTINGS)
            try:
                yield db
            finally:
                db.terminate()

    async def _refuse_other_versions(self, db: Connection) -> None:
        version = await opening.version_of(db)
        if version is None:
            msg = f"there are no data in {self._database.shown}: no hub has run there"
            raise StoreError(msg)
        if version != VERSION:
            msg = (
                f"{self._database.shown} has schema {version}, this Hubbub has {VERSION}: start a hub on it once,"
                " or update Hubbub"
            )
            raise StoreError(msg)

    async def _refuse_hubs(self, db: Connection) -> None:
        alive = await db.fetchrow(_MEMBERS)
        if alive is not None:
            msg = (
                f"a hub (node {texts.read(alive[0])}) works on {self._database.shown}; stop it first"
                f" (one that was killed counts for another {alive[1]:.0f} s)"
            )
            raise StoreBusy(msg)


@contextmanager
def _told(database: Database) -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        msg = f"the database {database.shown} cannot be used ({str(error) or type(error).__name__})"
        raise StoreError(msg) from error


class PostgresTables:
    """See `Reading` and `Writing`. The tables themselves say which columns are texts: these are stored escaped."""

    def __init__(self, db: Connection, database: Database) -> None:
        """``db`` is in a transaction if it is to be read at one moment."""
        self._db = db
        self._schema = database.schema
        self.shown = database.shown

    async def stamp(self) -> str:
        """See `Reading.stamp`."""
        hub, fence = await self._db.fetchrow(_STAMP) or ("", 0)
        return f"{hub}:fence {fence}"

    async def count(self, table: Table) -> int:
        """See `Reading.count`."""
        query = f"SELECT count(*) FROM {table.name}"  # noqa: S608 - our own names
        return int(await self._db.fetchval(query, timeout=_PATIENCE))

    async def page(self, table: Table, after: Values | None, limit: int) -> Sequence[Values]:
        """See `Reading.page`."""
        if table.name == "inbox":
            first = after[0] if after is not None else -1
            columns = ", ".join(_SPECIAL.get(column, f"i.{column}") for column in table.columns)
            rows = await self._db.fetch(_INBOX.format(columns=columns), first, limit, timeout=_PATIENCE)
            return [_entry(tuple(row)) for row in rows]
        keys = ", ".join(table.key_columns)
        behind = f"WHERE ({keys}) > ({', '.join(f'${n + 2}' for n in range(len(table.keys)))})" if after else ""
        query = f"SELECT {', '.join(table.columns)} FROM {table.name} {behind} ORDER BY {keys} LIMIT $1"  # noqa: S608
        rows = await self._db.fetch(query, limit, *map(_stored, after or ()), timeout=_PATIENCE)
        return [tuple(map(_read, row)) for row in rows]

    async def faults(self) -> Sequence[str]:
        """See `Reading.faults`."""
        return await checking.faults(self._db)

    async def mark(self) -> Mark | None:
        """See `Writing.mark`."""
        text = await self._db.fetchval("SELECT value FROM meta WHERE key = $1", MOVING)
        return None if text is None else Mark.read(texts.read(text))

    async def begin(self, mark: Mark) -> None:
        """See `Writing.begin`."""
        names = (*_OF_HUBS, *(table.name for table in tables()))
        async with self._db.transaction():
            await self._db.execute(f"TRUNCATE {', '.join(names)}")
            await self._set(mark)

    async def put(self, table: Table, rows: Sequence[Values], mark: Mark) -> None:
        """See `Writing.put`. Raises Unstorable for a name that PostgreSQL's indexes do not take."""
        parts = [(table.name, table.columns, [_encoded(table, row) for row in rows])]
        if table.name == "inbox":
            entries = [dict(zip(table.columns, row, strict=True)) for row in rows]
            counts = [(e, [e[name] for name in _OF_WAITING]) for e in entries if e["state"] == WAITING]
            waiting = [(texts.name(e["lane"]), e["id"], *counted) for e, counted in counts]
            parts = [
                ("inbox", ("id", "key", "lane", "event", "at", "error"), [_written(entry) for entry in entries]),
                ("waiting", ("lane", "id", *_OF_WAITING), waiting),
            ]
        async with self._db.transaction():
            for name, columns, records in parts:
                await self._db.copy_records_to_table(
                    name, schema_name=self._schema, columns=columns, records=records, timeout=_PATIENCE
                )
            await self._set(mark)

    async def finish(self) -> None:
        """See `Writing.finish`."""
        async with self._db.transaction():
            await self._db.execute("DELETE FROM conv")
            await self._db.execute(_LANES, timeout=_PATIENCE)
            for name in await checking.numbered(self._db):
                await self._db.execute(checking.GO_ON.format(name), timeout=_PATIENCE)
            await self._db.execute("DELETE FROM meta WHERE key = $1", MOVING)
        await self._db.execute("ANALYZE", timeout=_PATIENCE)

    async def _set(self, mark: Mark) -> None:
        await self._db.execute(_SET, MOVING, texts.stored(mark.text()))


def _read(value: Any) -> Any:
    return texts.read(value) if isinstance(value, str) else value


def _stored(value: Any) -> Any:
    return texts.stored(value) if isinstance(value, str) else value


def _encoded(table: Table, row: Values) -> Values:
    """A row as it is stored; what is looked up by an index is bounded."""
    names = {*table.key_columns, "lane", "owner", "room"}
    return tuple(
        texts.name(value) if isinstance(value, str) and column in names else _stored(value)
        for column, value in zip(table.columns, row, strict=True)
    )


def _entry(row: Any) -> Values:
    """A row of the inbox as other engines have it: with the whole key, where the event still tells it."""
    key = row[1]
    if not _DIGEST.fullmatch(key):
        key = texts.read(key)
    else:
        with contextlib.suppress(ValueError):  # else it was forgotten; the digest stays
            key = event_key(codec.decode_event(row[3]))
    return (row[0], key, *map(_read, row[2:]))


def _written(entry: dict[str, Any]) -> Values:
    key = entry["key"] if _DIGEST.fullmatch(entry["key"]) else texts.key(entry["key"])
    error = texts.stored(entry["error"]) if entry["state"] == GIVEN_UP else None
    return (entry["id"], key, texts.name(entry["lane"]), entry["event"], entry["at"], error)
