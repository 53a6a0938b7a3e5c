"""What is held of the limits while something is under way, and its end: counted with the answer, or given back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from hubbub.core.errors import StoreError, UserError

if TYPE_CHECKING:
    from types import TracebackType

    from hubbub.core.work import Spend


@dataclass(frozen=True, slots=True)
class Stake:
    """More about a question: the key of the group (without threads) that it is asked in, "" in private; what it costs.

    ``key`` names it, so that it is reserved once though it is tried ``again`` ("": it is tried once).
    ``kept``: a `Spend` ends the reservation (`Hold.on`); without it the block does.
    """

    group: str = ""
    cost: int = 0
    key: str = ""
    again: bool = False
    kept: bool = False


NO_STAKE = Stake()


class Limiting(Protocol):
    """Who knows the limits: `limits.Meter`."""

    def shares(self, group: str) -> tuple[str, ...]:
        """For whom it counts, beside the owner, what is used in a group ("": in private)."""

    async def begin(self, owner: str, tokens: int, stake: Stake) -> str:
        """Reserve; the name of what is held, "" where no limit needs it. Raises UserError, StoreError."""

    async def release(self, name: str) -> None:
        """What `begin` reserved is held no more."""


class Hold:
    """See `Meter.hold`. A class, not a generator: it stands on the road of every answer."""

    __slots__ = ("_meter", "_names", "_owner", "_stake", "_tokens")

    def __init__(self, meter: Limiting, owner: str, tokens: int, stake: Stake) -> None:
        self._meter, self._owner, self._tokens, self._stake = meter, owner, tokens, stake
        self._names: list[str] = []

    @property
    def reserved(self) -> bool:
        """A `Spend` has to end it, though nothing was used."""
        return bool(self._names)

    def on(self, spend: Spend) -> Spend:
        """What is to be counted, so that it ends the reservation and counts for group and hub, too."""
        return replace(spend, holds=tuple(self._names), shares=self._meter.shares(self._stake.group))

    async def more(self, tokens: int, cost: int = 0) -> None:
        """Hold one thing more of the same limits, like a message with so many ``tokens``, until the whole is counted.

        Raises:
            UserError: a limit of the day is reached.
            StoreError: it could not be reserved.
        """
        key = self._stake.key or (self._names[0] if self._names else secrets.token_hex(12))
        stake = replace(self._stake, key=f"{key}/{len(self._names)}", cost=cost)
        # Noted at once: who is cancelled meanwhile may have it all the same.
        self._names.append(stake.key)
        try:
            granted = await self._meter.begin(self._owner, tokens, stake)
        except (UserError, StoreError):
            self._names.remove(stake.key)
            raise
        if not granted:
            self._names.remove(stake.key)

    async def __aenter__(self) -> Hold:
        granted = await self._meter.begin(self._owner, self._tokens, self._stake)
        self._names += [granted] if granted else []
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Whoever is cancelled goes on with a `Spend`, or comes again under the same key.
        ended = kind is not None and issubclass(kind, Exception)
        if ended or not self._stake.kept:
            names, self._names = self._names, []
            for name in names:
                await self._meter.release(name)
