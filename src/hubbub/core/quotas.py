"""How much may be used: what is asked for, what is there already, and what is decided on both. Pure.

Cost is counted in billionths of whatever prices are in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MINUTE = 60.0
BILLION = 1_000_000_000

What = Literal["minute", "messages", "tokens", "cost"]


@dataclass(frozen=True, slots=True)
class Quota:
    """The most that ``scope`` may use on a day ("2026-01-31"); 0 is no limit.

    A scope is an owner, or a name under which the use of several is summed up.
    """

    scope: str
    day: str
    messages: int = 0
    tokens: int = 0
    cost: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """How many messages ``scope`` may send in a minute: a bucket that a minute fills."""

    scope: str
    per_minute: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """Asked for before something is used: all of it is granted, or nothing.

    ``id`` names what is held until `work.Spend.holds` counts it, or until ``until`` (seconds since the epoch) comes; it
    counts as one message, ``tokens`` and ``cost`` in every quota. ``again``: something may be held under this id from
    an earlier try, in whose place this comes. Without quotas nothing is held.
    """

    id: str = ""
    now: float = 0.0
    until: float = 0.0
    quotas: tuple[Quota, ...] = ()
    paces: tuple[Pace, ...] = ()
    tokens: int = 0
    cost: int = 0
    again: bool = False


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why something is not granted: the limit of a scope that is reached; ``seconds`` until a minute gives more."""

    scope: str
    what: What
    limit: int
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Counts:
    """What a scope used on a day, or holds."""

    messages: int = 0
    tokens: int = 0
    cost: int = 0

    def plus(self, other: Counts) -> Counts:
        """Both together."""
        return Counts(self.messages + other.messages, self.tokens + other.tokens, self.cost + other.cost)


@dataclass(frozen=True, slots=True)
class Bucket:
    """``left`` messages at the time ``at``."""

    left: float
    at: float


Key = tuple[str, str]
"""A scope and a day."""


def decide(wanted: Reservation, counts: dict[Key, Counts], buckets: dict[str, Bucket]) -> Shortage | None:
    """Grant, and write into ``counts`` and ``buckets`` what is left then; or say what is short, and take nothing.

    ``counts`` are what is used and held together; what is in neither was never used.
    """
    filled = {pace.scope: _filled(pace, buckets.get(pace.scope), wanted.now) for pace in wanted.paces}
    buckets.update(filled)
    for pace in wanted.paces:
        left = filled[pace.scope].left
        if left < 1:
            return Shortage(pace.scope, "minute", pace.per_minute, (1 - left) * MINUTE / pace.per_minute)
    for quota in wanted.quotas:
        found = _short(quota, counts.get((quota.scope, quota.day), Counts()), wanted)
        if found is not None:
            return found
    buckets.update({scope: Bucket(bucket.left - 1, bucket.at) for scope, bucket in filled.items()})
    more = Counts(1, wanted.tokens, wanted.cost)
    for quota in wanted.quotas:
        key = (quota.scope, quota.day)
        counts[key] = counts.get(key, Counts()).plus(more)
    return None


def _filled(pace: Pace, known: Bucket | None, now: float) -> Bucket:
    if known is None:
        return Bucket(pace.per_minute, now)
    return Bucket(min(pace.per_minute, known.left + max(0.0, now - known.at) * pace.per_minute / MINUTE), now)


def _short(quota: Quota, there: Counts, wanted: Reservation) -> Shortage | None:
    """The last question of a day may go over the limit of tokens, but none over that of money."""
    if quota.messages and there.messages >= quota.messages:
        return Shortage(quota.scope, "messages", quota.messages)
    if quota.tokens and there.tokens >= quota.tokens:
        return Shortage(quota.scope, "tokens", quota.tokens)
    if quota.cost and (there.cost >= quota.cost or there.cost + wanted.cost > quota.cost):
        return Shortage(quota.scope, "cost", quota.cost)
    return None
