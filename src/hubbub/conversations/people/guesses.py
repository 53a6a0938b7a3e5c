"""Codes that were entered wrongly: whoever does so often has to wait."""

from __future__ import annotations

from collections import OrderedDict

MOST = 5
SECONDS = 600.0
_REMEMBERED = 10_000


class Guesses:
    """Knows the last wrong ones of each identity."""

    def __init__(self) -> None:
        """None yet."""
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def may(self, identity: str, now: float) -> bool:
        """Whether another code may be tried at ``now`` (seconds since the epoch)."""
        return len(self._lately(identity, now)) < MOST

    def wrong(self, identity: str, now: float) -> None:
        """A code was entered that is none."""
        self._wrong[identity] = [*self._lately(identity, now), now]
        self._wrong.move_to_end(identity)
        if len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)

    def _lately(self, identity: str, now: float) -> list[float]:
        return [at for at in self._wrong.get(identity, ()) if 0 <= now - at < SECONDS]
