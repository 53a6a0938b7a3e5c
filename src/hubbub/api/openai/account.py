"""What is used through this API, on the account of the token's owner: within the same limits as everywhere else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from hubbub.chat.bill import Bill, expected, price
from hubbub.chat.calls import Caller
from hubbub.conversations.holds import Hold, Stake
from hubbub.conversations.limits import Meter
from hubbub.core import store
from hubbub.core.errors import StoreError, UserError
from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase
from hubbub.core.turns import Delta, Turn, Usage
from hubbub.core.work import Spend

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tally:
    """What one request uses, on whose account."""

    owner: str
    turns: Sequence[Turn] = ()
    messages: int = 0
    used: Usage = field(default_factory=Usage)
    spec: ModelSpec | None = None
    """Who is asked, where it is known what that costs."""
    bill: Bill = field(default_factory=Bill)
    """Takes the records of calls, where such are kept."""

    @property
    def cost(self) -> int:
        """In billionths of what prices are in."""
        return 0 if self.spec is None else price(self.spec, self.used.prompt_tokens, self.used.completion_tokens)

    def add(self, delta: Delta) -> None:
        """Count a piece in: an answer that is cut off counts as one too."""
        self.messages = 1
        self.used = delta.usage or self.used


class Accounts:
    """Checks what an owner may use, and counts what they used once the answer is given."""

    def __init__(self, usage: store.Usage, meter: Meter, calls: store.Calls | None = None) -> None:
        """``meter`` knows the limits, ``usage`` keeps the counts, ``calls`` (None: nobody) the records of calls."""
        self._usage = usage
        self._meter = meter
        self._calls = calls

    def tally(self, owner: str, turns: Sequence[Turn]) -> Tally:
        """A new request's."""
        caller = None if self._calls is None else Caller(owner, owner, "")
        return Tally(owner, turns, bill=Bill(caller))

    async def check(self, tally: Tally) -> None:
        """Refuse what an owner may not ask now.

        Raises:
            UserError: they ask too often, or for too much at once.
            StoreError: how often they asked could not be looked up.
        """
        slow = await self._meter.pace(tally.owner) if self._meter.paced(tally.owner) else None
        if isinstance(slow, Phrase):
            raise UserError(slow)
        if slow is False:  # it was said before, which does not help a program
            raise UserError(Phrase("limit.minute", {"limit": self._limit(tally.owner), "seconds": 60}))
        last = tally.turns[-1].content if tally.turns else ""
        if too_long := self._meter.too_long(tally.owner, last):
            raise UserError(too_long)

    @asynccontextmanager
    async def open(self, tally: Tally) -> AsyncIterator[None]:
        """Be under way while the block lasts, and counted at its end.

        Raises:
            UserError: the day's limit is reached.
            StoreError: what was used could not be read.
        """
        stake = Stake(kept=True)
        async with self._meter.hold(tally.owner, sum(map(expected, tally.turns)), stake) as held:
            try:
                yield
            finally:
                # Whoever asked may be gone with the answer, which ends us in the middle of this.
                await asyncio.shield(self._settle(tally, held))

    def _limit(self, owner: str) -> int:
        return self._meter.limits_of(owner).messages_per_minute

    async def _settle(self, tally: Tally, held: Hold) -> None:
        """The answer is given: where the store cannot count, the log tells."""
        await self._log(tally)
        used = tally.used
        if not tally.messages and used == Usage() and not held.reserved:
            return
        today, cost = self._meter.today(tally.owner), tally.cost
        spend = Spend(tally.owner, today, tally.messages, used.prompt_tokens, used.completion_tokens, cost=cost)
        try:
            await self._usage.add(held.on(spend))
        except StoreError as error:
            log.warning("cannot count what %s used: %s", tally.owner, error)

    async def _log(self, tally: Tally) -> None:
        if self._calls is None or not tally.bill.calls:
            return
        try:
            await self._calls.add([each.call for each in tally.bill.calls])
        except StoreError as error:
            log.warning("cannot keep the record of a call for %s: %s", tally.owner, error)
