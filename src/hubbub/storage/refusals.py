"""Refused transactions in the log: a line for each kind and how often it came, not one for each transaction."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

_EVERY_SECONDS = 60.0
_LONGEST = 300


class Refusals:
    """Called by the one that writes; a full disk refuses hundreds of transactions a second."""

    def __init__(self, expected: tuple[type[BaseException], ...], clock: Callable[[], float] = time.monotonic) -> None:
        """``expected`` errors say what is wrong by themselves; of others the log gets the traceback, once a minute."""
        self._expected = expected
        self._clock = clock
        self._told: dict[str, tuple[float, int]] = {}
        self._count = 0

    def refused(self, error: BaseException, what: str) -> None:
        """A transaction failed; ``what`` was in it."""
        self._count += 1
        kind = type(error).__name__
        now = self._clock()
        last, left_out = self._told.get(kind, (float("-inf"), 0))
        if now - last < _EVERY_SECONDS:
            self._told[kind] = (last, left_out + 1)
            return
        self._told[kind] = (now, 0)
        more = f" ({left_out} more of this kind in the last minutes)" if left_out else ""
        trace = None if isinstance(error, self._expected) else error
        log.error("%s not stored%s: %s: %.*s", what, more, kind, _LONGEST, error, exc_info=trace)

    def stored(self) -> None:
        """A transaction succeeded."""
        if self._count:
            log.warning("transactions are stored again, after %d that were not", self._count)
            self._count = 0
            self._told.clear()
