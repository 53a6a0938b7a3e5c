"""Discord's rate limits, kept by what it says of them (API reference, "Rate Limits")."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hubbub.platforms.discord.recent import Recent

_MOST = 10_000
_ID = re.compile(r"\d{5,}")
_ALL, _ALL_SECONDS = 10, 0.25
"""Most calls together. Discord takes 50 a second, as they arrive there, and on the way they bunch."""
_PROVISIONAL = 1.0
"""Seconds that a window is taken to last until Discord says how long it does."""
_MAJOR = ("channels", "guilds")
_BY_TOKEN = ("interactions", "webhooks")


@dataclass(frozen=True, slots=True)
class Route:
    """What shares a limit: calls of one kind on one channel, server or webhook.

    ``apart``: the limit of all calls together is none of it.
    """

    kind: str
    major: str = ""
    apart: bool = False

    @classmethod
    def of(cls, method: str, path: str) -> Route:
        """The one of a call."""
        first, *rest = path.partition("?")[0].strip("/").split("/")
        major = ""
        if first in _MAJOR and rest:
            major, *rest = rest
        elif first == "webhooks" and len(rest) > 1:
            major, rest = "/".join(rest[:2]), rest[2:]
        elif first == "interactions":
            rest = ["callback"]
        if "reactions" in rest:  # one limit for all of them, whatever is put there or taken away
            method, rest = "", ["reactions"]
        return cls(f"{method} {first}/{_ID.sub('*', '/'.join(rest))}", major, first in _BY_TOKEN)


@dataclass(slots=True)
class _Bucket:
    """``left`` calls may be made before ``until``, then ``limit`` anew. Times are of a clock that goes forward."""

    limit: int
    left: int
    until: float


class RateLimits:
    """Of one bot: the buckets that Discord named, and the limit of all calls together."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is known yet, so nothing waits."""
        self._clock = clock
        self._names: dict[str, str] = {}
        self._buckets: Recent[tuple[str, str], _Bucket] = Recent(_MOST)
        self._all: deque[float] = deque(maxlen=_ALL)
        """When the last calls were made."""
        self._all_until = 0.0

    def take(self, route: Route) -> float:
        """Take a turn: 0 if the call may be made now, else the seconds after which to ask again."""
        now = self._clock()
        if not route.apart and (wait := self._all_wait(now)) > 0:
            return wait
        bucket = self._buckets.get(self._key(route))
        if bucket is not None:
            if now >= bucket.until:
                bucket.left, bucket.until = bucket.limit, now + _PROVISIONAL
            if bucket.left <= 0:
                return bucket.until - now
            bucket.left -= 1
        if not route.apart:
            self._all.append(now)
        return 0.0

    def _all_wait(self, now: float) -> float:
        """How long no call may be made, whatever it is."""
        full = len(self._all) == _ALL
        return max(self._all_until, self._all[0] + _ALL_SECONDS if full else 0.0) - now

    def learn(self, route: Route, head: Mapping[str, str]) -> None:
        """Take up what the headers of an answer say."""
        name, left, wait = head.get("X-RateLimit-Bucket"), head.get("X-RateLimit-Remaining"), _seconds(head)
        if left is None or not left.isdecimal() or wait is None:
            return
        if name:
            self._names[route.kind] = name
        limit, now = head.get("X-RateLimit-Limit", ""), self._clock()
        self._put(route, _Bucket(int(limit) if limit.isdecimal() else 1, int(left), now + wait))

    def refused(self, route: Route, wait: float, *, everything: bool) -> None:
        """Discord wants no such call, or none at all (``everything``), for so many seconds."""
        until = self._clock() + wait
        if everything:
            self._all_until = max(self._all_until, until)
            return
        known = self._buckets.get(self._key(route))
        self._put(route, _Bucket(known.limit if known else 1, 0, until))

    def _key(self, route: Route) -> tuple[str, str]:
        return self._names.get(route.kind, route.kind), route.major

    def _put(self, route: Route, new: _Bucket) -> None:
        key = self._key(route)
        old = self._buckets.get(key)
        if old is not None and self._clock() < old.until:
            # Answers overtake one another, and calls are under way that Discord has not counted yet.
            new.left = min(new.left, old.left)
        self._buckets[key] = new


def _seconds(head: Mapping[str, str]) -> float | None:
    try:
        return max(0.0, float(head["X-RateLimit-Reset-After"]))
    except (KeyError, ValueError):
        return None
