"""Fetching what a stranger's URL leads to, from public addresses only.

A host's addresses are checked as they are resolved, and the connection is made to what was checked: a name cannot
lead elsewhere between the two. Redirects are followed by hand, each checked as the first address was.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from typing_extensions import override
from yarl import URL

from hubbub.app.public import is_public
from hubbub.core.errors import MediaError
from hubbub.core.messages import Blob

if TYPE_CHECKING:
    from hubbub.app.public import Network

_REDIRECTS = 5
_MOVED = frozenset((301, 302, 303, 307, 308))
_LONGEST_URL = 4000


@dataclass(frozen=True, slots=True)
class FetchRules:
    """``networks`` are allowed beside public addresses. ``seconds`` for one file in all, redirects included."""

    most_bytes: int
    seconds: float
    networks: tuple[Network, ...] = ()


class _PublicResolver(AbstractResolver):
    """Resolves names to public addresses only."""

    def __init__(self, rules: FetchRules) -> None:
        self._rules = rules

    @override
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM)
        results = [_result(host, port, each) for each in found if is_public(str(each[4][0]), self._rules.networks)]
        if not results:
            msg = f"{host} has no public address"
            raise OSError(msg)
        return results

    @override
    async def close(self) -> None:
        """Nothing is held."""


def _result(host: str, port: int, found: tuple[int, int, int, str, Sequence[object]]) -> ResolveResult:
    family, _, proto, _, address = found
    return ResolveResult(
        hostname=host,
        host=str(address[0]),
        port=port,
        family=family,
        proto=proto,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


async def fetch(url: str, rules: FetchRules) -> Blob:
    """The content of an http or https URL.

    Raises:
        MediaError: it is not public, too large, too slow, or not there.
    """
    if len(url) > _LONGEST_URL:
        msg = f"an address of {len(url)} characters is too long"
        raise MediaError(msg)
    connector = aiohttp.TCPConnector(resolver=_PublicResolver(rules), use_dns_cache=False, limit=4)
    try:
        async with (
            asyncio.timeout(rules.seconds),
            aiohttp.ClientSession(
                connector=connector, trust_env=False, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            ) as session,
        ):
            return await _follow(session, URL(url), rules)
    except TimeoutError as error:
        msg = f"{_shown(url)} took longer than {rules.seconds:g} s"
        raise MediaError(msg) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        msg = f"{_shown(url)} cannot be fetched: {error or type(error).__name__}"
        raise MediaError(msg) from error


async def _follow(session: aiohttp.ClientSession, url: URL, rules: FetchRules) -> Blob:
    for _ in range(_REDIRECTS + 1):
        _check(url, rules)
        headers = {"Accept-Encoding": "identity", "User-Agent": "Hubbub"}
        async with session.get(url, allow_redirects=False, headers=headers) as response:
            target = response.headers.get("Location", "")
            if response.status in _MOVED and target:
                url = url.join(URL(target))
                continue
            return await _content(response, url, rules)
    msg = f"{_shown(str(url))} leads on and on"
    raise MediaError(msg)


def _check(url: URL, rules: FetchRules) -> None:
    """What the resolver is not asked about: the scheme, and addresses written as numbers."""
    if url.scheme not in ("http", "https") or not url.host:
        msg = f"{url.scheme or 'no'} URLs are not fetched"
        raise MediaError(msg)
    number = ":" in url.host or url.host.replace(".", "").isdecimal()
    if number and not is_public(url.host, rules.networks):
        msg = f"{url.host} is no public address"
        raise MediaError(msg)


async def _content(response: aiohttp.ClientResponse, url: URL, rules: FetchRules) -> Blob:
    if response.status != 200:
        msg = f"{_shown(str(url))} answered {response.status}"
        raise MediaError(msg)
    parts: list[bytes] = []
    left = rules.most_bytes
    if (response.content_length or 0) > left:
        left = -1
    while left >= 0 and (part := await response.content.read(65_536)):
        parts.append(part)
        left -= len(part)
    if left < 0:
        msg = f"{_shown(str(url))} has more than {rules.most_bytes} bytes"
        raise MediaError(msg)
    mime = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return Blob(b"".join(parts), mime or "application/octet-stream", url.name[:200])


def _shown(url: str) -> str:
    """An address without what may be a secret in it."""
    try:
        parsed = URL(url)
    except ValueError:
        return "an address"
    return f"{parsed.scheme}://{parsed.host or ''}{parsed.path}"[:200]
