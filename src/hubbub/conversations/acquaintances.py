"""Who was lately noted as somebody who wrote, so that it is stored now and then and not with every message."""

from __future__ import annotations

from collections import OrderedDict

_AGAIN_AFTER = 6 * 3600.0
_MOST = 20_000


class Acquaintances:
    """Bounded; who was forgotten is noted once more."""

    def __init__(self) -> None:
        """Nobody yet."""
        self._noted: OrderedDict[str, float] = OrderedDict()

    def meet(self, owner: str, now: float) -> bool:
        """Whether it is to be stored that the owner wrote (at ``now``, seconds since the epoch)."""
        noted = self._noted.get(owner)
        if noted is not None and 0 <= now - noted < _AGAIN_AFTER:
            return False
        self._noted[owner] = now
        self._noted.move_to_end(owner)
        if len(self._noted) > _MOST:
            self._noted.popitem(last=False)
        return True
