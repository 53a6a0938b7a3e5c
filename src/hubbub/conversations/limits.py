"""How much of the models an owner may use: by the minute in memory, by the day as it is stored.

A question is checked before the model is asked, and held until its answer is known, so that many at once do not pass
where one would be the last. What it came to is counted with the answer (`Spend`). A day's last question may go over
the limit of tokens: how long an answer will be is known only afterwards.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hubbub.conversations.zones import day
from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from hubbub.core.ports import Clock, Usage
    from hubbub.core.work import Spent

_MOST_OWNERS = 10_000
_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one owner may use; 0 is no limit. ``message_characters`` bounds one question."""

    messages_per_minute: int = 0
    messages_per_day: int = 0
    tokens_per_day: int = 0
    message_characters: int = 0


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class PlatformLimits:
    """What holds for owners of one platform: their limits, and where their days begin (None: as the hub's)."""

    limits: Limits
    zone: tzinfo | None = None


@dataclass(slots=True)
class _Pace:
    """A bucket that a minute fills: ``left`` messages at ``at``. ``told``: the owner knows that it is empty."""

    left: float
    at: float
    told: bool = False


@dataclass(frozen=True, slots=True)
class _Held:
    """Questions of one owner that are being answered."""

    messages: int = 0
    tokens: int = 0


class Meter:
    """Checks and counts. Limits of single owners (``own``) take the place of the hub's."""

    def __init__(
        self,
        usage: Usage,
        limits: Limits,
        clock: Clock,
        zone: tzinfo | None = None,
        own: Mapping[str, Limits] | None = None,
    ) -> None:
        """``zone``: where days begin; None is the machine's. ``own`` may change at any time."""
        self._usage = usage
        self._limits = limits
        self.clock = clock
        self._zone = zone
        self._own = {} if own is None else own
        self._paces: OrderedDict[str, _Pace] = OrderedDict()
        self._held: dict[str, _Held] = {}
        self._platforms: Mapping[str, PlatformLimits] = {}

    def use(self, limits: Limits, platforms: Mapping[str, PlatformLimits] | None = None) -> None:
        """Go by other limits of the hub, and of platforms, from now on."""
        self._limits = limits
        self._platforms = platforms or {}

    def today(self, owner: str = "") -> str:
        """The day that is counted now, for an owner."""
        found = self._platforms.get(owner.partition(":")[0]) if self._platforms else None
        return day(self.clock(), found.zone if found is not None and found.zone is not None else self._zone)

    def limits_of(self, owner: str) -> Limits:
        """What an owner may use: their own limits, else their platform's, else the hub's."""
        own = self._own.get(owner) if self._own else None
        if own is not None or not self._platforms:
            return self._limits if own is None else own
        found = self._platforms.get(owner.partition(":")[0])
        return found.limits if found is not None else self._limits

    def pace(self, owner: str) -> Phrase | Literal[False] | None:
        """None if an owner may say something now; else a sentence that says so, or False when it was said already."""
        most = self.limits_of(owner).messages_per_minute
        if not most:
            return None
        now = self.clock()
        pace = self._paces.pop(owner, None) or _Pace(most, now)
        pace.left = min(most, pace.left + max(0.0, now - pace.at) * most / _MINUTE)
        pace.at = now
        self._paces[owner] = pace
        if len(self._paces) > _MOST_OWNERS:
            self._paces.popitem(last=False)
        if pace.left >= 1:
            pace.left -= 1
            pace.told = False
            return None
        if pace.told:
            return False
        pace.told = True
        return Phrase("limit.minute", {"limit": most, "seconds": max(1, round((1 - pace.left) * _MINUTE / most))})

    def too_long(self, owner: str, text: str) -> Phrase | None:
        """Why a question is refused for its length."""
        most = self.limits_of(owner).message_characters
        return Phrase("limit.characters", {"limit": most, "characters": len(text)}) if 0 < most < len(text) else None

    def hold(self, owner: str, tokens: int) -> Hold:
        """``async with`` it around the asking; ``tokens`` is what the question will probably come to.

        Raises:
            UserError: (on entering) the day's limit is reached.
            StoreError: (on entering) what was used could not be read.
        """
        return Hold(self, owner, tokens)

    async def begin(self, owner: str, tokens: int) -> bool:
        """Check, and count as under way; False where no limit needs it. Raises as `hold` does."""
        limits = self.limits_of(owner)
        if not limits.messages_per_day and not limits.tokens_per_day:
            return False
        today = self.today(owner)
        spent = await self._usage.spent(owner, today, today)
        held = self._held.get(owner) or _Held()
        _check(limits, spent, held)
        self._held[owner] = _Held(held.messages + 1, held.tokens + tokens)
        return True

    def end(self, owner: str, tokens: int) -> None:
        """What `begin` said True to is under way no more."""
        held = self._held.pop(owner)
        if held.messages > 1:
            self._held[owner] = _Held(held.messages - 1, held.tokens - tokens)


class Hold:
    """See `Meter.hold`. A class, not a generator: it stands on the road of every answer."""

    __slots__ = ("_held", "_meter", "_owner", "_tokens")

    def __init__(self, meter: Meter, owner: str, tokens: int) -> None:
        self._meter, self._owner, self._tokens = meter, owner, tokens
        self._held = False

    async def __aenter__(self) -> None:
        self._held = await self._meter.begin(self._owner, self._tokens)

    async def __aexit__(self, *_: object) -> None:
        if self._held:
            self._meter.end(self._owner, self._tokens)


def _check(limits: Limits, spent: Spent, held: _Held) -> None:
    if limits.messages_per_day and spent.messages + held.messages >= limits.messages_per_day:
        raise UserError(Phrase("limit.messages", {"limit": limits.messages_per_day}))
    if limits.tokens_per_day and spent.tokens + held.tokens >= limits.tokens_per_day:
        raise UserError(Phrase("limit.tokens", {"limit": limits.tokens_per_day}))
