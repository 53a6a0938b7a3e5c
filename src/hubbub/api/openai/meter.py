"""What is used through this API, counted for the owner of the token like everything else that the owner uses."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from hubbub.conversations.zones import day
from hubbub.core import ports, turns
from hubbub.core.errors import StoreError
from hubbub.core.ports import Clock
from hubbub.core.turns import Delta
from hubbub.core.work import Spend

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tally:
    """What one request has used so far, on whose account."""

    owner: str
    messages: int = 0
    used: turns.Usage = field(default_factory=turns.Usage)

    def add(self, delta: Delta) -> None:
        """Count a piece in: an answer that is cut off counts as one too."""
        self.messages = 1
        self.used = delta.usage or self.used


class Meter:
    """Counts what was used, once the answer is given."""

    def __init__(self, usage: ports.Usage, clock: Clock) -> None:
        """``clock`` tells the day."""
        self._usage = usage
        self._clock = clock

    async def settle(self, tally: Tally) -> None:
        """Store what a request used, if anything. The answer is given: where the store cannot, the log tells."""
        used = tally.used
        if not tally.messages and used == turns.Usage():
            return
        today = day(self._clock(), None)
        spend = Spend(tally.owner, today, tally.messages, used.prompt_tokens, used.completion_tokens)
        try:
            await self._usage.add(spend)
        except StoreError as error:
            log.warning("cannot count what %s used: %s", tally.owner, error)
