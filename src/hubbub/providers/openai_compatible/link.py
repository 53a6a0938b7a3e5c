"""The way to one model server: its address, its keys, and its refusals and breakdowns as failures."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from hubbub.core.models import Endpoint, ModelSpec
from hubbub.providers.openai_compatible.address import OPENAI, bases, proxy_for
from hubbub.providers.openai_compatible.failures import Cause, ModelError, failure, of_status, redacted
from hubbub.providers.openai_compatible.keys import REST_BUSY, REST_REFUSED, KeyRing
from hubbub.providers.openai_compatible.session import new_session

if TYPE_CHECKING:
    from hubbub.core.ports import ModelServer

LONGEST_ANSWER = 16 * 1024 * 1024
LONGEST_ERROR = 64 * 1024


class Link:
    """Sends requests to one server and gives back answers of status 200."""

    def __init__(
        self, spec: ModelSpec, session: aiohttp.ClientSession | None = None, server: ModelServer | None = None
    ) -> None:
        """A session that is given is not closed; ``server`` tells the address where the hub runs it itself.

        Raises:
            ConfigError: the base URL or the proxy cannot be used.
        """
        self.secrets = tuple(key for key in (*spec.api_keys, spec.proxy) if key)
        self.keys = KeyRing(spec.api_keys)
        self._spec = spec
        self._session = session
        self._own_session = session is None
        self._server = server
        self._endpoint = Endpoint("")
        self._bases = () if server else bases(spec.base_url or OPENAI)
        self._base = 0
        self._settled = len(self._bases) < 2
        self._proxy = None if server else proxy_for(self._bases[0], spec.proxy)
        self._timeout = aiohttp.ClientTimeout(total=None, connect=spec.timeouts.connect)
        self._whole_timeout = aiohttp.ClientTimeout(total=spec.timeouts.whole, connect=spec.timeouts.connect)
        self._urls: dict[str, URL] = {}
        self._headers: dict[str, dict[str, str]] = {}

    async def ready(self) -> None:
        """Have a server that the hub runs itself running; the first time its model may have to be fetched.

        Raises:
            ProviderError: it does not start.
        """
        if self._server is not None:
            await self._server.endpoint()

    async def open(self, path: str, data: bytes | None, *, whole: bool = False) -> aiohttp.ClientResponse:
        """POST ``data``, JSON (GET without any); the answer's status is 200 and its body unread.

        ``whole``: the time for a whole answer runs from now on, until its last byte is read.

        Raises:
            ModelError: any other status, or no connection.
            TimeoutError: the time for a whole answer is over.
        """
        url, key = await self._target(path)
        method = "GET" if data is None else "POST"
        try:
            response = await self._ready().request(
                method,
                url,
                data=data,
                headers=self._headers.get(key) or self._headers_of(key),
                timeout=self._whole_timeout if whole else self._timeout,
                proxy=self._proxy,
                allow_redirects=False,
            )
        except aiohttp.ConnectionTimeoutError as error:
            told = f"no connection to {url.host} within {self._spec.timeouts.connect:g} s"
            raise failure(Cause.TIMEOUT, told, again=True) from error
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise self._broken(error) from error
        if response.status == 200:
            self._settled = True
            return response
        raise await self._refusal(response, key)

    async def read(self, response: aiohttp.ClientResponse, limit: int = LONGEST_ANSWER) -> bytes:
        """The rest of a body.

        Raises:
            ModelError: it broke off, or has more than ``limit`` bytes.
        """
        chunk = await self.chunk(response)
        if not chunk or response.content.at_eof():
            return chunk
        chunks, size = [chunk], len(chunk)
        while chunk := await self.chunk(response):
            size += len(chunk)
            if size > limit:
                raise failure(Cause.FAILED, f"an answer of more than {limit} bytes")
            chunks.append(chunk)
        return b"".join(chunks)

    async def chunk(self, response: aiohttp.ClientResponse) -> bytes:
        """The next bytes of a body; none at its end. Raises ModelError when the connection breaks."""
        try:
            return await response.content.readany()
        except TimeoutError:
            raise
        except (aiohttp.ClientError, OSError) as error:
            raise self._broken(error) from error

    async def close(self) -> None:
        """Close what is the link's own."""
        if self._own_session and self._session is not None:
            await self._session.close()
        if self._server is not None:
            await self._server.close()

    def _ready(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = new_session()
        return self._session

    async def _target(self, path: str) -> tuple[URL, str]:
        if self._server is not None:
            endpoint = await self._server.endpoint()
            if endpoint != self._endpoint:
                self._endpoint = endpoint
                self._bases, self._settled = (endpoint.base_url.rstrip("/"),), True
                self.keys = KeyRing((endpoint.api_key,))
                self._urls.clear()
        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = URL(self._bases[self._base] + path)
        return url, self.keys.pick(time.monotonic())

    def _headers_of(self, key: str) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        self._headers = {**self._headers, key: headers | self._spec.headers}
        return self._headers[key]

    async def _refusal(self, response: aiohttp.ClientResponse, key: str) -> ModelError:
        try:
            async with asyncio.timeout(self._spec.timeouts.connect):
                body = await self.read(response, LONGEST_ERROR)
        except (ModelError, TimeoutError):
            body = b"(its body could not be read)"
        response.close() if not response.content.at_eof() else response.release()
        if 300 <= response.status < 400:
            body = b"redirects are not followed; set base_url to where it leads"
        error = of_status(response.status, response.headers, body, time.time(), (*self.secrets, key))
        if response.status in (404, 405) and not self._settled:
            self._other_base(error)
        elif response.status in (401, 402, 403):
            self._rest(key, REST_REFUSED, error)
        elif response.status == 429:
            self._rest(key, max(error.retry_after or REST_BUSY, 1.0), error)
        return error

    def _other_base(self, error: ModelError) -> None:
        """Only a host is set: the API may be at its root or under /v1."""
        self._base = (self._base + 1) % len(self._bases)
        self._urls.clear()
        error.at_once = self._base != 0

    def _rest(self, key: str, seconds: float, error: ModelError) -> None:
        now = time.monotonic()
        self.keys.rest(key, now + seconds)
        error.at_once = self.keys.awake(now)

    def _broken(self, error: Exception) -> ModelError:
        told = redacted(f"{type(error).__name__}: {error}", self.secrets)
        found = failure(Cause.FAILED, told, again=not isinstance(error, (aiohttp.InvalidURL, ValueError)))
        if isinstance(error, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            found.retry_after = 0.0  # a kept connection that the server had closed: a fresh one mostly works
        return found
