"""Timers: events of the future. Firing is accepting, in the transaction that removes the timer."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from hubbub.core.events import event_key
from hubbub.core.work import Entry, Receipt
from hubbub.storage import codec
from hubbub.storage.sqlite.inbox import Inbox
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import INSERT_ENTRY, Writer

log = logging.getLogger(__name__)

_TAKE = "DELETE FROM timer WHERE name = ? AND due = ? AND event = ?"


@dataclass(frozen=True, slots=True)
class _Due:
    """A timer that was read, and the entry it becomes; None if its event cannot be read."""

    name: str
    due: float
    event: bytes
    entry: Entry | None


class Timers:
    """The `Timers` part of the contract; units set and cancel them."""

    def __init__(self, writer: Writer, reader: Reader, inbox: Inbox) -> None:
        """What fires goes into the inbox."""
        self._writer = writer
        self._reader = reader
        self._inbox = inbox

    async def fire(self, now: float, node: str = "", limit: int = 100) -> Sequence[Receipt]:
        """See `store.Timers.fire`."""
        due = await self._reader.read(partial(_read_due, now, limit))
        if not due:
            return []
        timers = [self._numbered(*columns) for columns in due]
        fired: list[Entry] = []
        future: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()
        batch = self._writer.batch
        batch.applies.append(partial(_fire, timers, now, fired))
        batch.finishes.append(partial(self._fired, fired, node, future))
        return await future

    def _numbered(self, name: str, due: float, lane: str, data: bytes) -> _Due:
        try:
            entry = self._inbox.number(codec.decode_event(data), lane)
        except ValueError as error:
            log.error("timer %s is dropped: %s", name, error)  # noqa: TRY400 - an expected kind
            entry = None
        return _Due(name, due, data, entry)

    def _fired(
        self, fired: list[Entry], node: str, future: asyncio.Future[list[Receipt]], error: BaseException | None
    ) -> None:
        # Counted in at once, before anybody can claim the lane and read the entries there.
        receipts = [self._inbox.enter(entry, node) for entry in fired] if error is None else []
        if error is not None:
            if not future.cancelled():
                future.set_exception(error)
        elif not future.cancelled():
            future.set_result(receipts)
        else:
            for receipt in receipts:
                self._inbox.forsake(receipt)

    async def next_due(self) -> float | None:
        """See `store.Timers.next_due`."""

        def read(db: sqlite3.Connection) -> float | None:
            row = db.execute("SELECT min(due) FROM timer").fetchone()
            return float(row[0]) if row[0] is not None else None

        return await self._reader.read(read)


def _read_due(now: float, limit: int, db: sqlite3.Connection) -> list[tuple[str, float, str, bytes]]:
    query = "SELECT name, due, lane, event FROM timer WHERE due <= ? ORDER BY due, name LIMIT ?"
    return db.execute(query, (now, limit)).fetchall()


def _fire(timers: list[_Due], now: float, fired: list[Entry], db: sqlite3.Connection) -> None:
    """A timer that was cancelled or set anew since it was read does not fire."""
    for timer in timers:
        if db.execute(_TAKE, (timer.name, timer.due, timer.event)).rowcount and timer.entry is not None:
            entry = timer.entry
            values = (entry.id, event_key(entry.event), entry.lane, timer.event, now)
            if db.execute(INSERT_ENTRY, values).rowcount:
                fired.append(entry)
