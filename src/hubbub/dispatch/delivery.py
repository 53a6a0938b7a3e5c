"""Sending what the outbox holds: in order within a room, many rooms at once, honest about what is not known."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hubbub.core.addresses import Account, Room
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import DeliveryError, StoreError
from hubbub.core.failpoints import Failpoint, never
from hubbub.core.messages import Do
from hubbub.core.phrases import Sentence
from hubbub.core.ports import Platform
from hubbub.core.status import AccountStatus
from hubbub.core.store import Outbox
from hubbub.core.work import Row, State
from hubbub.dispatch.acting import perform
from hubbub.dispatch.crew import Crew, is_the_end
from hubbub.dispatch.finishing import Finishing
from hubbub.dispatch.pace import Pace
from hubbub.dispatch.room_lane import RoomLane
from hubbub.dispatch.settling import Settling
from hubbub.dispatch.showing import Shows
from hubbub.dispatch.turns import Turns

log = logging.getLogger(__name__)

_BLIND = (Delivery.BLIND, Delivery.EDITABLE)
_MOST_FAULTS = 5
"""So often a message is tried over which its platform fails as it never should: others of its room wait behind it."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to go on trying. Seconds."""

    first: float = 1.0
    longest: float = 60.0
    give_up: float = 86_400.0
    rows: int = 20_000
    """Rows held in memory; more wait in the store."""
    rooms: int = 10_000
    """Rooms that are sent to, or waited for, at once."""


