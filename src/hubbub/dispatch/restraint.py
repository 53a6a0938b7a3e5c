"""How often the hub does something of its own accord."""

from __future__ import annotations

from collections import deque

_MOST = 10_000


class Restraint:
    """Remembers when what was done lately, a bounded number of things."""

    def __init__(self) -> None:
        """Nothing was done yet."""
        self._times: dict[str, deque[float]] = {}

    def may(self, what: str, now: float, most: int, seconds: float) -> bool:
        """Whether it may be done once more, which counts: ``most`` times in so many seconds."""
        times = self._times.pop(what, None) or deque(maxlen=most)
        # A clock that was set back must not silence the hub for long.
        allowed = len(times) < most or not 0 <= now - times[0] < seconds
        if allowed:
            times.append(now)
        self._times[what] = times
        if len(self._times) > _MOST:
            del self._times[next(iter(self._times))]
        return allowed
