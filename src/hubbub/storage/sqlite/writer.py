"""Group commit: what gathered while one transaction ran goes together into the next.

The event loop fills a `Batch`; one thread writes it. Nothing is acknowledged before its batch is committed. The loop
hands over one batch at a time, so the order of submission is the order of commits.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hubbub.core.errors import StoreError
from hubbub.core.failpoints import COMMITS, Failpoint, never
from hubbub.storage.refusals import Refusals

log = logging.getLogger(__name__)

Values = tuple[object, ...]
Call = Callable[[sqlite3.Connection], Any]
Finish = Callable[[BaseException | None], None]

INSERT_ENTRY = "INSERT OR IGNORE INTO inbox(id, key, lane, event, at) VALUES(?, ?, ?, ?, ?)"
FINISH_ENTRY = "UPDATE inbox SET state = ?, error = ? WHERE id = ?"
INSERT_ROW = (
    "INSERT INTO outbox(id, room, entry, message, reply_to, delivery, state, attempts, created_at, edits)"
    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
BEGIN_ROW = "UPDATE outbox SET state = 1, attempts = attempts + 1 WHERE id = ? AND state = 0"
SETTLE_ROW = "UPDATE outbox SET state = 10, message_id = ?, error = '' WHERE id = ?"


@dataclass(slots=True)
class Batch:
    """What one transaction writes. Rows of the hot kinds are written by kind: none depends on another of its batch."""

    entries: list[Values] = field(default_factory=list)
    finished: list[Values] = field(default_factory=list)
    rows: list[Values] = field(default_factory=list)
    begun: list[tuple[int]] = field(default_factory=list)
    settled: list[tuple[str, int]] = field(default_factory=list)
    applies: list[Call] = field(default_factory=list)
    """Writes of units that have no hot kind of their own; they share the fate of the batch."""
    calls: list[tuple[Call, asyncio.Future[Any]]] = field(default_factory=list)
    """Everything else: each fenced off by a savepoint, so that one refusal harms nobody."""
    finishes: list[Finish] = field(default_factory=list)
    missing: set[int] = field(default_factory=set)
    """Filled by the writer: ids of entries that were there already under another id."""
    refused: set[int] = field(default_factory=set)
    """Filled by the writer: ids of rows that could not begin, because they are not queued any more."""
    size: int = 0


class Writer:
    """The one connection that writes, in its own thread."""

    def __init__(self, limit: int = 4000, failpoint: Failpoint = never) -> None:
        """``limit``: rows that may wait for a transaction before `full` says no."""
        self._failpoint = failpoint
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._batch = Batch()
        self._jobs: queue.SimpleQueue[Batch | None] = queue.SimpleQueue()
        self._busy = self._scheduled = self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._durable = True
        self._connection: sqlite3.Connection | None = None
        self._refusals = Refusals((sqlite3.Error,))
        self.commits = self.written = 0
        self._thread = threading.Thread(target=self._work, name="hubbub-writer", daemon=True)

    def start(self, connection: sqlite3.Connection) -> None:
        """Take over a connection that was opened with ``check_same_thread=False``."""
        self._connection = connection
        self._thread.start()

    @property
    def full(self) -> bool:
        """So much waits that new events must come later."""
        return self._batch.size >= self._limit

    @property
    def batch(self) -> Batch:
        """The batch to add to; it is written after this turn of the event loop, or when the running one is done."""
        if not self._scheduled:
            self._scheduled = True
            self._idle.clear()
            if not self._busy:
                self._loop.call_soon(self._flush)
        self._batch.size += 1
        return self._batch

    def call(self, function: Call) -> asyncio.Future[Any]:
        """Run a function in the next transaction, fenced off by a savepoint; its result or its exception."""
        future: asyncio.Future[Any] = self._loop.create_future()
        self.batch.calls.append((function, future))
        return future

    async def close(self) -> None:
        """Write what waits and end the thread."""
        await self.idle()
        self._closed = True
        if self._thread.is_alive():
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    async def idle(self) -> None:
        """Return when nothing waits to be written."""
        await self._idle.wait()

    def _flush(self) -> None:
        if self._busy or not self._scheduled:
            return
        batch, self._batch = self._batch, Batch()
        self._scheduled = False
        if self._closed:
            closed = StoreError("the store is closed")
            self._done(batch, closed, [(None, closed)] * len(batch.calls))
            return
        self._busy = True
        self._jobs.put(batch)

    def _done(self, batch: Batch, error: BaseException | None, results: list[tuple[Any, BaseException | None]]) -> None:
        """In the event loop: tell everybody, then write what came meanwhile."""
        self._busy = False
        for finish in batch.finishes:
            finish(error)
        for (_, future), (value, failure) in zip(batch.calls, results, strict=True):
            if future.cancelled():
                continue
            if failure is None:
                future.set_result(value)
            else:
                future.set_exception(failure)
        # Its finishes know the batch: without this its rows would stay in memory until the collector runs.
        batch.finishes.clear()
        batch.entries.clear()
        if self._scheduled:
            # Behind the callbacks of the futures just resolved, so that what they cause shares the transaction.
            self._loop.call_soon(self._flush)
        else:
            self._idle.set()

    # --- in the thread ---------------------------------------------------------------------------------------

    def _work(self) -> None:
        assert self._connection is not None  # noqa: S101 - started with one
        while (batch := self._jobs.get()) is not None:
            if not self._serve(batch, self._connection):
                break
        self._connection.close()

    def _serve(self, batch: Batch, db: sqlite3.Connection) -> bool:
        """Write a batch and tell; False if there is nobody left to tell."""
        error: BaseException | None = None
        results: list[tuple[Any, BaseException | None]] = []
        try:
            results = self._write(db, batch)
        except Exception as caught:  # noqa: BLE001 - the thread's loop: whatever it was, the waiting are told
            error = StoreError(f"the database refused a write: {caught}")
            error.__cause__ = caught
            results = [(None, error)] * len(batch.calls)
            self._refusals.refused(caught, f"a transaction of {batch.size} rows is")
        try:
            self._loop.call_soon_threadsafe(self._done, batch, error, results)
        except RuntimeError:
            log.error("the event loop is gone; a written batch of %d rows had nobody to tell", batch.size)  # noqa: TRY400
            return False
        return True

    def _write(self, db: sqlite3.Connection, batch: Batch) -> list[tuple[Any, BaseException | None]]:
        # Acceptances are told to the platform, so they must survive a power cut; the rest guards against a killed
        # process only, for which a commit is enough.
        durable = bool(batch.entries or batch.calls)
        if durable != self._durable:
            db.execute("PRAGMA synchronous = " + ("FULL" if durable else "NORMAL"))
            self._durable = durable
        db.execute("BEGIN IMMEDIATE")
        try:
            self._write_rows(db, batch)
            results = [self._guarded(db, function) for function, _ in batch.calls]
            self._pass(batch, "before")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        self._pass(batch, "after")
        self._refusals.stored()
        self.commits += 1
        self.written += batch.size
        return results

    def _pass(self, batch: Batch, when: str) -> None:
        kinds = (batch.entries, batch.finished, batch.begun, batch.settled)
        for kind, rows in zip(COMMITS, kinds, strict=True):
            if rows:
                self._failpoint(f"{kind}.commit.{when}")

    @staticmethod
    def _write_rows(db: sqlite3.Connection, batch: Batch) -> None:
        if batch.entries:
            _write_entries(db, batch)
        if batch.finished:
            db.executemany(FINISH_ENTRY, batch.finished)
        if batch.rows:
            db.executemany(INSERT_ROW, batch.rows)
        for row in batch.begun:
            if not db.execute(BEGIN_ROW, row).rowcount:
                batch.refused.add(row[0])
        if batch.settled:
            db.executemany(SETTLE_ROW, batch.settled)
        for apply in batch.applies:
            apply(db)

    @staticmethod
    def _guarded(db: sqlite3.Connection, function: Call) -> tuple[Any, BaseException | None]:
        db.execute("SAVEPOINT one_call")
        try:
            value = function(db)
        except (sqlite3.IntegrityError, StoreError, ValueError, OverflowError) as caught:
            db.execute("ROLLBACK TO one_call")
            db.execute("RELEASE one_call")
            if isinstance(caught, StoreError):
                return None, caught
            error = StoreError(f"the database refused a write: {caught}")
            error.__cause__ = caught
            return None, error
        db.execute("RELEASE one_call")
        return value, None


def _write_entries(db: sqlite3.Connection, batch: Batch) -> None:
    written = db.executemany(INSERT_ENTRY, batch.entries).rowcount
    if written != len(batch.entries):
        low, high = batch.entries[0][0], batch.entries[-1][0]
        there = {row[0] for row in db.execute("SELECT id FROM inbox WHERE id BETWEEN ? AND ?", (low, high))}
        batch.missing = {int(str(entry[0])) for entry in batch.entries} - there
