"""Accepted events to their handling: in order within a lane, many lanes at once, everything bounded."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from hubbub.core.errors import Fenced, Overloaded, StoreError
from hubbub.core.events import Deleted, Event, Received
from hubbub.core.store import Journal
from hubbub.core.work import Claim, Committed, Entry, Receipt, Unit
from hubbub.dispatch.crew import Crew, is_the_end
from hubbub.dispatch.handling import Handler, Handling
from hubbub.dispatch.lane import Lane

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bounds:
    """``conversations``: lanes at work at once. ``accepted``: events in memory that are not done.

    ``retry``: seconds to wait, at first and at most, when the store fails. ``calm``: seconds of a process's life,
    doubled with every claim and at most, before it handles what may have ended others.
    """

    conversations: int = 1000
    accepted: int = 10_000
    retry: tuple[float, float] = (0.1, 5.0)
    calm: tuple[float, float] = (0.1, 3.0)


class Dispatcher:
    """Owns the lanes of one node."""

    def __init__(self, inbox: Journal, handler: Handler, tasks: asyncio.TaskGroup, node: str, bounds: Bounds) -> None:
        """``tasks`` runs the lanes; `claims` has to run beside them. With no ``node`` it only accepts, for others."""
        self._inbox = inbox
        self._handler = handler
        self._handling = Handling(inbox, handler, bounds.retry, bounds.calm)
        self._crew = Crew(tasks, self._run, bounds.conversations)
        self._node = node
        self._bounds = bounds
        self._lanes: dict[str, Lane] = {}
        self._held = 0
        self._closing = False
        self.behind = False
        """Too much waits elsewhere: nothing more is accepted for a moment."""
        self.recalled: Callable[[str, str, str], None] = _nobody
        """Told, with lane, room and id, of messages that were taken back and whose lane is not at work here."""
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def running(self) -> int:
        """Lanes at work."""
        return self._crew.busy

    @property
    def held(self) -> int:
        """Accepted events in memory that are not done."""
        return self._held

    @property
    def closing(self) -> bool:
        """Nothing more is accepted."""
        return self._closing

    def accept(self, event: Event) -> Awaitable[Receipt]:
        """See `ports.Accept`."""
        if self._closing:
            msg = "the hub is stopping"
            raise Overloaded(msg, 5.0)
        if self.behind or self._held >= self._bounds.accepted:
            msg = "too many messages wait for their answers"
            raise Overloaded(msg)
        accepted = self._inbox.accept(event, self._handler.lane_of(event), self._node)
        self._held += 1
        future = asyncio.ensure_future(accepted)
        future.add_done_callback(self._accepted)
        return future

    def _accepted(self, future: asyncio.Future[Receipt]) -> None:
        if future.cancelled() or future.exception() is not None:
            self._let_go(1)
            return
        receipt = future.result()
        if receipt.claim is None:
            self._let_go(1)
        else:
            self._put(receipt.claim)
        if type(receipt.entry.event) is Deleted:
            self._recall(receipt.entry.lane, receipt.entry.event)

    def _let_go(self, count: int) -> None:
        self._held -= count
        if not self._held:
            self._empty.set()

    def take(self, claim: Claim) -> None:
        """Work on a claim that did not come through `accept`."""
        self._held += len(claim.entries)
        self._put(claim)
        for entry in claim.entries:
            if type(entry.event) is Deleted:
                self._recall(claim.lane, entry.event)

    def _put(self, claim: Claim) -> None:
        self._empty.clear()
        lane = self._lanes.get(claim.lane)
        if lane is None:
            lane = self._lanes[claim.lane] = Lane(claim.lane, claim.fence, deque(claim.entries))
            self._crew.start(lane)
        elif claim.fence == lane.fence:
            lane.entries.extend(claim.entries)
        else:
            self._renew(lane, claim)

    def _renew(self, lane: Lane, claim: Claim) -> None:
        """The newest claim takes the place of those before it, as soon as what is at work has ended."""
        if claim.fence < lane.newest:
            self._let_go(len(claim.entries))
            return
        old, lane.anew = lane.anew, claim
        if old is not None and old.fence == claim.fence:
            lane.anew = replace(old, entries=(*old.entries, *claim.entries))
        elif old is not None:
            self._let_go(len(old.entries))
        if lane.stop is not None:
            lane.stop.request("recall")

    async def claims(self) -> None:
        """Take lanes that nobody works on: those a dead process left, or (several nodes) of others. Runs for ever."""
        while True:
            try:
                await self._inbox.work(60.0)
                limit = min(self._bounds.conversations - self._crew.busy, 100)
                if self._closing or limit <= 0 or self._held >= self._bounds.accepted:
                    await asyncio.sleep(0.05)
                    continue
                for claim in await self._inbox.claim(self._node, limit):
                    self.take(claim)
            except StoreError as error:
                log.error("cannot take up waiting messages: %s", error)  # noqa: TRY400 - an expected kind
                await asyncio.sleep(self._bounds.retry[1])

    # --- a lane ----------------------------------------------------------------------------------------------

    async def _run(self, lane: Lane) -> None:
        try:
            while True:
                released = await self._work(lane)
                if not released and lane.anew is None:
                    # While it is still known as at work: what comes in until it is free must not go ahead of the rest.
                    await self._give_back(lane)
                claim, lane.anew = lane.anew, None
                if claim is None:
                    return
                self._let_go(len(lane.entries))
                lane.fence, lane.entries = claim.fence, deque(claim.entries)
        finally:
            del self._lanes[lane.name]
            self._let_go(len(lane.entries) + (len(lane.anew.entries) if lane.anew is not None else 0))

    async def _give_back(self, lane: Lane) -> None:
        """However long it takes: others would wait for it as long as this process lives."""
        first, longest = self._bounds.retry
        for wait in itertools.count():
            try:
                await self._inbox.release(lane.name, lane.fence)
            except StoreError as error:
                if not wait:
                    log.error("lane %s is not given back yet: %s", lane.name, error)  # noqa: TRY400 - an expected kind
                await asyncio.sleep(min(longest, first * 2 ** min(wait, 10)))
            else:
                return

    async def _work(self, lane: Lane) -> bool:
        """Handle the entries of a claim, one after the other; False if the claim has to be given back."""
        released = False
        try:
            while lane.entries and lane.anew is None:
                released = await self._handling.step(lane, lane.entries[0])
                lane.entries.popleft()
                self._let_go(1)
        except Fenced as error:
            log.warning("%s: the work is thrown away", error)
            return True
        except (Exception, asyncio.CancelledError) as error:
            if is_the_end(error):
                raise
            log.exception("lane %s fell over; its messages are handled again in a while", lane.name)
            await asyncio.sleep(self._bounds.retry[1])
            return False
        return released

    def meanwhile(self, entry: Entry, unit: Unit) -> Awaitable[Committed]:
        """Store what an entry at work causes before it is done.

        Raises:
            Fenced: the entry is not at work here; nothing was stored.
            Unstorable: (when awaited) as `Journal.commit`.
        """
        lane = self._lanes.get(entry.lane)
        if lane is None or not lane.entries or lane.entries[0].id != entry.id:
            msg = f"entry {entry.id} is not at work"
            raise Fenced(msg)
        return self._inbox.commit(lane.name, lane.fence, unit)

    # --- from outside ----------------------------------------------------------------------------------------

    def stop(self, lane: str) -> bool:
        """End what runs in a lane; False if nothing does. What came so far is kept."""
        running = self._lanes.get(lane)
        if running is None or running.stop is None:
            return False
        running.stop.request("stop")
        return True

    def recall(self, event: Received) -> None:
        """Nobody waits for the answer to a message any more: it ends, and nothing of it is kept."""
        self._recall(self._handler.lane_of(event), event)

    def _recall(self, name: str, event: Deleted | Received) -> None:
        if not self.recall_here(name, event.room.key, event.message_id):
            self.recalled(name, event.room.key, event.message_id)

    def recall_here(self, name: str, room: str, message_id: str) -> bool:
        """A message was taken back: nobody wants its answer any more. False if its lane is not at work here."""
        lane = self._lanes.get(name)
        if lane is None:
            return False
        for entry in (*lane.entries, *(lane.anew.entries if lane.anew is not None else ())):
            asked = entry.event
            if type(asked) is Received and asked.message_id == message_id and asked.room.key == room:
                lane.recalled.add(entry.id)
                if lane.entries and entry is lane.entries[0] and lane.stop is not None:
                    lane.stop.request("recall")
        return True

    def close(self) -> None:
        """Accept nothing more."""
        self._closing = True

    async def drain(self, seconds: float) -> None:
        """Let the work under way end; what is left after ``seconds`` stays in the inbox for the next run."""
        self.close()
        try:
            async with asyncio.timeout(seconds):
                await self._empty.wait()
        except TimeoutError:
            log.warning("stopping with %d messages under way; they are handled at the next start", self._held)

    def end(self) -> None:
        """Cancel what is still at work."""
        self._crew.end()


def _nobody(lane: str, room: str, message_id: str) -> None:
    """Told of nothing."""
