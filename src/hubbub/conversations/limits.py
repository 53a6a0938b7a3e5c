"""How much of the models an owner, a group and the whole hub may use, by the minute and by the day.

A question is reserved before the model is asked, in the store, so that many at once, also on several nodes, do not pass
where one would be the last. What it came to is counted with the answer (`Spend`), in the same transaction in which the
reservation ends; one that nobody ends lapses. Where no limit is set nothing is asked of the store, but everything is
counted for all whom a limit could be set for, so that one that is set at noon knows of the morning.
"""

from __future__ import annotations

import logging
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from hubbub.conversations.holds import NO_STAKE, Hold, Stake
from hubbub.conversations.shortages import EVERYBODY, said, scope_of_group
from hubbub.conversations.zones import day, until_tomorrow
from hubbub.core.errors import StoreError, UserError
from hubbub.core.phrases import Phrase
from hubbub.core.quotas import Pace, Quota, Reservation

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import tzinfo

    from hubbub.core.addresses import Room
    from hubbub.core.ports import Clock
    from hubbub.core.store import Usage

log = logging.getLogger(__name__)

_MOST_TOLD = 10_000
_LAPSE_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Limits:
    """What one owner may use; 0 is no limit. ``message_characters`` bounds one question.

    ``cost_per_day`` is money, in billionths of what prices are in.
    """

    messages_per_minute: int = 0
    messages_per_day: int = 0
    tokens_per_day: int = 0
    message_characters: int = 0
    cost_per_day: int = 0

    @property
    def by_day(self) -> bool:
        """Something is counted by the day."""
        return bool(self.messages_per_day or self.tokens_per_day or self.cost_per_day)


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class PlatformLimits:
    """What holds for owners of one platform: their limits, and where their days begin (None: as the hub's)."""

    limits: Limits
    zone: tzinfo | None = None


