"""The inbox: accepted events, each handled once, in order within its lane."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Awaitable, Sequence
from functools import partial

from hubbub.core.addresses import Room
from hubbub.core.errors import Overloaded, StoreError, Unstorable
from hubbub.core.events import Event, Received, event_key
from hubbub.core.work import Claim, Committed, Entry, GivenUp, Receipt, Row, Unit
from hubbub.storage import codec
from hubbub.storage.rows import read_given_up
from hubbub.storage.schema import DONE, GIVEN_UP
from hubbub.storage.sqlite import speech
from hubbub.storage.sqlite.branches import Branches
from hubbub.storage.sqlite.lanes import Lane, Lanes
from hubbub.storage.sqlite.outbox import Outbox
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import FINISH_ENTRY, Batch, Writer

log = logging.getLogger(__name__)

_LEFT = "SELECT lane, count(*) FROM inbox WHERE state = 0 GROUP BY lane ORDER BY min(id)"
_WAITING_IN = "SELECT id, event, attempts FROM inbox WHERE state = 0 AND lane = ? AND id < ? ORDER BY id"
_BEGIN = "UPDATE inbox SET begun = begun + 1 WHERE id = ? AND state = 0 RETURNING begun"
_GIVEN_UP = "SELECT id, lane, event, error, at FROM inbox WHERE state = 2 AND id > ? ORDER BY id LIMIT ?"
_COUNT_ATTEMPT = "UPDATE inbox SET attempts = attempts + 1 WHERE id = ?"


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

    def load(self, db: sqlite3.Connection, epoch: int) -> None:
        """Take over what the file holds: called once, before anything else. ``epoch`` counts the openings."""
        self._next = int(db.execute("SELECT coalesce(max(id), 0) FROM inbox").fetchone()[0]) + 1
        self.lanes.start(epoch)
        self.lanes.count_in(db.execute(_LEFT).fetchall())

    def accept(self, event: Event, lane: str, node: str = "") -> Awaitable[Receipt]:
        """See `Journal.accept`."""
        if self._writer.full:
            msg = "too many events wait for the database"
            raise Overloaded(msg)
        future: asyncio.Future[Receipt] = self._loop.create_future()
        try:
            codec.check(lane)
            data = codec.encode(event)
        except Unstorable as error:
            future.set_exception(error)
            return future
        entry = self.number(event, lane)
        batch = self._writer.batch
        batch.entries.append((entry.id, event_key(event), lane, data, time.time()))
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
            receipt = self.enter(entry, node)
            if not future.cancelled():
                future.set_result(receipt)
            else:
                self.forsake(receipt)

    def enter(self, entry: Entry, node: str) -> Receipt:
        """Count a committed entry in, and claim it if ``node`` may go on with it at once."""
        fence = self.lanes.enter(entry.lane, node)
        return Receipt(entry, claim=Claim(entry.lane, fence, (entry,)) if fence else None)

    def forsake(self, receipt: Receipt) -> None:
        """Whoever asked is gone, the entry is not: somebody else takes it."""
        if receipt.claim is not None:
            self.lanes.give_back(receipt.claim.lane, receipt.claim.fence)

    async def claim(self, node: str, limit: int) -> Sequence[Claim]:
        """See `Journal.claim`."""
        taken = self.lanes.take(node, limit)
        if not taken:
            return []
        future: asyncio.Future[list[Claim]] = self._loop.create_future()
        found: dict[str, list[Entry]] = {name: [] for name in taken}
        batch = self._writer.batch
        # Read by the writer, behind every commit that is on its way, and told in line with the acceptances: entries
        # numbered so far are read here, later ones reach the claimer by their own receipts, after these.
        batch.applies.append(partial(_read_waiting, found, self._next))
        batch.finishes.append(partial(self._claimed, taken, found, future))
        return await future

    def _claimed(
        self,
        taken: dict[str, int],
        found: dict[str, list[Entry]],
        future: asyncio.Future[list[Claim]],
        error: BaseException | None,
    ) -> None:
        if error is not None or future.cancelled():
            for name, fence in taken.items():
                self.lanes.give_back(name, fence)
            if error is not None and not future.cancelled():
                future.set_exception(error)
            return
        held = ((name, fence) for name, fence in taken.items() if self.lanes.handed(name, fence, len(found[name])))
        future.set_result([Claim(name, fence, tuple(found[name])) for name, fence in held])

    def commit(self, lane: str, fence: int, unit: Unit, *, release: bool = False) -> Awaitable[Committed]:
        """See `Journal.commit`."""
        future: asyncio.Future[Committed] = self._loop.create_future()
        try:
            # Whatever can be refused is, before anything of the unit is in the batch that others share.
            held = self.lanes.held(lane, fence)
            rows, values = self._outbox.number(unit.sends) if unit.sends else ((), ())
            writes = self._branches.prepare(unit.writes) if unit.writes else None
        except StoreError as error:
            future.set_exception(error)
            return future
        batch = self._writer.batch
        for entry_id in unit.done:
            batch.finished.append((DONE, "", entry_id))
        for entry_id, why in unit.dead:
            batch.finished.append((GIVEN_UP, codec.clean(why), entry_id))
        if values:
            batch.rows.extend(values)
        applied = self._branches.put(batch, writes) if writes else None
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

    async def begin(self, entry: int) -> int:
        """See `Journal.begin`."""
        before: int = await self._writer.call(partial(_begin, entry))
        return before

    async def said(self, room: Room, before: int, limit: int, lanes: Sequence[str] = ()) -> Sequence[Received]:
        """See `Journal.said`."""
        return await self._reader.read(partial(speech.said, room, before, limit, lanes))

    async def given_up(self, limit: int = 100, after: int = 0) -> Sequence[GivenUp]:
        """See `Journal.given_up`."""
        return await self._reader.read(partial(_given_up, limit, after))


def _read_waiting(found: dict[str, list[Entry]], before: int, db: sqlite3.Connection) -> None:
    """Fill in the entries that wait in these lanes; one that cannot be read is given up, so that others get by."""
    for lane, entries in found.items():
        for entry_id, data, attempts in db.execute(_WAITING_IN, (lane, before)).fetchall():
            try:
                entries.append(Entry(entry_id, lane, codec.decode_event(data), attempts + 1))
            except ValueError as error:
                log.error("entry %d is given up: %s", entry_id, error)  # noqa: TRY400 - an expected kind
                db.execute(FINISH_ENTRY, (GIVEN_UP, str(error), entry_id))
        db.executemany(_COUNT_ATTEMPT, [(entry.id,) for entry in entries])


def _begin(entry: int, db: sqlite3.Connection) -> int:
    row = db.execute(_BEGIN, (entry,)).fetchone()
    return int(row[0]) - 1 if row else 0


def _given_up(limit: int, after: int, db: sqlite3.Connection) -> list[GivenUp]:
    return [read_given_up(row) for row in db.execute(_GIVEN_UP, (after, limit)).fetchall()]


def _find_first(entry: Entry, db: sqlite3.Connection) -> Entry:
    row = db.execute("SELECT id, lane, attempts, event FROM inbox WHERE key = ?", (event_key(entry.event),)).fetchone()
    if row is None:
        msg = f"event {event_key(entry.event)} is neither new nor known"
        raise StoreError(msg)
    try:
        event = codec.decode_event(row[3])
    except ValueError:  # given up long ago: that it is known is what counts
        event = entry.event
    return Entry(row[0], row[1], event, row[2])


def _tell_known(future: asyncio.Future[Receipt], first: Entry | None, error: StoreError | None) -> None:
    if future.done():
        return
    if first is not None:
        future.set_result(Receipt(first, duplicate=True))
    elif error is not None:
        future.set_exception(error)
