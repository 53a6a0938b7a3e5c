"""Who waits for which answer, and when to look for it in the store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hubbub.core.errors import Overloaded

FIRST_LOOK = 1.0
"""Seconds after which the store is asked for an answer whose end was not told."""
SLOWEST_LOOK = 15.0


@dataclass(slots=True)
class Wait:
    """All requests that wait for one entry. Times in seconds of one monotonic clock."""

    entry: int
    since: float
    due: float
    askers: int = 0


class Waiting:
    """A bounded register of waits, by event key."""

    def __init__(self, limit: int) -> None:
        """``limit``: requests that may be in flight at once."""
        self._limit = limit
        self._waits: dict[str, Wait] = {}
        self._requests = 0

    def __len__(self) -> int:
        return self._requests

    @contextmanager
    def request(self) -> Iterator[None]:
        """Count one request in while it is in flight.

        Raises:
            Overloaded: as many as may be are in flight.
        """
        if self._requests >= self._limit:
            msg = f"{self._limit} requests wait for an answer already"
            raise Overloaded(msg)
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    @contextmanager
    def wait(self, key: str, entry: int, now: float) -> Iterator[None]:
        """Have the entry looked after while somebody waits for it."""
        wait = self._waits.setdefault(key, Wait(entry, now, now + FIRST_LOOK))
        wait.askers += 1
        try:
            yield
        finally:
            wait.askers -= 1
            if not wait.askers:
                del self._waits[key]

    def awaited(self) -> list[str]:
        """What is waited for."""
        return list(self._waits)

    def due(self, now: float) -> list[tuple[str, int]]:
        """Keys and entries whose time to look has come; the longer one waits, the rarer the next look."""
        found = [(key, wait) for key, wait in self._waits.items() if wait.due <= now]
        for _, wait in found:
            wait.due = now + min(SLOWEST_LOOK, max(FIRST_LOOK, (now - wait.since) / 2))
        return [(key, wait.entry) for key, wait in found]
