"""How many requests a token may send: a bucket each, as large as a minute's share and refilled evenly."""

from __future__ import annotations

import time
from collections.abc import Callable

MINUTE = 60.0
BUCKETS = 4096


class Buckets:
    """Buckets by token, bounded: who is forgotten is the one that was used longest ago."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` in seconds."""
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def take(self, key: str, per_minute: int) -> float:
        """Take one request out; else, nothing taken, the seconds until there is one."""
        now = self._clock()
        full_at = max(now, self._full_at.pop(key, now)) + MINUTE / per_minute
        wait = full_at - now - MINUTE
        if wait > 1e-6:
            self._full_at[key] = full_at - MINUTE / per_minute
            return wait
        if len(self._full_at) >= BUCKETS:
            del self._full_at[next(iter(self._full_at))]
        self._full_at[key] = full_at
        return 0.0
