"""One transaction: what gathered, in a fixed number of statements however much it is.

The lanes come first, locked in the order of their names; what each order may do is decided on these locked rows in
the order in which the orders were given, as if each had a transaction of its own. Numbers of entries are drawn under
the locks, so within a lane they rise in the order of commits.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hubbub.core.errors import StoreError
from hubbub.core.events import event_key
from hubbub.core.work import Claim, Committed, Entry, Receipt, Row, State
from hubbub.storage import codec
from hubbub.storage.postgres import deliveries, texts, writes
from hubbub.storage.postgres.database import FAILURES, NOW, lost, refused
from hubbub.storage.postgres.lanes import Lane, fenced
from hubbub.storage.postgres.orders import Abandon, Accept, Call, Finish, Fire, GiveBack, Order, Take, of
from hubbub.storage.rows import row_key, state_code

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection, Record
    from hubbub.storage.postgres.presence import Presence

log = logging.getLogger(__name__)

_LOCK = "SELECT lane, node, fence, waiting, behind FROM conv WHERE lane = ANY($1::text[]) ORDER BY lane FOR UPDATE"
_ENTER = f"""
INSERT INTO conv AS c (lane, node, waiting, ready)
SELECT e.lane, e.node, e.waiting, CASE WHEN e.node = '' THEN {NOW} END
FROM unnest($1::text[], $2::text[], $3::integer[]) AS e(lane, node, waiting)
ON CONFLICT (lane) DO UPDATE SET waiting = c.waiting
RETURNING lane, node, fence, waiting, behind, xmax = 0
"""  # noqa: S608 - fixed
_ACCEPT = """
WITH given AS MATERIALIZED (
  SELECT nextval('inbox_id_seq') AS id, g.* FROM unnest($1::text[], $2::text[], $3::bytea[], $4::float8[])
  AS g(key, lane, event, at)),
fresh AS (
  INSERT INTO inbox(id, key, lane, event, at) SELECT id, key, lane, event, at FROM given ORDER BY key, id
  ON CONFLICT (key) DO NOTHING RETURNING id, key, lane),
queued AS (INSERT INTO waiting(lane, id) SELECT lane, id FROM fresh)
SELECT id, key FROM fresh
"""
_KNOWN = """
SELECT i.key, i.id, i.lane, coalesce(w.attempts, 0), i.event
FROM inbox i LEFT JOIN waiting w ON w.lane = i.lane AND w.id = i.id WHERE i.key = ANY($1::text[])
"""
_FINISH = """
DELETE FROM waiting w USING unnest($1::text[], $2::bigint[]) AS d(lane, id) WHERE w.lane = d.lane AND w.id = d.id
RETURNING w.id
"""
_GIVE_UP = """
UPDATE inbox SET error = d.why FROM unnest($1::bigint[], $2::text[]) AS d(id, why) WHERE inbox.id = d.id
"""
_SEND = """
INSERT INTO outbox(room, entry, message, reply_to, delivery, state, attempts, created_at, node)
SELECT room, entry, message, reply_to, delivery, state, attempts, created_at, node
FROM unnest($1::text[], $2::bigint[], $3::bytea[], $4::text[], $5::text[], $6::smallint[], $7::integer[],
  $8::float8[], $9::text[]) WITH ORDINALITY
  AS s(room, entry, message, reply_to, delivery, state, attempts, created_at, node, place)
ORDER BY place RETURNING id
"""
_CHANGE = f"""
UPDATE conv c SET node = l.node, waiting = l.waiting, behind = l.behind,
  ready = CASE WHEN l.node = '' THEN coalesce(c.ready, {NOW}) END,
  fence = CASE WHEN l.renew THEN nextval('fence') ELSE c.fence END
FROM unnest($1::text[], $2::text[], $3::integer[], $4::boolean[], $5::boolean[])
  AS l(lane, node, waiting, behind, renew)
WHERE c.lane = l.lane RETURNING c.lane, c.fence
"""  # noqa: S608 - fixed
_LEAVE = "DELETE FROM conv WHERE lane = ANY($1::text[])"
_FIRE = """
DELETE FROM timer WHERE name = ANY(ARRAY(
  SELECT name FROM timer WHERE due <= $1 ORDER BY due, name LIMIT $2 FOR UPDATE SKIP LOCKED))