@dataclass(frozen=True, slots=True)
class CommonLimits:
    """What all members of a ``group`` may use together, and everybody in the whole ``hub``.

    ``currency``: what prices are in, as people are told it. ``groups``: limits of single groups, by the keys of their
    rooms; it may change at any time.
    """

    group: Limits = NO_LIMITS
    hub: Limits = NO_LIMITS
    currency: str = ""
    groups: Mapping[str, Limits] = field(default_factory=dict)


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
        self._told: OrderedDict[str, None] = OrderedDict()
        self._platforms: Mapping[str, PlatformLimits] = {}
        self.common = CommonLimits()
        self._lapse = _LAPSE_SECONDS

    def use(
        self,
        limits: Limits,
        platforms: Mapping[str, PlatformLimits] | None = None,
        common: CommonLimits | None = None,
        longest: float = 0.0,
    ) -> None:
        """Go by other limits from now on; ``longest``: seconds that an answer may take."""
        self._limits = limits
        self._platforms = platforms or {}
        self.common = common or CommonLimits()
        self._lapse = max(_LAPSE_SECONDS, 2 * longest)

    @property
    def currency(self) -> str:
        """What prices are in, as people are told it."""
        return self.common.currency

    def today(self, owner: str = "") -> str:
        """The day that is counted now, for an owner."""
        return day(self.clock(), self._zone_of(owner))

    def left_of_today(self, owner: str = "") -> float:
        """Seconds until another day is counted, for an owner."""
        return until_tomorrow(self.clock(), self._zone_of(owner))

    def _zone_of(self, owner: str) -> tzinfo | None:
        """Where days begin: no choice of the person, who could have several days of one by it."""
        found = self._platforms.get(owner.partition(":")[0]) if self._platforms else None
        return found.zone if found is not None and found.zone is not None else self._zone

    def limits_of(self, owner: str) -> Limits:
        """What an owner may use: their own limits, else their platform's, else the hub's."""
        own = self._own.get(owner) if self._own else None
        if own is not None or not self._platforms:
            return self._limits if own is None else own
        found = self._platforms.get(owner.partition(":")[0])
        return found.limits if found is not None else self._limits

    def group_of(self, room: Room) -> str:
        """The key of a room's group, with all its threads; "" in private."""
        if room.direct:
            return ""
        return (replace(room, thread="") if room.thread else room).key

    def limits_of_group(self, group: str) -> Limits:
        """What the members of a group may use together: its own limits, else those of all groups."""
        return self.common.groups.get(group, self.common.group)

    def shares(self, group: str) -> tuple[str, ...]:
        """For whom it counts, beside the owner, what is used in a group ("": in private)."""
        return (scope_of_group(group), EVERYBODY) if group else (EVERYBODY,)

    # --- by the minute -------------------------------------------------------------------------------------------

    def paced(self, owner: str, *, group: bool = False) -> bool:
        """Whether some limit of a minute holds (in a group); without one `pace` need not be asked."""
        common = self.common
        return bool(
            self.limits_of(owner).messages_per_minute
            or common.hub.messages_per_minute
            or (group and (common.group.messages_per_minute or common.groups))
        )

    async def pace(self, owner: str, group: str = "") -> Phrase | Literal[False] | None:
        """None if an owner may say something now; else a sentence that says so, or False when it was said already.

        Raises StoreError.
        """
        paces = tuple(
            Pace(scope, limits.messages_per_minute)
            for scope, limits in self._scopes(owner, group)
            if limits.messages_per_minute
        )
        short = await self._usage.reserve(Reservation(now=self.clock(), paces=paces)) if paces else None
        if short is None:
            self._told.pop(owner, None)
            return None
        if owner in self._told:
            return False
        self._told[owner] = None
        if len(self._told) > _MOST_TOLD:
            self._told.popitem(last=False)
        return said(short, owner, short.seconds)

    # --- by the day ----------------------------------------------------------------------------------------------

    def too_long(self, owner: str, text: str) -> Phrase | None:
        """Why a question is refused for its length."""
        most = self.limits_of(owner).message_characters
        return Phrase("limit.characters", {"limit": most, "characters": len(text)}) if 0 < most < len(text) else None

    def hold(self, owner: str, tokens: int, stake: Stake = NO_STAKE) -> Hold:
        """``async with`` it around the asking; ``tokens`` is what the question will probably come to.

        Raises:
            UserError: (on entering) the day's limit is reached.
            StoreError: (on entering) it could not be reserved.
        """
        return Hold(self, owner, tokens, stake)

    async def begin(self, owner: str, tokens: int, stake: Stake) -> str:
        """Reserve; the name of what is held, "" where no limit needs it. Raises as `hold` does."""
        scopes = [(scope, limits) for scope, limits in self._scopes(owner, stake.group) if limits.by_day]
        if not scopes:
            return ""
        today, now = self.today(owner), self.clock()
        quotas = tuple(
            Quota(scope, today, each.messages_per_day, each.tokens_per_day, each.cost_per_day) for scope, each in scopes
        )
        name = stake.key or secrets.token_hex(12)
        wanted = Reservation(name, now, now + self._lapse, quotas, (), tokens, stake.cost, stake.again)
        short = await self._usage.reserve(wanted)
        if short is not None:
            raise UserError(said(short, owner, self.left_of_today(owner)))
        return name

    async def release(self, name: str) -> None:
        """What `begin` reserved is held no more; where the store is away it lapses."""
        try:
            await self._usage.release(name)
        except StoreError as error:
            log.warning("a reservation is left to lapse: %s", error)

    def _scopes(self, owner: str, group: str) -> list[tuple[str, Limits]]:
        """Whom something counts for, and what they may use."""
        found = [(owner, self.limits_of(owner))]
        if group and (limits := self.limits_of_group(group)) != NO_LIMITS:
            found.append((scope_of_group(group), limits))
        if self.common.hub != NO_LIMITS:
            found.append((EVERYBODY, self.common.hub))
        return found


def stricter(one: Limits, other: Limits) -> Limits:
    """The smaller of each, where there is a limit."""
    pairs = ((getattr(one, name), getattr(other, name)) for name in Limits.__dataclass_fields__)
    return Limits(*(min(pair) if all(pair) else max(pair) for pair in pairs))
