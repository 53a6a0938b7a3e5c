"""From one entry to its stored unit, however often that takes."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

from hubbub.chat.stop import StopSignal
from hubbub.core.errors import Fenced, StoreError, Unstorable
from hubbub.core.events import Event
from hubbub.core.store import Journal
from hubbub.core.work import Committed, Entry, Outgoing, Unit
from hubbub.dispatch.lane import Lane

log = logging.getLogger(__name__)

T = TypeVar("T")

SUSPECT_CLAIMS = 2
"""So often claimed after its acceptance, an entry may be what ends the process (`Handling._warily`)."""
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


class Handling:
    """Handles the entries of lanes, each when its turn has come, and stores what they cause."""

    def __init__(self, inbox: Journal, handler: Handler, retry: tuple[float, float], calm: tuple[float, float]) -> None:
        """``retry`` and ``calm``: see `hubbub.dispatch.dispatcher.Bounds`."""
        self._inbox = inbox
        self._handler = handler
        self._retry = retry
        self._calm = calm
        self._suspects = asyncio.Lock()
        self._born = asyncio.get_running_loop().time()

    async def step(self, lane: Lane, entry: Entry) -> bool:
        """Handle the first entry of a lane and store what it caused; True if the claim ended with it.

        Raises:
            Fenced: the lane is somebody else's by now; nothing was stored.
        """
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
        least, most = self._calm
        calm = self._born + min(most, least * 2 ** min(entry.attempts, 10))
        await asyncio.sleep(max(0.0, calm - asyncio.get_running_loop().time()))
        async with self._suspects:
            begun = await self._patiently(entry, partial(self._inbox.begin, entry.id))
            if begun < SUSPECT_BEGINNINGS:
                return await self._patiently(entry, partial(self._handler.handle, entry, stop))
        why = f"the hub ended {begun} times while it handled this message alone"
        log.error("entry %d is given up: %s", entry.id, why)
        return Unit(dead=((entry.id, why),), sends=self._last_words(entry, why))

    def _last_words(self, entry: Entry, why: str) -> tuple[Outgoing, ...]:
        """What is said of an entry that is given up: nothing where saying it is what fails each time."""
        try:
            return self._handler.refused(entry, RuntimeError(why)).sends
        except Exception:
            log.exception("nothing is said of entry %d", entry.id)
            return ()

    async def _store(self, lane: Lane, entry: Entry, unit: Unit) -> Committed:
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

    async def _commit(self, lane: Lane, entry: Entry, unit: Unit) -> Committed:
        def commit() -> Awaitable[Committed]:
            return self._inbox.commit(lane.name, lane.fence, unit, release=len(lane.entries) == 1)

        return await self._patiently(entry, commit)

    async def _patiently(self, entry: Entry, work: Callable[[], Awaitable[T]]) -> T:
        """Work that needs the store, however long that fails: nothing of it was sent yet, so nothing is doubled."""
        first, longest = self._retry
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
