"""Timers that come due become events of the inbox."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from hubbub.core.errors import StoreError
from hubbub.core.ports import Clock
from hubbub.core.store import Timers
from hubbub.core.work import Claim

log = logging.getLogger(__name__)

# The clock may be set back or forth, and another node may set a timer: look again after so many seconds.
_LOOK_AGAIN = 1.0
_AT_ONCE = 500


class Clockwork:
    """Fires timers while it runs."""

    def __init__(self, timers: Timers, take: Callable[[Claim], None], node: str, clock: Clock) -> None:
        """``take`` works on the claim of a fired timer's lane."""
        self._timers = timers
        self._take = take
        self._node = node
        self._clock = clock

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                wait = await self._turn()
            except StoreError as error:
                log.error("timers cannot be read: %s", error)  # noqa: TRY400 - an expected kind
                wait = _LOOK_AGAIN
            await asyncio.sleep(wait)

    async def _turn(self) -> float:
        """Fire what is due; the seconds to wait."""
        due = await self._timers.next_due()
        now = self._clock()
        if due is None or due > now:
            return _LOOK_AGAIN if due is None else min(_LOOK_AGAIN, due - now)
        receipts = await self._timers.fire(now, self._node, _AT_ONCE)
        for receipt in receipts:
            if receipt.claim is not None:
                self._take(receipt.claim)
        return 0.0
