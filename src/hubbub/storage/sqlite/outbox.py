"""The outbox: what goes out, and what became of it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Sequence
from typing import TypeVar

from hubbub.core.addresses import Room
from hubbub.core.errors import StoreError
from hubbub.core.reports import Report
from hubbub.core.work import Outgoing, Reported, Row, State
from hubbub.storage import codec
from hubbub.storage.rows import COLUMNS, edits_code, read_row, read_row_anyhow, row_key, state_code
from hubbub.storage.schema import OPEN, WAITING
from hubbub.storage.sqlite import reporting
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Values, Writer

log = logging.getLogger(__name__)

_SELECT = f"SELECT {COLUMNS} FROM outbox "  # noqa: S608 - fixed column names
# As the index on open rows has it: SQLite does not see that it covers a question which says less.
_IN_INDEX = f" AND state < {OPEN}"
_QUEUED = f"WHERE state = 0{_IN_INDEX} ORDER BY id"
_BREAK_OFF = (
    "UPDATE outbox SET state = CASE delivery WHEN 'idempotent' THEN 0 ELSE 2 END,"  # noqa: S608 - fixed names
    f" error = 'the hub ended while it was being sent' WHERE state = 1{_IN_INDEX}"
)
# As `reports.Standing.anew`.
_ANEW = ", message_id = '', told = 0"
_ALL_IDS = 1 << 63
_RETRIABLE = (State.UNKNOWN, State.DEAD, State.DROPPED)
_DROPPABLE = (State.QUEUED, State.UNKNOWN, State.DEAD)

T = TypeVar("T")


class Outbox:
    """The `Outbox` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Numbers go on where the file ends; `load` reads them."""
        self._writer = writer
        self._reader = reader
        self._loop = asyncio.get_running_loop()
        self._next = 1
        self._hub = ""

    def load(self, db: sqlite3.Connection) -> None:
        """Take over what the file holds: called once, before anything else."""
        self._hub = str(db.execute("SELECT value FROM meta WHERE key = 'hub'").fetchone()[0])
        self._next = int(db.execute("SELECT coalesce(max(id), 0) FROM outbox").fetchone()[0]) + 1

    def number(self, sends: Sequence[Outgoing]) -> tuple[tuple[Row, ...], list[Values]]:
        """Number messages: the rows they become, and what a batch writes of each. Raises Unstorable."""
        now = time.time()
        rows = []
        values: list[Values] = []
        for out in sends:
            room, row_id = out.room.key, self._next
            codec.check(room, out.reply_to)
            message = codec.encode(out.message)
            self._next += 1
            attempts = 1 if out.state is State.SENDING else 0
            state, delivery = state_code(out.state), out.delivery.value
            edits = edits_code(out) if out.draft or out.edits else 0
            values.append((row_id, room, out.entry, message, out.reply_to, delivery, state, attempts, now, edits))
            rows.append(Row(row_id, out, row_key(self._hub, row_id), out.state, attempts, created_at=now))
        return tuple(rows), values

    async def recover(self, node: str) -> Sequence[Row]:  # noqa: ARG002 - with one process all that is left is its own
        """See `store.Outbox.recover`."""
        rows: list[Row] = await self._writer.call(self._recover)
        return rows

    def _recover(self, db: sqlite3.Connection) -> list[Row]:
        db.execute(_BREAK_OFF)
        rows = []
        for columns in db.execute(_SELECT + _QUEUED).fetchall():
            try:
                rows.append(read_row(columns, self._hub))
            except ValueError as error:
                log.error("message %d is not sent: %s", columns[0], error)  # noqa: TRY400 - an expected kind
                values = (state_code(State.DEAD), codec.clean(str(error)), columns[0])
                db.execute("UPDATE outbox SET state = ?, error = ? WHERE id = ?", values)
        return rows

    def begin(self, row: int) -> Awaitable[bool]:
        """See `store.Outbox.begin`."""
        batch = self._writer.batch
        batch.begun.append((row,))
        future: asyncio.Future[bool] = self._loop.create_future()
        batch.finishes.append(lambda error: _tell(future, error, row not in batch.refused))
        return future

    def settle(self, row: int, message_id: str) -> Awaitable[None]:
        """See `store.Outbox.settle`."""
        future: asyncio.Future[None] = self._loop.create_future()
        batch = self._writer.batch
        batch.settled.append((codec.clean(message_id), row))
        batch.finishes.append(lambda error: _tell(future, error, None))
        return future

    def fail(self, row: int, state: State, error: str, next_at: float = 0.0) -> Awaitable[None]:
        """See `store.Outbox.fail`."""
        values = (state_code(state), codec.clean(error), next_at, row)

        def store(db: sqlite3.Connection) -> None:
            db.execute("UPDATE outbox SET state = ?, error = ?, next_at = ? WHERE id = ? AND state < 2", values)

        return self._writer.call(store)

    async def sent(self, room: Room, message_id: str) -> Row | None:
        """See `store.Outbox.sent`."""
        if not message_id:
            return None
        # Platforms that count in circles use an id again: the newest is meant.
        where = "WHERE message_id = ? AND message_id <> '' AND room = ? ORDER BY id DESC LIMIT 1"
        rows = await self._reader.read(lambda db: self._read(db, where, (message_id, room.key)))
        return rows[0] if rows else None

    async def row(self, row: int) -> Row | None:
        """See `store.Outbox.row`."""
        if not 0 < row < _ALL_IDS:
            return None
        rows = await self._reader.read(lambda db: self._read(db, "WHERE id = ?", (row,)))
        return rows[0] if rows else None

    async def draft(self, entry: int) -> Row | None:
        """See `store.Outbox.draft`."""
        where = "WHERE entry = ? AND edits < 0 ORDER BY id DESC LIMIT 1"
        rows = await self._reader.read(lambda db: self._read(db, where, (entry,)))
        return rows[0] if rows else None

    async def report(self, reports: Sequence[Report]) -> Reported:
        """See `store.Outbox.report`."""

        def store(db: sqlite3.Connection) -> Reported:
            changed, early = reporting.store(db, reports, self._hub)
            return Reported(tuple(self._read(db, "WHERE id = ?", (row,))[0] for row in changed), early)

        reported: Reported = await self._writer.call(store)
        return reported

    async def deliveries(self, states: Sequence[State], limit: int = 100, after: int = 0) -> Sequence[Row]:
        """See `store.Outbox.deliveries`."""
        codes = sorted({state_code(state) for state in states})
        marks = ",".join("?" * len(codes))
        covered = _IN_INDEX if all(code < OPEN for code in codes) else ""
        where = f"WHERE state IN ({marks}){covered} AND id > ? ORDER BY id LIMIT ?"
        return await self._reader.read(lambda db: self._read(db, where, (*codes, after, limit)))

    async def retry(self, row: int) -> Row | None:
        """See `store.Outbox.retry`."""
        return await self._move(row, _RETRIABLE, State.QUEUED, _ANEW, " AND edits >= 0")

    async def drop(self, row: int) -> Row | None:
        """See `store.Outbox.drop`."""
        return await self._move(row, _DROPPABLE, State.DROPPED)

    async def _move(
        self, row: int, allowed: tuple[State, ...], target: State, more: str = "", but: str = ""
    ) -> Row | None:
        if not 0 < row < _ALL_IDS:
            return None
        codes = [state_code(state) for state in allowed]

        def move(db: sqlite3.Connection) -> Row | None:
            marks = ",".join("?" * len(codes))
            changed = db.execute(
                f"UPDATE outbox SET state = ?, next_at = 0{more} WHERE id = ? AND state IN ({marks}){but}",  # noqa: S608 - fixed
                (state_code(target), row, *codes),
            ).rowcount
            return self._read(db, "WHERE id = ?", (row,))[0] if changed else None

        found: Row | None = await self._writer.call(move)
        return found

    def read_replies(self, entry: int, db: sqlite3.Connection) -> list[Row] | None:
        """Rows kept for whoever asked; None while the entry is not done. Raises StoreError for an unknown entry."""
        found = db.execute("SELECT state FROM inbox WHERE id = ?", (entry,)).fetchone()
        if found is None:
            msg = f"there is no entry {entry}"
            raise StoreError(msg)
        if found[0] == WAITING:
            return None
        return self._read(db, "WHERE entry = ? AND state = 11 ORDER BY id", (entry,))

    def _read(self, db: sqlite3.Connection, where: str, values: Sequence[object] = ()) -> list[Row]:
        return [read_row_anyhow(columns, self._hub) for columns in db.execute(_SELECT + where, values)]


def _tell(future: asyncio.Future[T], error: BaseException | None, value: T) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
