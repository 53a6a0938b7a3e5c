"""The inbox: accepted events, each handled once, in order within its lane, by one process at a time."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from hubbub.core.addresses import Room
from hubbub.core.errors import Overloaded, StoreError, Unstorable
from hubbub.core.events import Event, Received, event_key
from hubbub.core.identities import owner_of
from hubbub.core.work import Claim, Committed, Entry, GivenUp, Outgoing, Receipt, Row, Unit
from hubbub.storage import codec
from hubbub.storage.postgres import texts, writes
from hubbub.storage.postgres.orders import Abandon, Accept, Call, Finish, GiveBack, Send, Take
from hubbub.storage.postgres.outbox import COLUMNS, read_row
from hubbub.storage.postgres.signals import POLL, heard
from hubbub.storage.rows import edits_code, read_given_up
from hubbub.storage.speech import MOST, message_in, place_of

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.parts import Parts

log = logging.getLogger(__name__)

_CLAIM = """
WITH chosen AS MATERIALIZED (
  SELECT lane, ready FROM conv WHERE ready IS NOT NULL ORDER BY ready LIMIT $2 FOR UPDATE SKIP LOCKED)
UPDATE conv c SET node = $1, behind = false, ready = NULL, fence = nextval('fence') FROM chosen
WHERE c.lane = chosen.lane RETURNING chosen.ready, c.lane, c.fence, c.waiting
"""
_HAND_OVER = """
WITH begun AS (
  UPDATE waiting SET attempts = attempts + 1 WHERE lane = ANY($1::text[]) RETURNING id, lane, attempts)
SELECT b.id, b.lane, i.event, b.attempts FROM begun b JOIN inbox i ON i.id = b.id ORDER BY b.id
"""
_GIVE_UP = "WITH gone AS (DELETE FROM waiting WHERE lane = $1 AND id = $2) UPDATE inbox SET error = $3 WHERE id = $2"
_BEGIN = "UPDATE waiting SET begun = begun + 1 WHERE id = $1 RETURNING begun"
_GIVEN_UP = "SELECT id, lane, event, error, at FROM inbox WHERE error IS NOT NULL AND id > $1 ORDER BY id LIMIT $2"
# Rooms of several accounts may have the same lanes, and one of a member has other rooms.
_SAID = """
SELECT event FROM inbox WHERE id < $1 AND id >= $2 AND (starts_with(lane, $3) OR lane = ANY($4::text[]))
  AND position($5::bytea in event) > 0 ORDER BY id DESC LIMIT $6
