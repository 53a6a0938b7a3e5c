"""What is used through this API, counted for the owner of the token like everything else that the owner uses."""

from __future__ import annotations

import logging

from hubbub.conversations.zones import day
from hubbub.core import ports, turns
from hubbub.core.errors import StoreError
from hubbub.core.ports import Clock
from hubbub.core.work import Spend

log = logging.getLogger(__name__)


class Meter:
    """Counts answers once they are given."""

    def __init__(self, usage: ports.Usage, clock: Clock) -> None:
        """``clock`` tells the day."""
        self._usage = usage
        self._clock = clock

    async def count(self, owner: str, used: turns.Usage | None, *, messages: int = 1) -> None:
        """Count one answer. A store that cannot is no reason to take the answer back: the log tells."""
        tokens = used or turns.Usage()
        today = day(self._clock(), None)
        try:
            await self._usage.add(Spend(owner, today, messages, tokens.prompt_tokens, tokens.completion_tokens))
        except StoreError as error:
            log.warning("cannot count what %s used: %s", owner, error)