class Sender:
    """One lane a room; a platform that asks to wait pauses its room only."""

    def __init__(
        self,
        outbox: Outbox,
        platforms: Mapping[str, Platform],
        tasks: asyncio.TaskGroup,
        patience: Patience,
        failpoint: Failpoint = never,
    ) -> None:
        """``tasks`` runs the lanes; `start` takes up what a dead process left."""
        self._outbox = outbox
        self._platforms = platforms
        self._crew = Crew(tasks, self._run, patience.rooms)
        self._patience = patience
        self._failpoint = failpoint
        self._lanes: dict[str, RoomLane] = {}
        self._accounts: dict[tuple[str, str], AccountStatus] = {}
        self._count = 0
        self._left_behind: int | None = None
        """Rows with ids above this are in the store only, until there is room."""
        self._newest = 0
        self._taken = 0
        """The newest row that was ever in memory."""
        self._fetching = False
        self._pace = Pace()
        self.shows = Shows(tasks, self._pace)
        """Drafts of answers that are being written."""
        self._settling = Settling(outbox, tasks)
        self._finishing = Finishing(outbox, self.shows)
        self._turns = Turns(outbox, self._pace)

    # --- accounts --------------------------------------------------------------------------------------------

    def connected(self, account: Account) -> None:
        """An account can send: try at once what waits for it."""
        self._accounts[account.platform, account.id] = AccountStatus(account.platform, account.id, True, time.time())
        for lane in self._lanes.values():
            room = lane.rows[0].out.room if lane.rows else None
            if room and lane.kick and (room.platform, room.account) == (account.platform, account.id):
                lane.kick.set()

    def disconnected(self, account: Account, why: Sentence) -> None:
        """An account cannot send."""
        self._accounts[account.platform, account.id] = AccountStatus(
            account.platform, account.id, up=False, since=time.time(), detail=why
        )

    @property
    def accounts(self) -> tuple[AccountStatus, ...]:
        """All accounts that were ever up."""
        return tuple(self._accounts.values())

    @property
    def waiting(self) -> int:
        """Rows in memory that are not confirmed."""
        return self._count

    # --- rows ------------------------------------------------------------------------------------------------

    async def start(self, node: str) -> None:
        """Take up what a dead process left."""
        rows = await self._outbox.recover(node)
        if rows:
            log.info("%d messages wait to be sent since the last run", len(rows))
        self.push(rows)

    def first_state(self, room: Room, delivery: Delivery, entry: int) -> State:
        """In which state a message of an entry for the room is to be stored.

        Where the room's lane is empty and the account is up, a blind message is stored as SENDING at once, which
        saves a transaction; the lane is reserved for the entry until `push` or `unreserve`.
        """
        if delivery is Delivery.WINDOW:
            return State.KEPT
        if delivery is Delivery.IDEMPOTENT or room.key in self._lanes or self._left_behind is not None:
            return State.QUEUED
        if self._pace.is_late(room):
            return State.QUEUED
        status = self._accounts.get((room.platform, room.account))
        if status is None or not status.up:
            return State.QUEUED
        self._lanes[room.key] = RoomLane(room.key, reserved=entry)
        return State.SENDING

    def unreserve(self, room: Room, entry: int) -> None:
        """The entry's message of `first_state` SENDING, if there was one, is not stored after all."""
        lane = self._lanes.get(room.key)
        if lane is not None and lane.reserved == entry:
            lane.reserved = 0
            self._start_or_drop(lane)

    def push(self, rows: Sequence[Row]) -> None:
        """Send stored rows, each behind those of its room that came before."""
        for row in rows:
            if row.state is State.KEPT or not self._is_enabled(row):
                continue
            if row.state is State.SENDING or self._has_room(row):
                self._add(row)

    def _is_enabled(self, row: Row) -> bool:
        enabled = row.out.room.platform in self._platforms
        if not enabled:
            log.warning("message %d waits for platform %s, which is not enabled", row.id, row.out.room.platform)
        return enabled

    def take_out(self, row: Row) -> None:
        """It is not to be sent any more: what comes after it in its room waits for it no longer."""
        lane = self._lanes.get(row.out.room.key)
        if lane is None:
            return
        kept = deque(each for each in lane.rows if each.id != row.id)
        self._count -= len(lane.rows) - len(kept)
        lane.rows = kept
        if lane.kick is not None:
            lane.kick.set()

    def _has_room(self, row: Row) -> bool:
        """False for one that `_fetch` finds later: it is newer than all that are, or were, in memory."""
        if self._left_behind is None:
            if self._count < self._patience.rows:
                return True
            self._left_behind = self._taken
        if row.id <= self._left_behind:
            return True
        self._newest = max(self._newest, row.id)
        return False

    def _add(self, row: Row) -> None:
        key = row.out.room.key
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = RoomLane(key)
        if row.state is State.SENDING:
            lane.reserved = 0
        self._count += lane.put(row)
        self._taken = max(self._taken, row.id)
        self._start_or_drop(lane)

    def _start_or_drop(self, lane: RoomLane) -> None:
        if lane.reserved or lane.at_work:
            return
        if lane.rows:
            lane.at_work = True
            self._crew.start(lane)
        else:
            del self._lanes[lane.key]

    async def _run(self, lane: RoomLane) -> None:
        try:
            while lane.rows:
                row = lane.rows[0]
                if not await self._send(row, lane):
                    continue
                if lane.rows and lane.rows[0] is row:
                    lane.rows.popleft()
                    self._count -= 1
        finally:
            del self._lanes[lane.key]
            self._count -= len(lane.rows)
        if self._left_behind is not None and not self._fetching and self._count <= self._patience.rows // 2:
            await self._fetch()

    async def _fetch(self) -> None:
        """Take up rows that had no room in memory, until there is none again."""
        self._fetching = True
        try:
            while self._left_behind is not None and self._count < self._patience.rows:
                await self._fetch_some(self._left_behind)
        finally:
            self._fetching = False

    async def _fetch_some(self, behind: int) -> None:
        try:
            rows = await self._outbox.deliveries([State.QUEUED], self._patience.rows, behind)
        except StoreError as error:
            log.error("waiting messages cannot be read yet: %s", error)  # noqa: TRY400 - an expected kind
            await asyncio.sleep(self._patience.first)
            return
        # Rows that were stored since the reading are still behind.
        last = rows[-1].id if rows else self._newest
        self._left_behind = last if self._newest > last or len(rows) == self._patience.rows else None
        for row in filter(self._is_enabled, rows):
            self._add(row)

    async def _send(self, row: Row, lane: RoomLane) -> bool:
        """One attempt; True when the row is out of the way."""
        try:
            message_id = await self._deliver(row, lane)
        except DeliveryError as error:
            return await self._failed(row, lane, error)
        except StoreError as error:
            log.error("message %d is not sent while the store fails: %s", row.id, error)  # noqa: TRY400 - expected kind
            await asyncio.sleep(self._patience.first)
            return False
        except (Exception, asyncio.CancelledError) as error:
            if is_the_end(error):
                raise
            log.exception("platform %s failed over message %d", row.out.room.platform, row.id)
            hopeless = row.out.delivery not in _BLIND and row.attempts + 1 >= _MOST_FAULTS
            return await self._failed(row, lane, DeliveryError(repr(error), certain=False, permanent=hopeless))
        if message_id is not None:
            self._settling.settle(row.id, message_id)
            if row.out.draft:
                self.shows.begin(row, message_id, self._platforms[row.out.room.platform])
        return True

    async def _deliver(self, row: Row, lane: RoomLane) -> str | None:
        """Send a row; the platform's id of it. None for one that is not to be sent any more."""
        out, platform = row.out, self._platforms[row.out.room.platform]
        if out.edits:
            await self._finishing.begin(row)
        if (out.draft or out.edits or self._pace.keeps(out.room)) and not await self._turns.come(row, lane, platform):
            return None
        if out.edits:
            self._check(row)
            self._failpoint("send.before")
            found = await self._finishing.put(row, platform)
            if found is not None:
                self._failpoint("send.after")
                return found
        if self._to_begin(row) and not await self._outbox.begin(row.id):
            return None  # dropped meanwhile
        self._check(row)
        self._failpoint("send.before")
        to_do = out.message and type(out.message[0]) is Do
        try:
            message_id = await (perform(platform, row) if to_do else platform.send(row))
        except StoreError as error:  # the platform's own need of the store: nobody knows how far it had come
            raise DeliveryError(str(error), certain=False) from error
        self._failpoint("send.after")
        return message_id

    def resume(self, row: Row) -> None:
        """An answer whose draft was sent before is written anew: show how it grows."""
        platform = self._platforms.get(row.out.room.platform)
        if platform is not None and row.state is State.SENT:
            self.shows.begin(row, row.message_id, platform)

    def _to_begin(self, row: Row) -> bool:
        """Whether it has to be stored that the row is being sent."""
        return row.state is not State.SENDING and row.out.delivery in _BLIND

    def _check(self, row: Row) -> None:
        """Called just before a row is sent. Raises DeliveryError where it is not this node (any more) that sends it."""

    def _keeps(self, row: Row) -> bool:  # noqa: ARG002 - for those who do not
        """Whether a message that was not sent is tried again from memory."""
        return True

    async def _failed(self, row: Row, lane: RoomLane, error: DeliveryError) -> bool:
        again = error.certain or row.out.delivery not in _BLIND
        too_old = time.time() - row.created_at > self._patience.give_up
        state = State.DEAD if error.permanent or (again and too_old) else State.QUEUED if again else State.UNKNOWN
        attempts = row.attempts + 1
        wait = error.retry_after or min(self._patience.longest, self._patience.first * 2 ** min(attempts - 1, 10))
        if error.retry_after:
            caps = self._platforms[row.out.room.platform].capabilities(row.out.room)
            self._pace.refused(row.out.room, caps, error.retry_after)
        await self._store_failure(row, state, str(error), time.time() + wait if state is State.QUEUED else 0.0)
        if state is not State.QUEUED:
            log.warning("message %d to %s is %s: %s", row.id, row.out.room.key, state, error)
            return True
        if not self._keeps(row):
            return True
        waiting = Row(row.id, row.out, row.key, state, attempts, error=str(error), created_at=row.created_at)
        if lane.rows and lane.rows[0] is row:
            lane.rows[0] = waiting
        lane.kick = asyncio.Event()
        try:
            async with asyncio.timeout(wait):
                await lane.kick.wait()
        except TimeoutError:
            pass
        finally:
            lane.kick = None
        return False

    async def _store_failure(self, row: Row, state: State, error: str, next_at: float) -> None:
        """However long it takes: a row whose failure is not stored must not be sent again."""
        while True:
            try:
                await self._outbox.fail(row.id, state, error, next_at)
            except StoreError as failure:
                log.error("message %d is %s, which is not stored yet: %s", row.id, state, failure)  # noqa: TRY400
                await asyncio.sleep(self._patience.first)
            else:
                return

    async def drain(self, seconds: float) -> None:
        """Let what can go out go out; what waits for an account that is down stays in the store."""
        deadline = time.monotonic() + seconds
        # Looked at, not waited for: it happens once, at the end, and an event would cost every message.
        while any(lane.kick is lane.end is None for lane in self._lanes.values()) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)

    def end(self) -> None:
        """Cancel what is still being sent."""
        self._crew.end()
        self.shows.close()
        self._settling.end()

    # --- what a person may do --------------------------------------------------------------------------------

    async def resend(self, row: int) -> bool:
        """See `ports.Control.resend`."""
        found = await self._outbox.retry(row)
        if found is None:
            return False
        self.push([found])
        return True

    async def cancel(self, row: int) -> bool:
        """See `ports.Control.cancel`."""
        found = await self._outbox.drop(row)
        if found is None:
            return False
        self.take_out(found)
        return True
