"""Warnings about what comes in, without letting whoever sends it fill the log."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

_EVERY_SECONDS = 60.0
_LONGEST = 300


class Complaints:
    """One warning for each kind of fault a minute; the next one tells how many were left out."""

    def __init__(self, log: logging.Logger, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock``: any that does not go back, in seconds."""
        self._log = log
        self._clock = clock
        self._seen: dict[str, tuple[float, int]] = {}

    def __call__(self, kind: str, where: str, detail: object = "") -> None:
        """``kind`` must be one of few, never a text from outside."""
        now = self._clock()
        last, left_out = self._seen.get(kind, (float("-inf"), 0))
        if now - last < _EVERY_SECONDS:
            self._seen[kind] = (last, left_out + 1)
            return
        self._seen[kind] = (now, 0)
        more = f" ({left_out} more of this kind since)" if left_out else ""
        self._log.warning("%s: %s%s: %.*s", where, kind, more, _LONGEST, detail)
