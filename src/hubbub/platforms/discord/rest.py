"""Calls of the REST API: rate limits kept, and what a failed call means."""

from __future__ import annotations

import asyncio
import time
from http import HTTPStatus
from io import BytesIO
from typing import Any

import aiohttp
import orjson

from hubbub.core.errors import DeliveryError
from hubbub.core.messages import Blob
from hubbub.platforms.discord.limits import RateLimits, Route
from hubbub.platforms.discord.wire import VERSION

_AGENT = "DiscordBot (self-hosted Hubbub, 1)"
_LONGEST_WAIT = 10.0
_SLOWEST = 100_000
"""Bytes a second that files are sent with at least."""


class Refused(DeliveryError):
    """Discord said no: nothing was done."""

    code: int = 0
    """Discord's own number of the reason ("JSON Error Codes")."""

    def __init__(self, message: str, status: int, *, permanent: bool, retry_after: float | None = None) -> None:
        """``status`` is HTTP's."""
        super().__init__(message, certain=True, permanent=permanent, retry_after=retry_after)
        self.status = status


class Rest:
    """The API with one bot's token."""

    def __init__(self, client: aiohttp.ClientSession, base: str, token: str, seconds: float) -> None:
        """``base``: the server's address, without the version."""
        self._client = client
        self._root = f"{base.rstrip('/')}/v{VERSION}"
        self._head = {"Authorization": f"Bot {token}", "User-Agent": _AGENT}
        self._seconds = seconds
        self._limits = RateLimits()

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        files: tuple[Blob, ...] = (),
        *,
        patience: float = _LONGEST_WAIT,
    ) -> Any:
        """Call a path and return what it answers. ``patience``: how long to wait for a used-up limit, in seconds.

        Raises:
            DeliveryError: it was refused (`Refused`), or nobody knows; says which.
        """
        route = Route.of(method, path)
        await self._turn(route, patience)
        data, head = _body(body, files)
        timeout = aiohttp.ClientTimeout(total=self._seconds + sum(len(each.data) for each in files) / _SLOWEST)
        try:
            async with self._client.request(
                method, f"{self._root}{path}", data=data, headers=self._head | head, timeout=timeout
            ) as response:
                self._limits.learn(route, response.headers)
                found = _read(await response.read())
                if response.status < HTTPStatus.BAD_REQUEST:
                    return found
        except aiohttp.ClientConnectorError as error:
            message = f"Discord cannot be reached: {error}"
            raise DeliveryError(message, certain=True) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            message = f"Discord did not answer: {error!r}"
            raise DeliveryError(message, certain=False) from error
        fault = _fault(response.status, found, response.headers.get("Retry-After", ""))
        if fault.retry_after is not None:
            # What stands before Discord refuses without its words, and means every call.
            everything = not isinstance(found, dict) or bool(found.get("global"))
            self._limits.refused(route, fault.retry_after, everything=everything)
        raise fault

    async def _turn(self, route: Route, patience: float) -> None:
        """Wait while a limit is used up; for longer waits the message is put back."""
        until = time.monotonic() + patience
        while (wait := self._limits.take(route)) > 0:
            if time.monotonic() + wait > until:
                message = "the rate limit is used up"
                raise Refused(message, HTTPStatus.TOO_MANY_REQUESTS, permanent=False, retry_after=wait)
            await asyncio.sleep(wait)


def _body(body: object, files: tuple[Blob, ...]) -> tuple[bytes | aiohttp.FormData | None, dict[str, str]]:
    if not files:
        return (None, {}) if body is None else (orjson.dumps(body), {"Content-Type": "application/json"})
    form = aiohttp.FormData()
    form.add_field("payload_json", orjson.dumps(body).decode(), content_type="application/json")
    for place, blob in enumerate(files):
        # As a file: large bytes would be written in one piece, with the event loop waiting for it.
        form.add_field(f"files[{place}]", BytesIO(blob.data), filename=blob.name or "file", content_type=blob.mime)
    return form, {}


def _read(data: bytes) -> Any:
    try:
        return orjson.loads(data) if data else None
    except ValueError:
        return None


def _fault(status: int, found: object, later: str) -> DeliveryError:
    """``later``: what the header Retry-After says."""
    about = found if isinstance(found, dict) else {}
    code = about.get("code", 0)
    message = f"Discord: {about.get('message', 'no reason given')} (status {status}, code {code})"
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return DeliveryError(message, certain=False)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = float(about.get("retry_after") or (later if later.isdecimal() else 1.0))
        return Refused(message, status, permanent=False, retry_after=wait)
    refused = Refused(message, status, permanent=status != HTTPStatus.UNAUTHORIZED)
    refused.code = code if isinstance(code, int) else 0
    return refused
