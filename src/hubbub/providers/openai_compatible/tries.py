"""How often one request is made, and how long is waited before it is made again."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

    from hubbub.providers.openai_compatible.failures import ModelError

LONGEST_WAIT = 20.0
LONGEST_BACKOFF = 8.0
MOST_CHANGES = 12

_log = logging.getLogger(__name__)


class Tries:
    """The attempts at one request to one model."""

    def __init__(self, model: str, attempts: int, backoff: float, chance: random.Random) -> None:
        """``backoff``: seconds before the second attempt, doubled with each and spread by ``chance``."""
        self._model = model
        self._attempts = attempts
        self._backoff = backoff
        self._random = chance
        self._made = 0
        self._changes = 0

    async def again(self, error: ModelError) -> None:
        """Return when the request shall be made again; raises the error where that is of no use."""
        self._changes += error.at_once
        self._made += not error.at_once
        wait = self._wait(error)
        if wait is None:
            raise error
        _log.warning("model %s: %s; asked again in %.1f s", self._model, error, wait)
        await asyncio.sleep(wait)

    def _wait(self, error: ModelError) -> float | None:
        """Seconds until the next attempt; None: give up."""
        if error.at_once:
            return 0.0 if self._changes <= MOST_CHANGES else None
        if not error.again or self._made >= self._attempts:
            return None
        backoff = min(self._backoff * 2.0 ** (self._made - 1), LONGEST_BACKOFF) * self._random.uniform(0.5, 1.0)
        if error.retry_after is None:
            return backoff
        if error.retry_after > LONGEST_WAIT:
            return None
        return error.retry_after + (backoff / 4 if self._made == 1 else backoff)
