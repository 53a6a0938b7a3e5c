"""HTTP API: calls as requests to an implementation, for accounts that send their events by HTTP POST."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import aiohttp
import orjson

from hubbub.core.errors import DeliveryError
from hubbub.platforms.onebot.bounds import scalar
from hubbub.platforms.onebot.session import Hub
from hubbub.platforms.onebot.wire import WireObject, outcome

log = logging.getLogger(__name__)

_CHECK_SECONDS = 30.0
_LONGEST_ANSWER = 16 * 1024 * 1024


class HttpLine:
    """A line over HTTP. It is attached while the implementation answers, behind every WebSocket."""

    def __init__(self, hub: Hub, client: aiohttp.ClientSession) -> None:
        """``client`` is closed by whoever made it."""
        self.unsupported: set[str] = set()
        self._hub = hub
        self._client = client
        settings = hub.settings
        self._url = settings.http_api_url
        self._timeout = aiohttp.ClientTimeout(total=settings.api_timeout_seconds, connect=10)
        token = settings.access_token.get_secret_value()
        self._headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    async def call(self, action: str, params: WireObject) -> Any:
        """Call an action and return its data. Raises DeliveryError."""
        try:
            status, body = await self._post(action, orjson.dumps(params))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            message = f"{action}: no connection: {error}"
            raise DeliveryError(message, certain=True) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            message = f"{action}: no answer: {error or type(error).__name__}"
            raise DeliveryError(message, certain=False) from error
        if status != 200:
            message = f"{action}: HTTP {status}"
            raise DeliveryError(message, certain=400 <= status < 500, permanent=status in (400, 401, 403, 404))
        try:
            answer = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            message = f"{action}: the answer is no JSON"
            raise DeliveryError(message, certain=False) from error
        return outcome(action, answer if isinstance(answer, dict) else {})

    async def _post(self, action: str, body: bytes) -> tuple[int, bytes]:
        url = f"{self._url}/{action}"
        async with self._client.post(url, data=body, headers=self._headers, timeout=self._timeout) as response:
            return response.status, await response.content.read(_LONGEST_ANSWER)

    async def run(self) -> None:
        """Watch whether the implementation answers, until cancelled."""
        account = ""
        try:
            while True:
                found, reason = await self._account()
                if found != account and account:
                    self._hub.accounts.detach(account, self, reason)
                if found and found != account and self._hub.accounts.allowed(found):
                    self._hub.accounts.attach(found, self, preferred=False)
                account = found
                await asyncio.sleep(_CHECK_SECONDS if found else self._hub.settings.reconnect_seconds)
        finally:
            self._hub.accounts.detach(account, self, "the hub is stopping")

    async def _account(self) -> tuple[str, str]:
        try:
            login = await self.call("get_login_info", {})
        except DeliveryError as error:
            self._hub.complaints("no answer over HTTP", self._url, error)
            return "", str(error)
        return (scalar(login.get("user_id")) if isinstance(login, dict) else ""), "no account"
