"""One request to an endpoint that is asked seldom: a connection of its own, a bounded answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import aiohttp

from hubbub.providers.openai_compatible.address import bases, proxy_for
from hubbub.providers.openai_compatible.failures import Cause, failure, of_status
from hubbub.providers.openai_compatible.session import new_session

_CONNECT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Service:
    """Where endpoints are, how long one answer may take (seconds) and how large it may be (bytes)."""

    base_url: str
    seconds: float
    largest: int
    key: str = field(default="", repr=False)
    proxy: str = field(default="", repr=False)


class Posting:
    """POSTs to a service. Nothing is held between two requests."""

    def __init__(self, service: Service) -> None:
        """Raises ConfigError where the address is none."""
        self._service = service
        self._base = bases(service.base_url)[0]
        self._headers = {"Authorization": f"Bearer {service.key}"} if service.key else {}

    async def post(self, path: str, data: aiohttp.FormData | bytes, headers: Mapping[str, str] | None = None) -> bytes:
        """The body of an answer of status 200. Raises ProviderError for any other, and for none."""
        url, service = f"{self._base}/{path}", self._service
        try:
            async with (
                new_session() as session,
                session.post(
                    url,
                    data=data,
                    headers={**self._headers, **(headers or {})},
                    proxy=proxy_for(url, service.proxy),
                    timeout=aiohttp.ClientTimeout(total=service.seconds, connect=_CONNECT_SECONDS),
                ) as response,
            ):
                body = await _bounded(path, response, service.largest)
                if response.status != 200:
                    raise of_status(response.status, response.headers, body, time.time(), (service.key,))
                return body
        except TimeoutError as error:
            raise failure(Cause.TIMEOUT, f"{path}: no answer within {service.seconds:g} s") from error
        except (aiohttp.ClientError, OSError) as error:
            raise failure(Cause.FAILED, f"{path}: {type(error).__name__}") from error


async def _bounded(path: str, response: aiohttp.ClientResponse, largest: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(65_536):
        size += len(part)
        if size > largest:
            raise failure(Cause.FAILED, f"{path}: the answer is larger than {largest // 1_000_000} MB")
        parts.append(part)
    return b"".join(parts)
