"""One transaction: what gathered, in a fixed number of statements however much it is.

The lanes come first, locked in the order of their names; what each order may do is decided on these locked rows in
the order in which the orders were given, as if each had a transaction of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hubbub.core.errors import StoreError
from hubbub.core.events import event_key
from hubbub.core.work import Committed, Receipt
from hubbub.storage import codec
from hubbub.storage.postgres import deliveries, reserving, texts
from hubbub.storage.postgres.database import FAILURES, NOW, lost, refused
from hubbub.storage.postgres.entrance import Entrance
from hubbub.storage.postgres.lanes import Lane, fenced
from hubbub.storage.postgres.orders import Abandon, Accept, Call, Finish, Fire, GiveBack, Order, Take, of
from hubbub.storage.postgres.units import Units

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.presence import Presence

log = logging.getLogger(__name__)

_LOCK = "SELECT lane, node, fence, waiting, behind FROM conv WHERE lane = ANY($1::text[]) ORDER BY lane FOR UPDATE"
_CHANGE = f"""
UPDATE conv c SET node = l.node, waiting = l.waiting, behind = l.behind,
  ready = CASE WHEN l.node = '' THEN coalesce(c.ready, {NOW}) END,
  fence = CASE WHEN l.renew THEN nextval('fence') ELSE c.fence END
FROM unnest($1::text[], $2::text[], $3::integer[], $4::boolean[], $5::boolean[])
  AS l(lane, node, waiting, behind, renew)
WHERE c.lane = l.lane RETURNING c.lane, c.fence
"""  # noqa: S608 - fixed
_RETURN = f"""
INSERT INTO conv(lane, node, fence, waiting, behind, ready)
VALUES ($1, $2, $3, $4, $5, CASE WHEN $2 = '' THEN {NOW} END)
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
        self._lanes: dict[str, Lane] = {}
        self._entrance = Entrance(connection, self._lanes, presence)
        self._units = Units(connection, presence, hub)
        self.accepts: list[Accept] = []
        self.finishes = of(orders, Finish)
        self.freed = False
        """There is something to claim, for whoever waits for that."""
        self.fenced = 0

    @property
    def queued(self) -> bool:
        """There are messages that somebody has to send."""
        return self._units.queued

    async def run(self) -> None:
        """Everything but the commit. Raises what the driver raises."""
        for order in self._orders:
            order.value = order.error = None
        await self._fire()
        self._gather()
        await self._lock()
        if self.accepts:
            await self._entrance.admit(self.accepts)
        await self._finish()
        await deliveries.carry_out(self._db, self._orders, self._presence.identity)
        self._decide()
        await self._leave()
        self._receive()
        await self._abandon()
        await self._call()
        await reserving.carry_out(self._db, of(self._orders, reserving.Reserve))

    async def _fire(self) -> None:
        for order in of(self._orders, Fire):
            order.fired = []
            due = await self._db.fetch(_FIRE, order.now, max(order.limit, 0))
            for at, name, lane, data in sorted(map(tuple, due)):
                try:
                    event = codec.decode_event(data)
                except ValueError as error:
                    log.error("timer %s due at %s is dropped: %s", name, at, error)  # noqa: TRY400 - an expected kind
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

    async def _finish(self) -> None:
        held = []
        for order in self.finishes:
            lane = self._lanes.get(order.lane)
            if lane is not None and lane.held(order.fence):
                held.append((order, lane))
            else:
                order.error = fenced(texts.read(order.lane), order.fence)
                self.fenced += 1
        if held:
            await self._units.store(held, {order.lane for order in self.accepts})

    # --- who works on what -------------------------------------------------------------------------------------

    def _decide(self) -> None:
        for order in self._orders:
            kind = type(order)
            if kind is Accept:
                self._let_in(order)  # type: ignore[arg-type]  # of this kind
            elif kind is Finish:
                self._release(order)  # type: ignore[arg-type]  # of this kind
            elif isinstance(order, Fire):
                for each in order.fired:
                    self._let_in(each)
            elif isinstance(order, GiveBack):
                lane = self._lanes.get(order.lane)
                if lane is not None and lane.held(order.fence):
                    lane.free()

    def _let_in(self, order: Accept) -> None:
        if order.entry is not None:
            order.claimed = self._lanes[order.lane].enter(self._presence.identify(order.node))

    def _release(self, order: Finish) -> None:
        if order.error is None:
            count = len(order.entries & self._units.gone)
            released = self._lanes[order.lane].finish(count, release=order.release)
            rows, elsewhere = order.value or ((), frozenset())
            order.value = Committed(rows, released, elsewhere)

    async def _leave(self) -> None:
        """Write the lanes as they are now."""
        lanes = self._lanes.values()
        self.freed = any(lane.claimable for lane in lanes)
        over = [lane.name for lane in lanes if lane.over and not lane.deleted]
        changed = sorted((lane for lane in lanes if lane.changed and not lane.over), key=lambda lane: lane.name)
        for lane in changed:
            if lane.deleted:
                await self._db.execute(_RETURN, lane.name, lane.node, lane.fence, lane.waiting, lane.behind)
        rows = [(c.name, c.node, c.waiting, c.behind, c.renew) for c in changed if not c.deleted]
        if rows:
            columns = zip(*rows, strict=True)
            for name, fence in await self._db.fetch(_CHANGE, *(list(column) for column in columns)):
                self._lanes[name].fence = fence
        if over:
            await self._db.execute(_LEAVE, over)

    def _receive(self) -> None:
        for order in self._orders:
            if type(order) is Accept:
                receipt = self._entrance.receipt(order)
                order.value, order.error = (receipt, None) if isinstance(receipt, Receipt) else (None, receipt)
            elif type(order) is Fire:
                order.value = [self._entrance.receipt(each) for each in order.fired if each.entry is not None]

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
