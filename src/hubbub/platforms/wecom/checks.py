"""What ``hubbub doctor`` looks at: token, list of trusted addresses, members, clock, and the way to the callback."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp

from hubbub.core.errors import DeliveryError
from hubbub.core.upkeep import Finding
from hubbub.platforms.wecom.calls import Calls
from hubbub.platforms.wecom.crypto import Envelope
from hubbub.platforms.wecom.settings import Application, WeComSettings
from hubbub.platforms.wecom.tasks import calls_of, seen_by

_SECONDS = aiohttp.ClientTimeout(total=10)
_MOST_DRIFT = 60.0
_MOST_BYTES = 4096
_ANY = frozenset(("0.0.0.0", "::"))  # noqa: S104 - nothing is bound to it here
_SAY_WHERE = "set server.public_url to the address that the admin console knows, so that the way from outside is tried"


async def look(settings: WeComSettings, server: Mapping[str, Any]) -> AsyncIterator[Finding]:
    """Every application in turn."""
    yield await _clock(settings)
    async with calls_of(settings) as every:
        for calls in every:
            yield await _api(calls)
    public = str(server.get("public_url", ""))
    base = public or _local(server)
    if not base:
        yield Finding("callback", "warn", "not looked at: nobody said where the hub is reached", _SAY_WHERE)
        return
    async with aiohttp.ClientSession(timeout=_SECONDS) as client:
        async for found in _reachable(client, base, settings):
            yield found if public else replace(found, outcome="warn", remedy=_SAY_WHERE)


async def _reachable(client: aiohttp.ClientSession, base: str, settings: WeComSettings) -> AsyncIterator[Finding]:
    if settings.test_path:
        yield await _reached(client, base + settings.test_path)
    for application in settings.applications():
        yield await _callback(client, base, application)


def _local(server: Mapping[str, Any]) -> str:
    """Where this machine reaches a hub with these settings; "" where that cannot be said."""
    host, port = str(server.get("host") or "127.0.0.1"), server.get("port")
    if not port or server.get("tls_cert"):
        return ""
    reached = "127.0.0.1" if host in _ANY else f"[{host}]" if ":" in host else host
    return f"http://{reached}:{port}"


async def _api(calls: Calls) -> Finding:
    name = f"application {calls.application.agent_id}"
    try:
        about = await calls.get("agent/get", agentid=str(calls.application.agent_id))
    except DeliveryError as error:
        return Finding(name, "fail", str(error), "see docs/wecom.md")
    if about.get("close"):
        return Finding(name, "fail", f"{about.get('name', '')} is switched off", "switch it on in the admin console")
    count = len(seen_by(about))
    if not count:
        return Finding(name, "warn", "nobody can see it", "add members to its visible range (可见范围)")
    return Finding(name, "ok", f"{about.get('name', '')}: WeCom answers; {count} members, departments and tags see it")


async def _clock(settings: WeComSettings) -> Finding:
    """WeCom refuses nothing for the time, but we refuse callbacks that seem old."""
    try:
        async with (
            aiohttp.ClientSession(timeout=_SECONDS) as client,
            client.get(f"{settings.api_base}/cgi-bin/gettoken", proxy=settings.proxy or None) as response,
        ):
            told = parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return Finding(
            "WeCom", "fail", f"{settings.api_base} is not reached: {type(error).__name__}", "see network, proxy"
        )
    except ValueError:
        return Finding("WeCom", "ok", f"{settings.api_base} is reached; it does not tell the time")
    drift = time.time() - told
    if abs(drift) > _MOST_DRIFT:
        return Finding("WeCom", "fail", f"this machine's clock is {drift:.0f} s off", "set the clock (timedatectl)")
    return Finding("WeCom", "ok", f"{settings.api_base} is reached, the clocks agree")


async def _reached(client: aiohttp.ClientSession, url: str) -> Finding:
    status, body = await _get(client, url)
    if (status, body) == (200, b"pong"):
        return Finding("test page", "ok", f"{url} says pong")
    return Finding("test page", "fail", f"{url}: {_told(status)}", "is the hub running, does the proxy pass it on?")


async def _callback(client: aiohttp.ClientSession, public: str, application: Application) -> Finding:
    """Ask as the admin console does when its form is saved."""
    envelope = Envelope(application.token, application.key, application.corp_id)
    echo, now, nonce = secrets.token_hex(8), str(int(time.time())), secrets.token_hex(4)
    sealed = envelope.seal(echo.encode())
    signature = envelope.signature(now, nonce, sealed)
    query = urlencode({"msg_signature": signature, "timestamp": now, "nonce": nonce, "echostr": sealed})
    url = public + application.path
    status, body = await _get(client, f"{url}?{query}")
    if (status, body) == (200, echo.encode()):
        return Finding(f"callback {application.agent_id}", "ok", f"{url} can be saved in the admin console")
    remedy = "is the running hub's token and key the same as these settings', does the proxy keep the query?"
    return Finding(f"callback {application.agent_id}", "fail", f"{url}: {_told(status)}", remedy)


async def _get(client: aiohttp.ClientSession, url: str) -> tuple[int, bytes]:
    try:
        async with client.get(url, allow_redirects=False) as response:
            return response.status, await response.content.read(_MOST_BYTES)
    except (aiohttp.ClientError, OSError, TimeoutError):
        return 0, b""


def _told(status: int) -> str:
    return "another answer" if status == 200 else f"HTTP {status}" if status else "not reached"