"""
_COUNT = """
UPDATE conv SET waiting = l.waiting FROM unnest($1::text[], $2::integer[]) AS l(lane, waiting) WHERE conv.lane = l.lane
"""
_DROP = "DELETE FROM conv WHERE lane = ANY($1::text[])"
_READY = "SELECT 1 FROM conv WHERE ready IS NOT NULL LIMIT 1"
_STATE = "SELECT EXISTS(SELECT 1 FROM waiting w WHERE w.lane = i.lane AND w.id = i.id) FROM inbox i WHERE i.id = $1"
_REPLIES = f"SELECT {COLUMNS} FROM outbox WHERE entry = $1 AND state = 11 ORDER BY id"  # noqa: S608 - fixed names


class Inbox:
    """The `Journal` part of the contract."""

    def __init__(self, parts: Parts) -> None:
        """Nothing to load."""
        self._parts = parts
        self._writer = parts.writer
        self._loop = asyncio.get_running_loop()

    def accept(self, event: Event, lane: str, node: str = "") -> Awaitable[Receipt]:
        """See `Journal.accept`."""
        if self._writer.full:
            msg = "too many events wait for the database"
            raise Overloaded(msg)
        future: asyncio.Future[Receipt] = self._loop.create_future()
        try:
            data = codec.encode(event)
            order = Accept(future, event, texts.name(lane), texts.key(event_key(event)), data, time.time(), node)
        except Unstorable as error:
            future.set_exception(error)
        else:
            self._writer.add(order)
        return future

    async def claim(self, node: str, limit: int) -> Sequence[Claim]:
        """See `Journal.claim`."""
        if limit <= 0:
            return []
        order = Take(self._loop.create_future(), partial(self._claim, node, limit))
        claims: list[Claim] = await self._writer.ask(order)
        if len(claims) >= limit:
            self._parts.signals.work.set()
        return claims

    async def _claim(self, node: str, limit: int, db: Connection) -> list[Claim]:
        # Before the look: what becomes free from now on is told anew.
        self._parts.signals.work.clear()
        identity = self._parts.presence.identify(node)
        if not identity:
            return []
        lanes = sorted(map(tuple, await db.fetch(_CLAIM, identity, limit)))
        if not lanes:
            return []
        found: dict[str, list[Entry]] = {name: [] for _, name, _, _ in lanes}
        for entry_id, name, data, attempts in await db.fetch(_HAND_OVER, sorted(found)):
            try:
                found[name].append(Entry(entry_id, texts.read(name), codec.decode_event(data), attempts))
            except ValueError as error:
                log.error("entry %d is given up: %s", entry_id, error)  # noqa: TRY400 - an expected kind
                await db.execute(_GIVE_UP, name, entry_id, str(error))
        await self._count(db, {name: waiting for _, name, _, waiting in lanes}, found)
        return [Claim(texts.read(name), fence, tuple(found[name])) for _, name, fence, _ in lanes if found[name]]

    async def _count(self, db: Connection, waiting: dict[str, int], found: dict[str, list[Entry]]) -> None:
        """What was found is what waits. A claim of nothing is none."""
        empty = sorted(name for name, entries in found.items() if not entries)
        wrong = sorted(name for name, entries in found.items() if entries and len(entries) != waiting[name])
        if empty:
            await db.execute(_DROP, empty)
        if wrong:
            await db.execute(_COUNT, wrong, [len(found[name]) for name in wrong])

    def commit(self, lane: str, fence: int, unit: Unit, *, release: bool = False) -> Awaitable[Committed]:
        """See `Journal.commit`."""
        future: asyncio.Future[Committed] = self._loop.create_future()
        try:
            # Whatever can be refused is, before anything of the unit is in the transaction that others share.
            order = Finish(
                future,
                texts.name(lane),
                fence,
                tuple(map(texts.number, unit.done)),
                tuple((texts.number(entry), texts.stored(codec.clean(why))) for entry, why in unit.dead),
                [_prepare(out) for out in unit.sends],
                writes.prepare(unit.writes),
                release,
                time.time(),
            )
        except StoreError as error:
            future.set_exception(error)
            return future
        if order.writes:
            order.after = partial(self._parts.branches.remember, order)
        self._writer.add(order)
        return future

    async def release(self, lane: str, fence: int) -> None:
        """See `Journal.release`."""
        await self._writer.ask(GiveBack(self._loop.create_future(), texts.name(lane), fence))

    async def abandon(self, node: str) -> None:
        """See `Journal.abandon`."""
        order = Abandon(self._loop.create_future(), node)
        order.after = lambda: self._parts.presence.became(order.value)
        await self._writer.ask(order)

    async def work(self, timeout: float) -> None:  # noqa: ASYNC109 - as the port says
        """See `Journal.work`."""
        end = self._loop.time() + timeout
        while (left := end - self._loop.time()) > 0:
            if await heard(self._parts.signals.work, min(left, POLL)):
                return
            if left > POLL and await self._parts.reader.fetch(_READY):
                return

    async def replies(self, entry: int) -> Sequence[Row] | None:
        """See `Journal.replies`."""
        found = await self._parts.reader.row(_STATE, texts.number(entry))
        if found is None:
            msg = f"there is no entry {entry}"
            raise StoreError(msg)
        if found[0]:
            return None
        return [read_row(row, self._writer.hub) for row in await self._parts.reader.fetch(_REPLIES, entry)]

    async def begin(self, entry: int) -> int:
        """See `Journal.begin`."""
        before: int = await self._writer.ask(Call(self._loop.create_future(), partial(_begin, texts.number(entry))))
        return before

    async def said(self, room: Room, before: int, limit: int, lanes: Sequence[str] = ()) -> Sequence[Received]:
        """See `Journal.said`."""
        own, others = texts.stored(owner_of(room, "", shared=True)), list(map(texts.stored, lanes))
        first = texts.number(before)
        rows = await self._parts.reader.fetch(_SAID, first, max(0, first - MOST), own, others, place_of(room), limit)
        found = await asyncio.to_thread(lambda: [message_in(row[0], room) for row in rows])
        return [each for each in found if each is not None][:limit]

    async def given_up(self, limit: int = 100, after: int = 0) -> Sequence[GivenUp]:
        """See `Journal.given_up`."""
        rows = await self._parts.reader.fetch(_GIVEN_UP, texts.number(after), limit)
        return [read_given_up((row[0], texts.read(row[1]), row[2], texts.read(row[3]), row[4])) for row in rows]


async def _begin(entry: int, db: Connection) -> int:
    rows = await db.fetch(_BEGIN, entry)
    return int(rows[0][0]) - 1 if rows else 0


def _prepare(out: Outgoing) -> Send:
    """A message, its room, its content and what it replies to as they are stored. Raises Unstorable."""
    if texts.number(out.entry) != out.entry:
        msg = f"this cannot be stored: a message caused by the entry {out.entry}"
        raise Unstorable(msg)
    edits_code(out)
    return out, texts.name(out.room.key), codec.encode(out.message), texts.stored(out.reply_to)
