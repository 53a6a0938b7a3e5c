"""Conversations that nobody goes on with, ended on platforms where they end by themselves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hubbub.chat.answer import SESSION_END
from hubbub.core.addresses import Room
from hubbub.core.customs import Customs
from hubbub.core.errors import Overloaded, StoreError
from hubbub.core.events import Event, Fired
from hubbub.core.identities import Author
from hubbub.core.ports import Clock
from hubbub.core.store import Store
from hubbub.core.work import Spent

log = logging.getLogger(__name__)

_EVERY = 60.0
_OLDEST = 86_400.0
_MOST = 10_000


@dataclass(frozen=True, slots=True)
class Silence:
    """What the sweep looks at; ``customs`` are asked anew each time, ``lane_of`` names the lane of an event."""

    store: Store
    customs: Callable[[], Mapping[str, Customs]]
    lane_of: Callable[[Event], str]
    clock: Clock


class Sessions:
    """Looks who fell silent, and has their conversations ended in order with what they write."""

    def __init__(self, silence: Silence) -> None:
        """Nothing happens before `run`."""
        self._parts = silence
        self._until = 0.0

    async def run(self) -> None:
        """For ever, once a minute. What is missed is ended with the person's next message at the latest."""
        while True:
            try:
                await self.sweep()
            except (StoreError, Overloaded) as error:
                log.error("silent conversations are not ended: %s", error)  # noqa: TRY400 - an expected kind
            await asyncio.sleep(_EVERY)

    async def sweep(self) -> int:
        """End what fell silent since the last time; how many people it were."""
        silent = {name: own.session_minutes * 60 for name, own in self._parts.customs().items() if own.session_minutes}
        if not silent:
            return 0
        now = self._parts.clock()
        since, self._until = max(self._until - _EVERY, now - _OLDEST), now
        ended = 0
        for spent in await self._parts.store.usage.spenders(_MOST):
            seconds = silent.get(spent.owner.partition(":")[0])
            if seconds is not None and spent.room and since - seconds <= spent.last_at < now - seconds:
                event = _end_of(spent, now)
                await self._parts.store.inbox.accept(event, self._parts.lane_of(event))
                ended += 1
        return ended


def _end_of(spent: Spent, now: float) -> Fired:
    """One event for one silence, however many look."""
    room = Room.parse(spent.room)
    number = f"{SESSION_END}:{spent.owner}:{spent.last_at:.3f}"
    return Fired(number, room, Author(spent.owner.rpartition(":")[2]), now, SESSION_END)
