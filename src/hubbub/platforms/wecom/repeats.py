"""The same text of the same person within seconds, which impatient thumbs and apps send."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from hubbub.core.events import Event, Received
from hubbub.core.messages import text_of

_MOST = 10_000


class Repeats:
    """Remembers what was said for some seconds. Redeliveries of one message are not its business: they have one id."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        """``seconds`` 0: nothing is a repeat."""
        self._seconds = seconds
        self._clock = clock
        self._said: dict[bytes, tuple[str, float]] = {}

    def seen(self, event: Event) -> bool:
        """Whether another message with the same words came from the same person just now."""
        words = text_of(event.message) if self._seconds and type(event) is Received else ""
        if not words:
            return False
        now = self._clock()
        key = hashlib.blake2b(f"{event.author.id}\n{words}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
        first, until = self._said.get(key, (event.id, 0.0))
        if now < until and first != event.id:
            return True
        self._said.pop(key, None)
        self._said[key] = (event.id, now + self._seconds)
        self._forget(now)
        return False

    def _forget(self, now: float) -> None:
        """The oldest stand first."""
        while self._said:
            key = next(iter(self._said))
            if self._said[key][1] > now and len(self._said) <= _MOST:
                return
            del self._said[key]