RETURNING due, name, lane, event
"""


class Transaction:
    """Carries out orders on a connection that has begun; setting their values is its result."""

    def __init__(self, connection: Connection, orders: Sequence[Order], presence: Presence, hub: str) -> None:
        """``hub`` is the installation's own mark."""
        self._db = connection
        self._orders = orders
        self._presence = presence
        self._identify = presence.identify
        self._hub = hub
        self._lanes: dict[str, Lane] = {}
        self._known: dict[str, Record] = {}
        self._gone: set[int] = set()
        self.accepts: list[Accept] = []
        self.finishes = of(orders, Finish)
        self.freed = self.queued = False
        """There is something to claim; there are rows to send. For whoever waits for that."""
        self.fenced = 0

    async def run(self) -> None:
        """Everything but the commit. Raises what the driver raises."""
        for order in self._orders:
            order.value = order.error = None
        await self._fire()
        self._gather()
        await self._lock()
        await self._enter()
        if self.accepts:
            await self._accept()
        if self.finishes:
            await self._finish()
        await deliveries.carry_out(self._db, self._orders, self._presence.identity)
        self._decide()
        await self._leave()
        self._receive()
        await self._abandon()
        await self._call()

    # --- what comes in -----------------------------------------------------------------------------------------

    async def _fire(self) -> None:
        for order in of(self._orders, Fire):
            order.fired = []
            for due, name, lane, data in sorted(
                map(tuple, await self._db.fetch(_FIRE, order.now, max(order.limit, 0)))
            ):
                try:
                    event = codec.decode_event(data)
                except ValueError as error:
                    log.error("timer %s due at %s is dropped: %s", name, due, error)  # noqa: TRY400 - an expected kind
                    continue
                key = texts.key(event_key(event))
                order.fired.append(Accept(order.future, event, lane, key, data, order.now, order.node))

    def _gather(self) -> None:
        for order in self._orders:
            if type(order) is Accept:
                order.claimed = False
                self.accepts.append(order)
            elif type(order) is Fire:
                self.accepts.extend(order.fired)

    async def _lock(self) -> None:
        ending = {order.lane for order in self._orders if type(order) is Finish or type(order) is GiveBack}
        if ending:
            names = sorted(ending.union(order.lane for order in self.accepts))
            for row in await self._db.fetch(_LOCK, names):
                self._lanes[row[0]] = Lane(*row).keep()

    async def _enter(self) -> None:
        """Lock the lanes that are not there yet by making them: mostly as they will be in the end."""
        guesses: dict[str, tuple[str, int]] = {}
        for order in self.accepts:
            if order.lane not in self._lanes:
                node, count = guesses.get(order.lane) or (self._identify(order.node), 0)
                guesses[order.lane] = (node, count + 1)
        if not guesses:
            return
        names = sorted(guesses)
        nodes, counts = [guesses[name][0] for name in names], [guesses[name][1] for name in names]
        for name, node, fence, waiting, behind, fresh in await self._db.fetch(_ENTER, names, nodes, counts):
            if fresh:
                self._lanes[name] = Lane(name, "", fence, 0, False, unused=True, stored=(node, waiting, behind))
            else:
                self._lanes[name] = Lane(name, node, fence, waiting, behind).keep()

    async def _accept(self) -> None:
        some = self.accepts
        columns = ([a.key for a in some], [a.lane for a in some], [a.data for a in some], [a.at for a in some])
        fresh = {key: entry_id for entry_id, key in await self._db.fetch(_ACCEPT, *columns)}
        repeated = []
        for order in some:
            entry_id = fresh.pop(order.key, 0)
            order.entry = Entry(entry_id, texts.read(order.lane), order.event) if entry_id else None
            if not entry_id:
                repeated.append(order.key)
        if repeated:
            self._known = {row[0]: row for row in await self._db.fetch(_KNOWN, repeated)}

    # --- units -------------------------------------------------------------------------------------------------

    async def _finish(self) -> None:
        held = []
        for order in self.finishes:
            lane = self._lanes.get(order.lane)
            if lane is not None and lane.held(order.fence):
                held.append(order)
            else:
                order.error = fenced(texts.read(order.lane), order.fence)
                self.fenced += 1
        if not held:
            return
        await self._end_entries(held)
        units = [order for order in held if order.rows]
        if units:
            await self._send(units)
        writing = [order for order in held if order.writes]
        if writing:
            made = await writes.carry_out(self._db, [(order.writes, order.now) for order in writing])
            for order, nodes in zip(writing, made, strict=True):
                order.nodes = nodes

    async def _end_entries(self, held: list[Finish]) -> None:
        over = [(o.lane, each) for o in held for each in (*o.done, *(entry for entry, _ in o.dead))]
        if over:
            lanes, ids = [lane for lane, _ in over], [each for _, each in over]
            self._gone = {row[0] for row in await self._db.fetch(_FINISH, lanes, ids)}
        dead = [each for order in held for each in order.dead if each[0] in self._gone]
        if dead:
            await self._db.execute(_GIVE_UP, [entry for entry, _ in dead], [why for _, why in dead])

    async def _send(self, units: list[Finish]) -> None:
        values: list[tuple[Any, ...]] = []
        for order in units:
            node = self._presence.identity or self._lanes[order.lane].node
            for out, room, message, reply_to in order.rows:
                attempts = 1 if out.state is State.SENDING else 0
                state, delivery = state_code(out.state), out.delivery.value
                values.append((room, out.entry, message, reply_to, delivery, state, attempts, order.now, node))
                self.queued = self.queued or out.state is State.QUEUED
        numbers = iter(await self._db.fetch(_SEND, *(list(column) for column in zip(*values, strict=True))))
        for order in units:
            order.value = tuple(
                Row(
                    row_id := next(numbers)[0],
                    out,
                    row_key(self._hub, row_id),
                    out.state,
                    1 if out.state is State.SENDING else 0,
                    created_at=order.now,
                )
                for out, *_ in order.rows
            )

    # --- who works on what -------------------------------------------------------------------------------------

    def _decide(self) -> None:
        for order in self._orders:
            if isinstance(order, Accept):
                self._let_in(order)
            elif isinstance(order, Finish):
                self._release(order)
            elif isinstance(order, Fire):
                for each in order.fired:
                    self._let_in(each)
            elif isinstance(order, GiveBack):
                lane = self._lanes.get(order.lane)
                if lane is not None and lane.held(order.fence):
                    lane.free()

    def _let_in(self, order: Accept) -> None:
        if order.entry is not None:
            order.claimed = self._lanes[order.lane].enter(self._identify(order.node))

    def _release(self, order: Finish) -> None:
        if order.error is None:
            over = {*order.done, *(entry for entry, _ in order.dead)}
            released = self._lanes[order.lane].finish(len(over & self._gone), release=order.release)
            order.value = Committed(order.value or (), released)

    async def _leave(self) -> None:
        """Write the lanes as they are now."""
        lanes = self._lanes.values()
        self.freed = any(lane.claimable for lane in lanes)
        over = [lane.name for lane in lanes if lane.over]
        changed = sorted((lane for lane in lanes if lane.changed and not lane.over), key=lambda lane: lane.name)
        if changed:
            columns = zip(*((c.name, c.node, c.waiting, c.behind, c.renew) for c in changed), strict=True)
            for name, fence in await self._db.fetch(_CHANGE, *(list(column) for column in columns)):
                self._lanes[name].fence = fence
        if over:
            await self._db.execute(_LEAVE, over)

    def _receive(self) -> None:
        for order in self._orders:
            if type(order) is Accept:
                order.value, order.error = self._receipt(order)
            elif type(order) is Fire:
                order.value = [self._receipt(each)[0] for each in order.fired if each.entry is not None]

    def _receipt(self, order: Accept) -> tuple[Receipt | None, StoreError | None]:
        entry = order.entry
        if entry is not None:
            lane = self._lanes[order.lane]
            # What was given back meanwhile is not handed over.
            claimed = order.claimed and lane.node
            return Receipt(entry, claim=Claim(entry.lane, lane.fence, (entry,)) if claimed else None), None
        first = self._known.get(order.key)
        if first is None:
            return None, StoreError(f"event {order.key} is neither new nor known")
        _, entry_id, lane_name, attempts, data = first
        try:
            event = codec.decode_event(data)
        except ValueError:  # given up long ago: that it is known is what counts
            event = order.event
        return Receipt(Entry(entry_id, texts.read(lane_name), event, attempts), duplicate=True), None

    # --- the rest ----------------------------------------------------------------------------------------------

    async def _abandon(self) -> None:
        # After the units: what was committed before counts.
        for order in of(self._orders, Abandon):
            self.freed = await self._presence.forget(self._db, order.node) or self.freed
            order.value = await self._presence.renew(self._db, order.node)

    async def _call(self) -> None:
        for take in of(self._orders, Take):
            take.value = await take.function(self._db)
        for order in of(self._orders, Call):
            await self._db.execute("SAVEPOINT one_call")
            try:
                order.value = await order.function(self._db)
            except (StoreError, *FAILURES) as error:
                if not isinstance(error, StoreError) and lost(self._db, error):
                    raise
                order.error = error if isinstance(error, StoreError) else refused(error)
                await self._db.execute("ROLLBACK TO one_call")
            await self._db.execute("RELEASE one_call")
