"""Names that one node alone holds, by leases that are renewed in time or given up in time.

The time is a clock that nobody sets and that goes on while the process, or the machine, is stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from hubbub.core.errors import LeaseLost, StoreError
from hubbub.core.store import Words
from hubbub.core.work import Lease

log = logging.getLogger(__name__)

_SEIZED = "seized"
_LOOK = 0.5
"""Seconds between two tries to take a name that another node holds."""
_LEAST_MARGIN = 0.2
_AGAIN = 0.5
"""Seconds after which a block that was told to end, and goes on, is told again."""


class NamedLeases(Protocol):
    """`store.Leases` with the means of `store.SharedLeases`."""

    async def acquire(self, name: str, node: str, ttl: float, address: str = "") -> Lease | None:
        """See `store.Leases.acquire`."""

    async def release(self, lease: Lease) -> None:
        """See `store.Leases.release`."""

    async def seize(self, name: str, node: str, ttl: float, address: str = "") -> Lease:
        """See `store.SharedLeases.seize`."""


def _now() -> float:
    """Seconds that also pass while the machine sleeps, where the system counts them."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class _Scope:
    """Ends a block by cancelling its task: again and again until it has ended, whatever swallows a cancellation.

    ``asyncio.timeout`` tells its own cancellations by counting them. That fails where a task group in the block had an
    error before (Python 3.11 and 3.12 leave one uncounted), so ours carry a mark.
    """

    def __init__(self, until: float) -> None:
        """``until``: by the clock of this module."""
        self.over = False
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._mark = object()
        self._cancelled = 0
        self._timer = self._loop.call_later(max(0.0, until - _now()), self.end)

    def move(self, until: float) -> None:
        """The block may last until then, unless it is being ended."""
        if not self.over:
            self._timer.cancel()
            self._timer = self._loop.call_later(max(0.0, until - _now()), self.end)

    def end(self) -> None:
        """End the block now."""
        self._timer.cancel()
        self.over = True
        if self._task is not None:
            self._cancelled += 1
            self._task.cancel(self._mark)
        self._timer = self._loop.call_later(_AGAIN, self.end)

    def leave(self, error: BaseException | None) -> bool:
        """The block has ended; whether that was our doing and nobody else's."""
        self._timer.cancel()
        while self._cancelled and self._task is not None:
            self._cancelled -= 1
            self._task.uncancel()
        return self.over and isinstance(error, asyncio.CancelledError) and self._mark in error.args


@dataclass(slots=True, eq=False)
class _Held:
    """``until``: by our own clock, when the name must be let go of unless the lease was renewed."""

    lease: Lease
    until: float
    scope: _Scope | None = None

    def give_up(self) -> None:
        """End the block at once."""
        if self.scope is not None and not self.scope.over:
            self.scope.end()

    def live_until(self, until: float) -> None:
        """It was renewed."""
        self.until = until
        if self.scope is not None:
            self.scope.move(until)


class Holder:
    """Takes names for this node, and keeps them for as long as blocks want them."""

    def __init__(self, leases: NamedLeases, words: Words, node: str, ttl: float) -> None:
        """``ttl``: seconds for which one renewal counts."""
        self._leases = leases
        self._words = words
        self._node = node
        self._ttl = ttl
        # A name is let go of so much before others may take it.
        self._margin = max(_LEAST_MARGIN, ttl / 10)
        self._held: dict[str, _Held] = {}
        words.hear(_SEIZED, self._seized)

    @contextlib.asynccontextmanager
    async def hold(self, name: str, *, seize: bool = False) -> AsyncIterator[None]:
        """See `ports.Host.hold`. ``seize``: take it from whoever has it now."""
        held = await self._taken(name, seize=seize)
        self._held[name] = held
        scope = held.scope = _Scope(held.until)
        renewing = asyncio.create_task(self._renew(name, held), name=f"lease {name}")
        try:
            yield
        except BaseException as error:
            if not scope.leave(error):
                raise
            msg = f"{name} is not this node's any more"
            raise LeaseLost(msg) from error
        finally:
            scope.leave(None)
            renewing.cancel()
            if self._held.get(name) is held:
                del self._held[name]
            await asyncio.shield(self._release(held))

    def holds(self, name: str) -> bool:
        """Whether this node holds it at this very moment."""
        held = self._held.get(name)
        return held is not None and _now() < held.until

    def check(self) -> None:
        """End what is over, at once: to be called when the process may have been stopped for a while."""
        now = _now()
        for held in self._held.values():
            if now >= held.until:
                held.give_up()

    async def _taken(self, name: str, *, seize: bool) -> _Held:
        failed = False
        while True:
            asked = _now()
            try:
                if seize:
                    lease: Lease | None = await self._leases.seize(name, self._node, self._ttl)
                    self._words.tell(_SEIZED, f"{self._node}\n{name}")
                else:
                    lease = await self._leases.acquire(name, self._node, self._ttl)
            except StoreError as error:
                if not failed:
                    log.warning("%s cannot be taken while the store fails: %s", name, error)
                failed, lease = True, None
            if lease is not None and _now() < (until := asked + self._ttl - self._margin):
                return _Held(lease, until)
            await asyncio.sleep(_LOOK)

    async def _renew(self, name: str, held: _Held) -> None:
        """As long as the block lasts. A renewal in doubt is none: the block then ends by its time."""
        wait = self._ttl / 3
        while True:
            await asyncio.sleep(wait)
            wait = self._ttl / 3
            asked = _now()
            try:
                async with asyncio.timeout(self._ttl / 3):
                    lease = await self._leases.acquire(name, self._node, self._ttl)
            except (StoreError, TimeoutError) as error:
                log.warning("the lease of %s is not renewed: %s", name, str(error) or "no answer in time")
                wait = min(_LOOK, self._ttl / 10)
                continue
            if lease is None or lease.fence != held.lease.fence:
                log.warning("%s was taken by another node", name)
                held.lease = lease or held.lease
                held.give_up()
                return
            held.live_until(asked + self._ttl - self._margin)

    async def _release(self, held: _Held) -> None:
        try:
            async with asyncio.timeout(self._ttl / 3):
                await self._leases.release(held.lease)
        except (StoreError, TimeoutError) as error:
            log.warning("%s is free for others only later: %s", held.lease.name, str(error) or "no answer in time")

    def _seized(self, text: str) -> None:
        node, _, name = text.partition("\n")
        held = self._held.get(name)
        if held is not None and node != self._node:
            held.give_up()
