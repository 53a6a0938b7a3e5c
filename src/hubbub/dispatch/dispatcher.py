"""Accepted events to their handling: in order within a lane, many lanes at once, everything bounded."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, TypeVar

from hubbub.chat.stop import StopSignal
from hubbub.core.errors import Fenced, Overloaded, StoreError, Unstorable
from hubbub.core.events import Deleted, Event, Received
from hubbub.core.store import Journal
from hubbub.core.work import Claim, Committed, Entry, Receipt, Unit
from hubbub.dispatch.crew import Crew

log = logging.getLogger(__name__)

T = TypeVar("T")

SUSPECT_CLAIMS = 2
"""So often claimed after its acceptance, an entry may be what ends the process (`Dispatcher._warily`)."""
SUSPECT_BEGINNINGS = 5
"""So often begun alone, it is. Not fewer: whoever kills the hub again and again must not cost an innocent message."""


class Handler(Protocol):
    """What is done with one entry. `hubbub.dispatch.road` is the real one."""

    def lane_of(self, event: Event) -> str:
        """Events of one lane are handled one after the other."""

    async def handle(self, entry: Entry, stop: StopSignal) -> Unit:
        """All that the entry causes. May take long; ``stop`` says when to come to an end."""

    async def resumed(self, entry: Entry) -> None:
        """Called first for an entry that was claimed before: find what is left of that. Raises StoreError."""

    def recalled(self, entry: Entry) -> Unit:
        """What to store for an entry that nobody wants handled any more."""

    def stored(self, entry: Entry, committed: Committed | None) -> None:
        """The unit is stored (or, with None, will not be): send its rows, tell who waits."""

    def refused(self, entry: Entry, error: Exception) -> Unit:
        """What to store instead of a unit that can never be stored: words for the person. Stored or not, as above."""


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


@dataclass(slots=True)
class _Lane:
    """Claimed entries, the first one at work. ``recalled``: entries whose message was taken back.

    ``anew``: the lane was lost and claimed again while an entry is at work. That claim has all that waits, and
    nothing of the old one counts any more.
    """

    name: str
    fence: int
    entries: deque[Entry] = field(default_factory=deque)
    recalled: set[int] = field(default_factory=set)
    stop: StopSignal | None = None
    anew: Claim | None = None

    @property
    def newest(self) -> int:
        """The fence of the newest claim."""
        return self.fence if self.anew is None else self.anew.fence


class Dispatcher:
    """Owns the lanes of one node."""

    def __init__(self, inbox: Journal, handler: Handler, tasks: asyncio.TaskGroup, node: str, bounds: Bounds) -> None:
        """``tasks`` runs the lanes; `claims` has to run beside them. With no ``node`` it only accepts, for others."""
        self._inbox = inbox
        self._handler = handler
        self._crew = Crew(tasks, self._run, bounds.conversations)
        self._node = node
        self._bounds = bounds
        self._lanes: dict[str, _Lane] = {}
        self._held = 0
        self._closing = False
        self.behind = False
        """Too much waits elsewhere: nothing more is accepted for a moment."""
        self.recalled: Callable[[str, str, str], None] = _nobody
        """Told, with lane, room and id, of messages that were taken back and whose lane is not at work here."""
        self._suspects = asyncio.Lock()
        self._born = asyncio.get_running_loop().time()
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
            lane = self._lanes[claim.lane] = _Lane(claim.lane, claim.fence, deque(claim.entries))
            self._crew.start(lane)
        elif claim.fence == lane.fence:
            lane.entries.extend(claim.entries)
        else:
            self._renew(lane, claim)

    def _renew(self, lane: _Lane, claim: Claim) -> None:
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

    async def _run(self, lane: _Lane) -> None:
        try:
            released = await self._work(lane)
            while lane.anew is not None:
                claim, lane.anew = lane.anew, None
                self._let_go(len(lane.entries))
                lane.fence, lane.entries = claim.fence, deque(claim.entries)
                released = await self._work(lane)
        finally:
            del self._lanes[lane.name]
            self._let_go(len(lane.entries) + (len(lane.anew.entries) if lane.anew is not None else 0))
        if not released:
            await self._give_back(lane)

    async def _give_back(self, lane: _Lane) -> None:
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

    async def _work(self, lane: _Lane) -> bool:
        """Handle the entries of a claim, one after the other; False if the claim has to be given back."""
        released = False
        try:
            while lane.entries and lane.anew is None:
                released = await self._step(lane, lane.entries[0])
                lane.entries.popleft()
                self._let_go(1)
        except Fenced as error:
            log.warning("%s: the work is thrown away", error)
            return True
        except Exception:
            log.exception("lane %s fell over; its messages are handled again in a while", lane.name)
            await asyncio.sleep(self._bounds.retry[1])
            return False
        return released

    async def _step(self, lane: _Lane, entry: Entry) -> bool:
        """Handle one entry and store what it caused; True if the claim ended with it."""
        lane.stop = StopSignal()
        if entry.attempts:
            await self._patiently(entry, partial(self._handler.resumed, entry))
        if entry.id in lane.recalled:
            lane.recalled.discard(entry.id)
            unit = self._handler.recalled(entry)
        elif entry.attempts < SUSPECT_CLAIMS:
            unit = await self._patiently(entry, partial(self._handler.handle, entry, lane.stop))
        else:
            unit = await self._warily(entry, lane.stop)
        lane.stop = None
        try:
            committed = await self._store(lane, entry, unit)
        except Exception:
            self._handler.stored(entry, None)
            raise
        self._handler.stored(entry, committed)
        return committed.released

    async def _warily(self, entry: Entry, stop: StopSignal) -> Unit:
        """Handle what may be the reason why the process ended again and again.

        One such at a time, and that it begins is stored first: thus the one that was at work each time is known and
        given up, while those that only waited beside it are answered. None begins before this process has lived a
        while, so that one which is killed again and again for other reasons blames no message.
        """
        least, most = self._bounds.calm
        calm = self._born + min(most, least * 2 ** min(entry.attempts, 10))
        await asyncio.sleep(max(0.0, calm - asyncio.get_running_loop().time()))
        async with self._suspects:
            begun = await self._patiently(entry, partial(self._inbox.begin, entry.id))
            if begun < SUSPECT_BEGINNINGS:
                return await self._patiently(entry, partial(self._handler.handle, entry, stop))
        why = f"the hub ended {begun} times while it handled this message alone"
        log.error("entry %d is given up: %s", entry.id, why)
        return replace(self._handler.refused(entry, RuntimeError(why)), done=(), dead=((entry.id, why),))

    async def _store(self, lane: _Lane, entry: Entry, unit: Unit) -> Committed:
        """Store a unit; instead of one that never can be, an apology; instead of that, that the entry is given up."""
        try:
            return await self._commit(lane, entry, unit)
        except Unstorable as error:
            apology = self._handler.refused(entry, error)
        try:
            return await self._commit(lane, entry, apology)
        except Unstorable as error:
            log.error("entry %d is given up: %s", entry.id, error)  # noqa: TRY400 - an expected kind
            left = self._handler.recalled(entry).sends
            return await self._commit(lane, entry, Unit(dead=((entry.id, str(error)),), sends=left))

    async def _commit(self, lane: _Lane, entry: Entry, unit: Unit) -> Committed:
        def commit() -> Awaitable[Committed]:
            return self._inbox.commit(lane.name, lane.fence, unit, release=len(lane.entries) == 1)

        return await self._patiently(entry, commit)

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

    async def _patiently(self, entry: Entry, work: Callable[[], Awaitable[T]]) -> T:
        """Work that needs the store, however long that fails: nothing of it was sent yet, so nothing is doubled."""
        first, longest = self._bounds.retry
        for wait in itertools.count():
            try:
                return await work()
            except (Fenced, Unstorable):
                raise
            except StoreError as error:
                if not wait:
                    log.error("entry %d waits for the store, trying on: %s", entry.id, error)  # noqa: TRY400
                await asyncio.sleep(min(longest, first * 2 ** min(wait, 10)))
        raise AssertionError  # the loop above has no end

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
