"""How often an address may be wrong: a bucket of tries each, refilled slowly."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable

from hubbub.api.origins import address_of

TRIES = 10
REFILL_SECONDS = 6.0
ADDRESSES = 4096


class Failures:
    """Failed tries by address, bounded; who is forgotten is the one whose last failure is longest ago."""

    def __init__(self, tries: int = TRIES, refill: float = REFILL_SECONDS, clock: Callable[[], float] = time.monotonic):
        """``tries`` at once, then one more every ``refill`` seconds."""
        self._tries = tries
        self._refill = refill
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def count(self, client: str) -> None:
        """One more failure."""
        key = _neighbours(client)
        now = self._clock()
        until = max(now, self._full_at.pop(key, now)) + self._refill
        if len(self._full_at) >= ADDRESSES:
            del self._full_at[next(iter(self._full_at))]
        self._full_at[key] = min(until, now + self._refill * (self._tries + 1))

    def wait(self, client: str) -> float:
        """Seconds until the address may try again; 0 if it may now."""
        until = self._full_at.get(_neighbours(client))
        if until is None:
            return 0.0
        return max(0.0, until - self._clock() - self._refill * (self._tries - 1))


def _neighbours(client: str) -> str:
    """An IPv6 caller owns a whole /64, so that counts as one address."""
    address = address_of(client)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    return str(address or client)
