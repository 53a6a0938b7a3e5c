"""Sending where several nodes share the outbox: each sends for the accounts that it holds, in the order of the rows."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from typing_extensions import override

from hubbub.core.addresses import Account, Room
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import DeliveryError, StoreError
from hubbub.core.failpoints import Failpoint, never
from hubbub.core.phrases import Sentence
from hubbub.core.ports import Platform
from hubbub.core.store import Outbox, SharedOutbox
from hubbub.core.work import Row, State
from hubbub.dispatch.accounts import AccountLeases, Sending
from hubbub.dispatch.delivery import Patience, Sender
from hubbub.dispatch.holding import Holder
from hubbub.dispatch.room_lane import RoomLane

log = logging.getLogger(__name__)

_LOOK = 1.0
_MOMENT = 0.02
_LOOK_FOR_DEAD = 3.0
_AT_ONCE = 1000
_PATIENCE = Patience()


class CommonOutbox(Outbox, SharedOutbox, Protocol):
    """An outbox of several nodes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sender is: the names that its node holds, how the node is called, platforms that are never sent to."""

    holder: Holder
    node: str
    silent: frozenset[str] = frozenset()
    patience: Patience = _PATIENCE


class SharedSender(Sender):
    """Rows in memory are those that this node was handed; whatever it misses, `SharedOutbox.take` gives it later."""

    def __init__(
        self,
        outbox: CommonOutbox,
        platforms: Mapping[str, Platform],
        tasks: asyncio.TaskGroup,
        place: Place,
        failpoint: Failpoint = never,
    ) -> None:
        """`run` has to run beside it."""
        super().__init__(outbox, platforms, tasks, place.patience, failpoint)
        self._common = outbox
        self._node = place.node
        self._silent = place.silent
        self._taking = asyncio.Lock()
        self._leases = AccountLeases(place.holder, tasks, Sending(self._gain, self._lose))
        self._ours: set[Account] = set()
        self._tenures: Counter[Account] = Counter()
        """How often each account was lost."""
        self._full = False
        """Some rows had no room in memory: they are given back, and taken when there is."""
        outbox.own(())

    # --- accounts --------------------------------------------------------------------------------------------

    @override
    def connected(self, account: Account) -> None:
        super().connected(account)
        if account.platform not in self._silent:
            self._leases.connected(account)

    @override
    def disconnected(self, account: Account, why: Sentence) -> None:
        super().disconnected(account, why)
        self._leases.disconnected(account)

    async def _gain(self, account: Account) -> None:
        # What was at work when the account was lost the last time would go ahead of what was handed out since.
        while any(lane.at_work for lane in self._lanes_of(account)):  # noqa: ASYNC110 - seldom, and soon over
            await asyncio.sleep(_MOMENT)
        # Before rows are ours again: what was ours, and may not be in memory any more, is handed out anew.
        await self._common.give_back(self._node, [account])
        self._ours.add(account)
        self._own()
        await self._take_all()
        # Whoever had the account before showed how they grow, and does so no more.
        for row in await self._common.growing([account]):
            self.resume(row)

    def _lose(self, account: Account) -> None:
        self._ours.discard(account)
        self._tenures[account] += 1
        self.shows.drop(account)
        self._own()
        # What waits in memory is handed out anew, to whoever has the account then.
        for lane in self._lanes_of(account):
            self._count -= lane.lose()
            self._start_or_drop(lane)

    def _lanes_of(self, account: Account) -> list[RoomLane]:
        lanes = [lane for lane in self._lanes.values() if lane.rows]
        return [each for each in lanes if _account_of(each.rows[0]) == account]

    def _own(self) -> None:
        self._common.own(() if self._full else tuple(self._ours))

    def _sends_for(self, room: Room) -> bool:
        account = Account(room.platform, room.account)
        return account in self._ours and self._leases.holds(account)

    # --- rows ------------------------------------------------------------------------------------------------

    @override
    async def start(self, node: str) -> None:
        await self._bury()

    @override
    def first_state(self, room: Room, delivery: Delivery, entry: int) -> State:
        if delivery is not Delivery.WINDOW and (self._full or not self._sends_for(room)):
            return State.QUEUED
        return super().first_state(room, delivery, entry)

    @override
    def push(self, rows: Sequence[Row]) -> None:
        # What is stored as being sent is nobody else's to take: if the account is lost, it has to be queued first.
        super().push([row for row in rows if row.state is State.SENDING or _account_of(row) in self._ours])

    @override
    def resume(self, row: Row) -> None:
        if self._sends_for(row.out.room):
            super().resume(row)

    @override
    def _has_room(self, row: Row) -> bool:
        if not self._full and self.waiting >= self._patience.rows:
            self._full = True
            self._own()
        return not self._full

    @override
    def _to_begin(self, row: Row) -> bool:
        return row.state is not State.SENDING

    @override
    def _check(self, row: Row) -> None:
        if not self._sends_for(row.out.room):
            msg = "the account is another node's now"
            raise DeliveryError(msg, certain=True)

    @override
    def _keeps(self, row: Row) -> bool:
        # Also while a lease is renewed too late to count, but the account is not lost: the next row must not go first.
        return _account_of(row) in self._ours

    # --- beside ----------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """For ever: take rows for the accounts that are held, and look after what dead nodes left."""
        async with asyncio.TaskGroup() as tasks:
            for each in (self._take(), self._look_for_dead()):
                tasks.create_task(each)

    async def _take(self) -> None:
        while True:
            await self._common.waiting(_LOOK)
            try:
                await self._take_all()
            except StoreError as error:
                log.error("messages of other nodes are not taken: %s", error)  # noqa: TRY400 - an expected kind
                await asyncio.sleep(_LOOK)

    async def _take_all(self) -> None:
        async with self._taking:
            limit = 1
            while limit:
                accounts, room = list(self._ours), max(0, self._patience.rows - self.waiting)
                if self._full and room:
                    await self._common.give_back(self._node, accounts)
                    self._full = False
                    self._own()
                limit = min(_AT_ONCE, room)
                tenures = self._tenures.copy()
                rows = await self._common.take(self._node, accounts, limit)
                for row in rows:
                    if tenures[_account_of(row)] == self._tenures[_account_of(row)]:
                        self._add(row)
                if len(rows) < limit:
                    return

    async def _look_for_dead(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_FOR_DEAD)
            await self._bury()

    async def _bury(self) -> None:
        try:
            await self._common.bury(self._node)
        except StoreError as error:
            log.error("what dead nodes were sending is not looked for: %s", error)  # noqa: TRY400 - expected kind

    @override
    def end(self) -> None:
        self._leases.end()
        super().end()


def _account_of(row: Row) -> Account:
    return Account(row.out.room.platform, row.out.room.account)
