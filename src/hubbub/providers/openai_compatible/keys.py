"""Several API keys of one provider, used in turn."""

from __future__ import annotations

REST_BUSY = 60.0
REST_REFUSED = 900.0


class KeyRing:
    """Gives the next key that is not resting. Times are in seconds of one monotonic clock."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        """``keys`` may be empty: a server that wants none."""
        self._keys = keys or ("",)
        self._until = dict.fromkeys(self._keys, 0.0)
        self._turn = 0

    def pick(self, now: float) -> str:
        """The next key in turn; when all rest, the one that is ready first."""
        keys = self._keys
        if len(keys) == 1:
            return keys[0]
        for _ in keys:
            key = keys[self._turn % len(keys)]
            self._turn += 1
            if self._until[key] <= now:
                return key
        return min(keys, key=self._until.__getitem__)

    def rest(self, key: str, until: float) -> None:
        """Leave a key out until then."""
        if key in self._until:
            self._until[key] = until

    def awake(self, now: float) -> bool:
        """Some key is not resting."""
        return any(until <= now for until in self._until.values())
