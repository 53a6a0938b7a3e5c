"""New sessions of a bot, begun as seldom and as far apart as Discord wants ("Session Start Limit")."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from hubbub.core.errors import DeliveryError
from hubbub.platforms.discord.rest import Rest

APART_SECONDS = 5.0
_FRESH_SECONDS = 60.0


@dataclass(slots=True)
class About:
    """What ``GET /gateway/bot`` says. ``left`` sessions may be begun before ``until``, of a clock that goes forward."""

    url: str
    shards: int
    left: int
    at_once: int
    until: float
    asked: float

    @classmethod
    def of(cls, found: Any, now: float) -> About:
        """Read it. Raises KeyError, TypeError, ValueError."""
        limit = found.get("session_start_limit") or {}
        until = now + float(limit.get("reset_after", 0)) / 1000
        at_once = max(1, int(limit.get("max_concurrency", 1)))
        return cls(str(found["url"]), int(found.get("shards", 1)), int(limit.get("remaining", 1)), at_once, until, now)


class Starts:
    """Of one bot. ``hold`` keeps nodes from beginning at the same time, under names that begin with ``name``."""

    def __init__(self, rest: Rest, hold: Callable[[str], AbstractAsyncContextManager[None]], name: str) -> None:
        """Nothing is asked yet."""
        self._rest = rest
        self._hold = hold
        self._name = name
        self._about: About | None = None

    @property
    def url(self) -> str:
        """The gateway's address as it was told last; "" before it was."""
        return self._about.url if self._about is not None else ""

    async def about(self) -> About:
        """What Discord says of the gateway; asked anew when it is old or used up.

        Raises:
            DeliveryError: it does not say.
        """
        now, known = time.monotonic(), self._about
        if known is None or known.left <= 0 or now - known.asked > _FRESH_SECONDS:
            try:
                known = self._about = About.of(await self._rest.call("GET", "/gateway/bot"), now)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                message = f"Discord does not say where its gateway is: {error!r}"
                raise DeliveryError(message, certain=True) from error
        return known

    async def begin(self, place: int, count: int) -> str:
        """Wait for the turn of one of ``count`` connections to begin a session; the address of the gateway.

        Raises:
            DeliveryError: Discord does not say, or lets none be begun before ``retry_after``.
        """
        about = await self.about()
        if about.left <= 0:
            wait = max(1.0, about.until - time.monotonic())
            message = f"Discord lets the bot begin no more sessions for {wait:.0f} s"
            raise DeliveryError(message, certain=True, retry_after=wait)
        about.left -= 1
        if count > 1:
            async with self._hold(f"{self._name}/begin/{place % about.at_once}"):
                await asyncio.sleep(APART_SECONDS)
        return about.url
