"""The inbox: accepted events, each handled once, in order within its lane."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Sequence
from functools import partial

from hubbub.core.errors import Fenced, Overloaded, StoreError
from hubbub.core.events import Event, event_key
from hubbub.core.work import Claim, Committed, Entry, Receipt, Row, Unit
from hubbub.storage import codec
from hubbub.storage.schema import DONE, GIVEN_UP
from hubbub.storage.sqlite.branches import Branches
from hubbub.storage.sqlite.lanes import Lane, Lanes
from hubbub.storage.sqlite.outbox import Outbox
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Batch, Writer


class Inbox:
    """The `Journal` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader, outbox: Outbox, branches: Branches) -> None:
        """Numbers go on where the file ends; `load` reads them."""
        self._writer = writer
        self._reader = reader
        self._outbox = outbox
        self._branches = branches
        self._loop = asyncio.get_running_loop()
        self.lanes = Lanes()
        self._next = 1
        self._accepted_up_to = 0

    def load(self, db: sqlite3.Connection) -> None:
        """Take over what the file holds: called once, before anything else."""
        self._accepted_up_to = int(db.execute("SELECT coalesce(max(id), 0) FROM inbox").fetchone()[0])
        self._next = self._accepted_up_to + 1
        db.execute("UPDATE inbox SET attempts = attempts + 1 WHERE state = 0")
        self.lanes.count_in(db.execute("SELECT lane, count(*) FROM inbox WHERE state = 0 GROUP BY lane").fetchall())

    def accept(self, event: Event, lane: str, node: str = "") -> Awaitable[Receipt]:
        """See `Journal.accept`."""
        if self._writer.full:
            msg = "too many events wait for the database"
            raise Overloaded(msg)
        entry = self.number(event, lane)
        future: asyncio.Future[Receipt] = self._loop.create_future()
        batch = self._writer.batch
        batch.entries.append((entry.id, event_key(event), lane, codec.encode(event), time.time()))
        batch.finishes.append(partial(self._accepted, batch, entry, node, future))
        return future

    def number(self, event: Event, lane: str) -> Entry:
        """Give an event the next number."""
        entry = Entry(self._next, lane, event)
        self._next += 1
        return entry

    def _accepted(
        self, batch: Batch, entry: Entry, node: str, future: asyncio.Future[Receipt], error: BaseException | None
    ) -> None:
        if error is not None:
            if not future.cancelled():
                future.set_exception(error)
        elif entry.id in batch.missing:
            self._reader.submit(partial(_find_first, entry), partial(_tell_known, future))
        else:
            fence = self.enter(entry, node)
            if not future.cancelled():
                future.set_result(Receipt(entry, claim=Claim(entry.lane, fence, (entry,)) if fence else None))
            elif fence:
                # Whoever asked is gone, the entry is not: somebody else takes it.
                self.lanes.give_back(entry.lane, fence)

    def enter(self, entry: Entry, node: str) -> int:
        """Count a committed entry in; the fence if ``node`` may go on with it at once, else 0."""
        if entry.id > self._accepted_up_to:
            self._accepted_up_to = entry.id
        return self.lanes.enter(entry.lane, node)

    async def claim(self, node: str, limit: int) -> Sequence[Claim]:
        """See `Journal.claim`."""
        taken = self.lanes.take(node, limit)
        if not taken:
            return []
        found: dict[str, list[Entry]] = {name: [] for name in taken}
        # By the writer, behind every commit that is on its way: what those finish must not be handed out again.
        # Entries accepted from now on reach the claimer by their own receipts.
        waiting: list[Entry] = await self._writer.call(partial(_waiting, frozenset(taken), self._accepted_up_to))
        for entry in waiting:
            found[entry.lane].append(entry)
        return [Claim(name, fence, tuple(found[name])) for name, fence in taken.items()]

    def commit(self, lane: str, fence: int, unit: Unit, *, release: bool = False) -> Awaitable[Committed]:
        """See `Journal.commit`."""
        future: asyncio.Future[Committed] = self._loop.create_future()
        try:
            held = self.lanes.held(lane, fence)
        except Fenced as error:
            future.set_exception(error)
            return future
        batch = self._writer.batch
        for entry_id in unit.done:
            batch.finished.append((DONE, "", entry_id))
        for entry_id, why in unit.dead:
            batch.finished.append((GIVEN_UP, why, entry_id))
        rows = self._outbox.put(batch, unit.sends) if unit.sends else ()
        applied = self._branches.put(batch, unit.writes) if unit.writes else None
        count = len(unit.done) + len(unit.dead)

        def finish(error: BaseException | None) -> None:
            self._finish(held, (lane, fence, release, count), rows, future, error)
            if applied is not None:
                applied(error)

        batch.finishes.append(finish)
        return future

    def _finish(
        self,
        held: Lane,
        claim: tuple[str, int, bool, int],
        rows: tuple[Row, ...],
        future: asyncio.Future[Committed],
        error: BaseException | None,
    ) -> None:
        if error is not None:
            if not future.cancelled():
                future.set_exception(error)
            return
        lane, fence, release, count = claim
        released = self.lanes.finish(lane, held, fence, count, release=release)
        if not future.cancelled():
            future.set_result(Committed(rows, released))

    async def release(self, lane: str, fence: int) -> None:
        """See `Journal.release`."""
        self.lanes.give_back(lane, fence)

    async def abandon(self, node: str) -> None:
        """See `Journal.abandon`."""
        self.lanes.abandon(node)

    async def work(self, timeout: float) -> None:  # noqa: ASYNC109 - as the port says
        """See `Journal.work`."""
        await self.lanes.work(timeout)

    async def replies(self, entry: int) -> Sequence[Row] | None:
        """See `Journal.replies`."""
        return await self._reader.read(partial(self._outbox.read_replies, entry))


def _waiting(lanes: frozenset[str], up_to: int, db: sqlite3.Connection) -> list[Entry]:
    found = db.execute("SELECT id, lane, event, attempts FROM inbox WHERE state = 0 AND id <= ? ORDER BY id", (up_to,))
    return [Entry(row[0], row[1], codec.decode_event(row[2]), row[3]) for row in found if row[1] in lanes]


def _find_first(entry: Entry, db: sqlite3.Connection) -> Entry:
    row = db.execute("SELECT id, lane, attempts FROM inbox WHERE key = ?", (event_key(entry.event),)).fetchone()
    if row is None:
        msg = f"event {event_key(entry.event)} is neither new nor known"
        raise StoreError(msg)
    return Entry(row[0], row[1], entry.event, row[2])


def _tell_known(future: asyncio.Future[Receipt], first: Entry | None, error: StoreError | None) -> None:
    if future.done():
        return
    if first is not None:
        future.set_result(Receipt(first, duplicate=True))
    elif error is not None:
        future.set_exception(error)
