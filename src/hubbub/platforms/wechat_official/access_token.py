"""The access token of an account: one for all nodes, fetched by one, as a new one ends the old."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeGuard

from hubbub.core.errors import DeliveryError, LeaseLost, StoreError
from hubbub.core.ports import Host
from hubbub.platforms.wechat_official.convert import NAME
from hubbub.platforms.wechat_official.settings import AccountSettings

# A token is not used in its last minutes: a request under way with it would fail.
_MARGIN = 300.0


@dataclass(frozen=True, slots=True)
class AccessToken:
    """The token and until when it holds, in seconds since the epoch."""

    value: str
    until: float


class SharedToken:
    """Kept with the hub's facts, sealed with the account's secret."""

    def __init__(
        self,
        account: AccountSettings,
        host: Host,
        fetch: Callable[[], Awaitable[tuple[str, float]]],
        clock: Callable[[], float],
    ) -> None:
        """``fetch`` gets a new token and its life in seconds."""
        self._key = f"{NAME}/token/{account.name}/{account.app_id}"
        self._facts = host.sealed(account.app_secret.get_secret_value())
        self._host = host
        self._fetch = fetch
        self._clock = clock
        self._known: AccessToken | None = None
        self._one = asyncio.Lock()

    async def get(self, refused: str = "") -> str:
        """A token that holds; ``refused`` is one that the platform did not take.

        Raises:
            DeliveryError: there is none; certain, if what ``fetch`` raises is so.
        """
        if self._good(self._known, refused):
            return self._known.value
        async with self._one:
            try:
                self._known = await self._shared(refused)
            except LeaseLost as error:
                message = "token: another node fetches it"
                raise DeliveryError(message, certain=True, retry_after=1.0) from error
            except StoreError as error:
                message = f"token: it cannot be kept: {error}"
                raise DeliveryError(message, certain=True, retry_after=1.0) from error
            return self._known.value

    async def _shared(self, refused: str) -> AccessToken:
        """What another node fetched, else a fresh one that the others find."""
        found = await self._kept()
        if self._good(found, refused):
            return found
        async with self._host.hold(self._key):
            found = await self._kept()
            return found if self._good(found, refused) else await self._fresh()

    def _good(self, token: AccessToken | None, refused: str) -> TypeGuard[AccessToken]:
        return token is not None and token.value != refused and token.until > self._clock()

    async def _fresh(self) -> AccessToken:
        value, seconds = await self._fetch()
        token = AccessToken(value, self._clock() + max(seconds - _MARGIN, seconds / 2))
        await self._facts.put(self._key, json.dumps([token.value, token.until]))
        return token

    async def _kept(self) -> AccessToken | None:
        try:
            value, until = json.loads(await self._facts.get(self._key) or "")
            return AccessToken(str(value), float(until))
        except (ValueError, TypeError):
            return None
