"""What a hub that runs for months has to do now and then: forget what nobody will ask for."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import Protocol

from hubbub.conversations.undoing import KEPT_SECONDS
from hubbub.core.errors import StoreError
from hubbub.core.ports import Clock
from hubbub.core.store import Calls, Usage

log = logging.getLogger(__name__)

# Platforms redeliver for up to 7 days, so what was done is known for 8.
KEEP_SECONDS = 8 * 86_400.0
# An undoing that was decided on a moment ago still finds what it needs.
_UNDONE_SECONDS = KEPT_SECONDS + 86_400.0
_EVERY = 3600.0
_AT_ONCE = 1000
_LOOK_EVERY = 5.0


class Prunable(Protocol):
    """What can forget."""

    async def prune(self, before: float, limit: int) -> int:
        """Remove done entries and sent messages older than ``before``, at most ``limit``; how many it were."""

    async def collect(self, before: float, limit: int) -> int:
        """Remove what changes from before ``before`` left behind; 0 when no more is old."""


class Housekeeping:
    """Runs beside the work, in small steps."""

    def __init__(self, store: Prunable, clock: Clock) -> None:
        """Nothing happens before `run`."""
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """For ever: first after a minute, then each hour."""
        await asyncio.sleep(60.0)
        while True:
            try:
                gone = await self._prune()
                past = await self._collect()
            except StoreError as error:
                log.error("old messages are not removed: %s", error)  # noqa: TRY400 - an expected kind
            else:
                if gone:
                    log.info("removed %d messages older than 8 days", gone)
                if past:
                    log.info("removed %d turns and changes that cannot be undone any more", past)
            await asyncio.sleep(_EVERY)

    async def _collect(self) -> int:
        total = 0
        while gone := await self._store.collect(self._clock() - _UNDONE_SECONDS, _AT_ONCE):
            total += gone
            await asyncio.sleep(0.1)
        return total

    async def _prune(self) -> int:
        total = 0
        while gone := await self._store.prune(self._clock() - KEEP_SECONDS, _AT_ONCE):
            total += gone
            await asyncio.sleep(0.1)
        return total


@dataclass(frozen=True, slots=True)
class CallKeeping:
    """How long records of calls of models are kept, and how many at most; the rest is forgotten each hour."""

    calls: Calls
    days: float
    most: int
    clock: Clock

    async def run(self) -> None:
        """For ever: first after two minutes, then each hour."""
        await asyncio.sleep(120.0)
        while True:
            try:
                await self._prune()
            except StoreError as error:
                log.error("old records of calls are not removed: %s", error)  # noqa: TRY400 - an expected kind
            await asyncio.sleep(_EVERY)

    async def _prune(self) -> int:
        total = 0
        while gone := await self.calls.prune(self.clock() - self.days * 86_400.0, self.most):
            total += gone
            await asyncio.sleep(0.1)
        return total


@dataclass(frozen=True, slots=True)
class HoldKeeping:
    """Forgets reservations that lapsed; they count no more anyway."""

    usage: Usage
    clock: Clock

    async def run(self) -> None:
        """For ever: each hour."""
        while True:
            await asyncio.sleep(_EVERY)
            try:
                await self.usage.sweep(self.clock())
            except StoreError as error:
                log.error("reservations that lapsed are not removed: %s", error)  # noqa: TRY400 - an expected kind


class Loadable(Protocol):
    """What knows in memory what is stored."""

    async def load(self) -> None:
        """Read what changed."""


async def keep_current(what: Loadable) -> None:
    """For ever: take up what other processes on the same data changed. Costs nothing where nothing changed."""
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        try:
            await what.load()
        except StoreError as error:
            log.error("changes by others are not taken up: %s", error)  # noqa: TRY400 - an expected kind
