"""Access tokens: fetched by one node, kept for all of them, fetched again shortly before they end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import orjson

from hubbub.core.errors import DeliveryError, LeaseLost, StoreError
from hubbub.core.ports import Facts
from hubbub.platforms.wecom.settings import Application

_EARLY_SECONDS = 120.0
_LONGEST_LIFE = 7200.0


@dataclass(frozen=True, slots=True)
class Token:
    """``until``: seconds since the epoch."""

    text: str
    until: float

    def lives(self, now: float) -> bool:
        """It can be used for a while yet."""
        return bool(self.text) and now < self.until - _EARLY_SECONDS


_NONE = Token("", 0.0)

Fetch = Callable[[], Awaitable[Token]]


class Keeper(Protocol):
    """Where a token is kept for all nodes; a `Host` is one."""

    @property
    def sealed(self) -> Callable[[str], Facts]:
        """Keeps it, as `Host.sealed`."""

    @property
    def hold(self) -> Callable[[str], AbstractAsyncContextManager[None]]:
        """Lets one node at a time fetch it."""


class AccessToken:
    """The token of one application."""

    def __init__(
        self, application: Application, host: Keeper, fetch: Fetch, clock: Callable[[], float] = time.time
    ) -> None:
        """``fetch`` asks WeCom for one and raises DeliveryError."""
        self._name = f"wecom.token.{application.corp_id}.{application.account}"
        self._facts = host.sealed(application.secret)
        self._host = host
        self._fetch = fetch
        self._clock = clock
        self._known = _NONE
        self._lock = asyncio.Lock()

    async def get(self, *, refused: str = "") -> str:
        """A token that is not the one that WeCom refused.

        Raises:
            DeliveryError: there is none; certain.
        """
        if self._good(self._known, refused):
            return self._known.text
        async with self._lock:
            if not self._good(self._known, refused):
                self._known = await self._shared(refused)
            return self._known.text

    async def _shared(self, refused: str) -> Token:
        """What another node fetched, else a fresh one that the others find."""
        try:
            found = await self._kept()
            if self._good(found, refused):
                return found
            async with self._host.hold(self._name):
                found = await self._kept()
                if not self._good(found, refused):
                    found = await self._fetch()
                    kept = {"token": found.text, "until": found.until}
                    await self._facts.put(self._name, orjson.dumps(kept).decode())
                return found
        except LeaseLost as error:
            message = "another node fetches the access token"
            raise DeliveryError(message, certain=True, retry_after=1.0) from error
        except StoreError as error:
            message = f"the access token cannot be kept: {error}"
            raise DeliveryError(message, certain=True, retry_after=1.0) from error

    async def _kept(self) -> Token:
        text = await self._facts.get(self._name)
        try:
            kept = orjson.loads(text or "{}")
            return Token(str(kept["token"]), float(kept["until"]))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            return _NONE

    def _good(self, token: Token, refused: str) -> bool:
        return token.lives(self._clock()) and token.text != refused


def lifetime(seconds: object, now: float) -> float:
    """When a token ends that lives for so long from now on."""
    life = float(seconds) if isinstance(seconds, (int, float)) else _LONGEST_LIFE
    # A token that WeCom calls short-lived is used all the same: no fetching in circles.
    return now + max(min(life, _LONGEST_LIFE), _EARLY_SECONDS + 1)
