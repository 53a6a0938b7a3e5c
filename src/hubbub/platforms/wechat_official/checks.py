"""What ``hubbub doctor`` looks at: the clock, each account's token and allow-list, and the way to its callback."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson

from hubbub.core.errors import DeliveryError
from hubbub.core.upkeep import Finding
from hubbub.platforms.wechat_official.crypto import signature
from hubbub.platforms.wechat_official.failures import outcome
from hubbub.platforms.wechat_official.settings import AccountSettings, WeChatOfficialSettings

_SECONDS = aiohttp.ClientTimeout(total=10)
_MOST_DRIFT = 60.0
_LONGEST = 65_536
_ANY = frozenset(("0.0.0.0", "::"))  # noqa: S104 - nothing is bound to it here
_SAY_WHERE = "set server.public_url to the address that WeChat knows, so that the way from outside is looked at"


async def look(settings: WeChatOfficialSettings, server: Mapping[str, Any]) -> AsyncIterator[Finding]:
    """The platform, then every account in turn."""
    public = str(server.get("public_url", ""))
    async with aiohttp.ClientSession(timeout=_SECONDS) as client:
        yield await _clock(client, settings.api_base)
        for account in settings.named:
            if account.has_api:
                yield await _api(client, account, settings.api_base)
            path = settings.path if account is settings else f"{settings.path}/{account.name}"
            if public:
                yield await _callback(client, account, public + path)
            elif local := _local(server):
                yield replace(await _callback(client, account, local + path), outcome="warn", remedy=_SAY_WHERE)
    if not public and not _local(server):
        yield Finding("callback", "warn", "not looked at: nobody said where the hub is reached", _SAY_WHERE)


def _local(server: Mapping[str, Any]) -> str:
    """Where this machine reaches a hub with these settings; "" where that cannot be said."""
    host, port = str(server.get("host") or "127.0.0.1"), server.get("port")
    if not port or server.get("tls_cert"):
        return ""
    reached = "127.0.0.1" if host in _ANY else f"[{host}]" if ":" in host else host
    return f"http://{reached}:{port}"


async def _clock(client: aiohttp.ClientSession, base: str) -> Finding:
    """Callbacks that seem old are refused, so the clocks must agree."""
    try:
        async with client.get(f"{base}/cgi-bin/token") as response:
            told = parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        return Finding(
            "WeChat", "warn", f"{base} is not reached: {type(error).__name__}", "only accounts with an API need it"
        )
    except ValueError:
        return Finding("WeChat", "ok", f"{base} is reached; it does not tell the time")
    drift = time.time() - told
    if abs(drift) > _MOST_DRIFT:
        return Finding("WeChat", "fail", f"this machine's clock is {drift:.0f} s off", "set the clock (timedatectl)")
    return Finding("WeChat", "ok", f"{base} is reached, the clocks agree")


async def _api(client: aiohttp.ClientSession, account: AccountSettings, base: str) -> Finding:
    """By the stable token: asking for it does not end the one that a running hub uses."""
    name = f"account {account.name}"
    body = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.app_secret.get_secret_value()}
    try:
        async with client.post(f"{base}/cgi-bin/stable_token", data=orjson.dumps(body)) as response:
            outcome("stable_token", orjson.loads(await response.content.read(_LONGEST)))
    except DeliveryError as error:
        return Finding(name, "fail", str(error), "see docs/wechat.md")
    except (aiohttp.ClientError, OSError, TimeoutError, orjson.JSONDecodeError) as error:
        return Finding(name, "fail", f"its API gives no answer: {type(error).__name__}", "see network, proxy")
    return Finding(name, "ok", "AppID, AppSecret and the IP allow-list are right")


async def _callback(client: aiohttp.ClientSession, account: AccountSettings, url: str) -> Finding:
    """As the platform checks an address."""
    name, stamp, echo = f"callback {account.name}", str(int(time.time())), secrets.token_hex(8)
    nonce = secrets.token_hex(4)
    mark = signature(account.token.get_secret_value(), stamp, nonce)
    query = urlencode({"signature": mark, "timestamp": stamp, "nonce": nonce, "echostr": echo})
    with contextlib.suppress(aiohttp.ClientError, OSError, asyncio.TimeoutError):
        async with client.get(f"{url}?{query}") as response:
            body = await response.content.read(_LONGEST)
            if response.status == 200 and body == echo.encode():
                return Finding(name, "ok", f"{url} answers as WeChat wants it")
            return Finding(name, "fail", f"{url} answers with {response.status}", "see whether the hub runs behind it")
    return Finding(
        name, "fail", f"{url} is not reached from here", "see whether the hub runs, and what stands before it"
    )
