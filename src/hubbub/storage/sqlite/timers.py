"""Timers: events of the future. Firing is accepting, in the transaction that removes the timer."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from functools import partial

from hubbub.core.events import event_key
from hubbub.core.work import Claim, Entry, Receipt
from hubbub.storage import codec
from hubbub.storage.sqlite.inbox import Inbox
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import INSERT_ENTRY, Writer


class Timers:
    """The `Timers` part of the contract; units set and cancel them."""

    def __init__(self, writer: Writer, reader: Reader, inbox: Inbox) -> None:
        """What fires goes into the inbox."""
        self._writer = writer
        self._reader = reader
        self._inbox = inbox

    async def fire(self, now: float, node: str = "", limit: int = 100) -> Sequence[Receipt]:
        """See `ports.Timers.fire`."""
        due = await self._reader.read(partial(_read_due, now, limit))
        if not due:
            return []
        entries = {name: self._inbox.number(codec.decode_event(event), lane) for name, lane, event in due}
        fired: list[Entry] = []
        future: asyncio.Future[list[Receipt]] = asyncio.get_running_loop().create_future()

        def finish(error: BaseException | None) -> None:
            # Counted in at once, before anybody can claim the lane and read the entries there.
            receipts = [self._receipt(entry, node) for entry in fired] if error is None else []
            if future.cancelled():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(receipts)

        batch = self._writer.batch
        batch.applies.append(partial(_fire, entries, now, fired))
        batch.finishes.append(finish)
        return await future

    def _receipt(self, entry: Entry, node: str) -> Receipt:
        fence = self._inbox.enter(entry, node)
        return Receipt(entry, claim=Claim(entry.lane, fence, (entry,)) if fence else None)

    async def next_due(self) -> float | None:
        """See `ports.Timers.next_due`."""

        def read(db: sqlite3.Connection) -> float | None:
            row = db.execute("SELECT min(due) FROM timer").fetchone()
            return float(row[0]) if row[0] is not None else None

        return await self._reader.read(read)


def _read_due(now: float, limit: int, db: sqlite3.Connection) -> list[tuple[str, str, bytes]]:
    query = "SELECT name, lane, event FROM timer WHERE due <= ? ORDER BY due, name LIMIT ?"
    return db.execute(query, (now, limit)).fetchall()


def _fire(entries: dict[str, Entry], now: float, fired: list[Entry], db: sqlite3.Connection) -> None:
    """A timer that was cancelled or set anew since it was read does not fire."""
    for name, entry in entries.items():
        if db.execute("DELETE FROM timer WHERE name = ? AND due <= ?", (name, now)).rowcount:
            values = (entry.id, event_key(entry.event), entry.lane, codec.encode(entry.event), now)
            if db.execute(INSERT_ENTRY, values).rowcount:
                fired.append(entry)
