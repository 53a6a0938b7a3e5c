"""Forward WebSocket: the hub connects to implementations."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from random import SystemRandom
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import aiohttp

from hubbub.core.errors import DeliveryError
from hubbub.platforms.onebot.bounds import scalar
from hubbub.platforms.onebot.session import Frame, Hub, Peer, Role, Session, Wire

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 10.0
_PING_SECONDS = 30.0
_LONGEST_WAIT = 60.0
_LASTING_SECONDS = 10.0


def backoff(first: float, failures: int, random: Callable[[], float]) -> float:
    """Seconds to wait after so many failures in a row: doubling up to a minute, between half and all of it."""
    longest = min(first * 2.0 ** min(failures, 16), max(first, _LONGEST_WAIT))
    return longest * (0.5 + random() / 2)


def _parted(url: str, default: str) -> tuple[str, str]:
    """An address without the secret that it may hold, and the secret to use."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    token = next((value for key, value in query if key == "access_token"), default)
    rest = urlencode([(key, value) for key, value in query if key != "access_token"])
    return urlunsplit(parts._replace(query=rest)), token


class ForwardWebSocket:
    """Keeps one connection to an implementation open."""

    def __init__(self, hub: Hub, url: str, random: Callable[[], float] | None = None) -> None:
        """``random``: gives a number in [0, 1) that parts the retries of many hubs."""
        self._hub = hub
        self._url, self._token = _parted(url, hub.settings.access_token.get_secret_value())
        self._random = random or SystemRandom().random
        path = urlsplit(self._url).path.rstrip("/")
        self._role: Role = "api" if path.endswith("/api") else "event" if path.endswith("/event") else "universal"

    async def run(self, client: aiohttp.ClientSession) -> None:
        """Connect, serve, connect again, until cancelled."""
        failures = 0
        loop = asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                reason = await self._once(client)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                reason = str(error) or type(error).__name__
            except Exception as error:  # one connection's fault must not end the others
                log.exception("the connection to %s failed", self._url)
                reason = repr(error)
            failures = 0 if loop.time() - began > _LASTING_SECONDS else failures + 1
            wait = backoff(self._hub.settings.reconnect_seconds, failures - 1, self._random) if failures else 0.0
            self._hub.complaints(f"no connection to {self._url}", "OneBot", f"{reason}; again in {wait:.1f} s")
            await asyncio.sleep(wait)

    async def _once(self, client: aiohttp.ClientSession) -> str:
        headers = {"User-Agent": "Hubbub", "X-Client-Role": self._role.capitalize()}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        async with asyncio.timeout(_CONNECT_SECONDS):
            socket = await client.ws_connect(
                self._url, headers=headers, heartbeat=_PING_SECONDS, max_msg_size=self._hub.settings.max_frame_bytes
            )
        try:
            session = Session(self._hub, Peer(self._url, self._role), Wire(_reader(socket), socket.send_str))
            async with asyncio.TaskGroup() as group:
                asking = group.create_task(_ask_account(session)) if self._role != "event" else None
                code, reason = await session.run()
                if asking:
                    asking.cancel()
            await socket.close(code=code, message=reason.encode()[:120])
        finally:
            await socket.close()
        return reason or f"closed with {socket.close_code}"


def _reader(socket: aiohttp.ClientWebSocketResponse) -> Callable[[], Awaitable[Frame | None]]:
    async def read() -> Frame | None:
        message = await socket.receive()
        if message.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            data: Frame = message.data
            return data
        return None

    return read


async def _ask_account(session: Session) -> None:
    """Learn whose connection it is, in case the implementation does not say at once."""
    try:
        login = await session.call("get_login_info", {})
    except DeliveryError as error:
        log.debug("get_login_info failed: %s", error)
        return
    account = scalar(login.get("user_id")) if isinstance(login, dict) else ""
    if account:
        session.know(account)
