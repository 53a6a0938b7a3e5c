"""Group commit: what gathered while one transaction ran goes together into the next.

One task writes, on one connection, so the order of transactions is the order in which results are told. Nothing is
told before its transaction is committed. When the connection is lost the transaction is tried again on another; when
it is lost during the commit, the mark that every transaction leaves says whether it took effect.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hubbub.core.errors import StoreAway, StoreError
from hubbub.core.failpoints import COMMITS, Failpoint, never
from hubbub.storage.postgres import deliveries
from hubbub.storage.postgres.batch import Batch
from hubbub.storage.postgres.database import FAILURES, again, away, lost, poison, refused
from hubbub.storage.postgres.link import Link, Marker
from hubbub.storage.postgres.orders import Accept, Begin, GiveBack, Order, Settle, claims_of, of
from hubbub.storage.postgres.transaction import Transaction
from hubbub.storage.refusals import Refusals

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.presence import Presence
    from hubbub.storage.postgres.signals import Signals

log = logging.getLogger(__name__)

_MOST_AT_ONCE = 2000
_MOST_TRIES = 8


class Writer:
    """Takes orders and carries them out, many in a transaction."""

    def __init__(
        self, link: Link, presence: Presence, signals: Signals, limit: int, failpoint: Failpoint = never
    ) -> None:
        """``limit``: orders that may wait before `full` says no."""
        self._link = link
        self._presence = presence
        self._signals = signals
        self._limit = limit
        self._failpoint = failpoint
        self._waiting: deque[Order] = deque()
        self._some = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closed = False
        self._refusals = Refusals((*FAILURES, StoreError))
        self.hub = ""
        """The installation's own mark, part of every idempotency key; set when the database is open."""
        self.commits = self.written = self.fenced = self.repeated = 0

    @property
    def full(self) -> bool:
        """So much waits that new events must come later."""
        return len(self._waiting) >= self._limit

    def add(self, order: Order) -> None:
        """Let an order be carried out with the next transaction."""
        if self._closed:
            order.future.set_exception(StoreError("the store is closed"))
            return
        self._waiting.append(order)
        self._idle.clear()
        self._some.set()

    def ask(self, order: Order) -> asyncio.Future[Any]:
        """Add an order and wait for what becomes of it."""
        self.add(order)
        return order.future

    async def idle(self) -> None:
        """Return when nothing waits to be written."""
        await self._idle.wait()

    def close(self) -> None:
        """Take no more orders; those that wait are refused."""
        self._closed = True
        waiting, self._waiting = list(self._waiting), deque()
        self._refuse(waiting, StoreError("the store is closed"))
        self._tell(waiting)

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._some.wait()
            orders = self._take()
            try:
                await self._store(orders, asyncio.get_running_loop().time() + self._link.patience)
            except Exception as error:  # noqa: BLE001 - the loop's boundary: whatever it was, the waiting are told
                self._refusals.refused(error, f"a transaction of {len(orders)} orders is")
                self._refuse(orders, refused(error))
            else:
                self._refusals.stored()
            self._tell(orders)
            self._turn_away(orders)
            if not self._waiting:
                self._some.clear()
                self._idle.set()
            # Behind the callbacks of the futures just resolved, so that what they cause shares the next transaction.
            await asyncio.sleep(0)

    def _turn_away(self, orders: Sequence[Order]) -> None:
        """Where events were refused, those that came after them are, too: they would overtake what comes again."""
        failures = [each.error for each in orders if type(each) is Accept and isinstance(each.error, StoreAway)]
        if not failures:
            return
        events = [order for order in self._waiting if type(order) is Accept]
        self._waiting = deque(order for order in self._waiting if type(order) is not Accept)
        self._refuse(events, failures[0])
        self._tell(events)

    def _take(self) -> list[Order]:
        """What may go together, in the order in which it came."""
        batch = Batch()
        waiting, left = self._waiting, list[Order]()
        while waiting and len(batch.orders) < _MOST_AT_ONCE and not batch.full:
            order = waiting.popleft()
            if not batch.add(order):
                left.append(order)
        waiting.extendleft(reversed(left))
        return batch.orders

    async def _store(self, orders: Sequence[Order], until: float) -> None:
        """Carry out and commit, or set errors. ``until``: how long to try (the loop's time)."""
        for tries in itertools.count(1):
            try:
                await self._attempt(orders, until)
            except FAILURES as error:
                if poison(error) and len(orders) > 1:
                    await self._apart(orders, until)
                    return
                if not self._worth_another(error, tries, until):
                    self._refuse(orders, refused(error))
                    return
                self.repeated += 1
            else:
                return

    @staticmethod
    def _worth_another(error: BaseException, tries: int, until: float) -> bool:
        in_time = asyncio.get_running_loop().time() < until
        return in_time and (away(error) or (again(error) and tries < _MOST_TRIES))

    async def _apart(self, orders: Sequence[Order], until: float) -> None:
        """One of them cannot be stored: that must not harm the others."""
        middle = len(orders) // 2
        await self._store(orders[:middle], until)
        await self._store(orders[middle:], until)

    async def _attempt(self, orders: Sequence[Order], until: float) -> None:
        """One transaction. Raises what `FAILURES` says when it is certain that nothing of it is stored."""
        db = await self._link.connected(until)
        if all(type(order) is Settle for order in orders):
            await self._settle(db, orders)
            return
        transaction = Transaction(db, orders, self._presence, self.hub)
        try:
            marker = await self._link.begin()
            await transaction.run()
            self._pass(*self._kinds(transaction, orders), when="before")
        except FAILURES as error:
            if lost(db, error):
                self._link.drop()
            else:
                await self._link.roll_back()
            raise
        await self._commit(marker)
        self._pass(*self._kinds(transaction, orders), when="after")
        self._count(transaction, orders)

    async def _settle(self, db: Connection, orders: Sequence[Order]) -> None:
        """A statement that is its own transaction: it may be carried out again without harm."""
        self._pass((), (), (), orders, when="before")
        try:
            await deliveries.carry_out(db, orders, self._presence.identity)
        except FAILURES as error:
            if lost(db, error):
                self._link.drop()
            raise
        self._pass((), (), (), orders, when="after")
        self.commits += 1
        self.written += len(orders)

    async def _commit(self, marker: Marker) -> None:
        try:
            await self._link.commit()
        except FAILURES as error:
            log.warning("the connection was lost during a commit: %s", str(error) or type(error).__name__)
            self._link.drop()
            if not await self._link.committed(marker):
                raise

    def _count(self, transaction: Transaction, orders: Sequence[Order]) -> None:
        self.commits += 1
        self.written += len(orders)
        self.fenced += transaction.fenced
        if transaction.freed:
            self._signals.freed(others=self._presence.others)
        if transaction.queued:
            self._signals.queued(others=self._presence.others)

    def _kinds(self, transaction: Transaction, orders: Sequence[Order]) -> tuple[Sequence[Order], ...]:
        if self._failpoint is never:
            return ((), (), (), ())
        return (transaction.accepts, transaction.finishes, of(orders, Begin), of(orders, Settle))

    def _pass(self, *kinds: Sequence[Order], when: str) -> None:
        for kind, some in zip(COMMITS, kinds, strict=True):
            if some:
                self._failpoint(f"{kind}.commit.{when}")

    @staticmethod
    def _refuse(orders: Sequence[Order], error: Exception) -> None:
        for order in orders:
            order.error = error

    def _tell(self, orders: Sequence[Order]) -> None:
        for order in orders:
            if order.error is None and order.after is not None:
                order.after()
            if order.future.done():
                if order.error is None:
                    self._forsake(order)
            elif order.error is not None:
                order.future.set_exception(order.error)
            else:
                order.future.set_result(order.value)

    def _forsake(self, order: Order) -> None:
        """Whoever asked is gone, what was claimed is not: somebody else takes it."""
        for claim in claims_of(order):
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.add(GiveBack(future, claim.lane, claim.fence))
