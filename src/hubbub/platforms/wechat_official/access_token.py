"""The access token of an account: one for all nodes, fetched by one, as a new one ends the old."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

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
        """A token that holds; ``refused`` is one that the platform did not take. Raises what ``fetch`` raises."""
        if self._good(self._known, refused):
            return self._known.value  # type: ignore[union-attr]  # a good one is one
        async with self._one:
            self._known = await self._kept()
            if not self._good(self._known, refused):
                async with self._host.hold(self._key):
                    self._known = await self._kept()
                    if not self._good(self._known, refused):
                        self._known = await self._fresh()
            assert self._known is not None  # noqa: S101 - for the type checker
            return self._known.value

    def _good(self, token: AccessToken | None, refused: str) -> bool:
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
