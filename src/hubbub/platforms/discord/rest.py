"""Calls of the REST API: rate limits kept, and what a failed call means."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from hubbub.core.errors import DeliveryError
from hubbub.core.messages import Blob
from hubbub.platforms.discord.wire import VERSION

_BUCKETS = 10_000
_AGENT = "DiscordBot (self-hosted Hubbub, 1)"
_LONGEST_WAIT = 10.0


class Refused(DeliveryError):
    """Discord said no: nothing was done."""

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
        self._timeout = aiohttp.ClientTimeout(total=seconds)
        self._free_at: OrderedDict[str, float] = OrderedDict()

    async def call(
        self, method: str, path: str, body: object = None, files: tuple[Blob, ...] = (), *, bucket: str = ""
    ) -> Any:
        """Call a path and return what it answers. ``bucket`` names what shares a limit (default: the path).

        Raises:
            DeliveryError: it was refused, or nobody knows; says which.
        """
        bucket = bucket or path
        await self._turn(bucket)
        data, head = _body(body, files)
        try:
            async with self._client.request(
                method, f"{self._root}{path}", data=data, headers=self._head | head, timeout=self._timeout
            ) as response:
                self._learn(bucket, response)
                found = _read(await response.read())
                if response.status < HTTPStatus.BAD_REQUEST:
                    return found
        except aiohttp.ClientConnectorError as error:
            message = f"Discord cannot be reached: {error}"
            raise DeliveryError(message, certain=True) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            message = f"Discord did not answer: {error!r}"
            raise DeliveryError(message, certain=False) from error
        raise _fault(response.status, found)

    async def _turn(self, bucket: str) -> None:
        """Wait while the limit is used up; for long waits the message is put back."""
        wait = self._free_at.get(bucket, 0.0) - time.monotonic()
        if wait > _LONGEST_WAIT:
            message = "the rate limit is used up"
            raise Refused(message, 429, permanent=False, retry_after=wait)
        if wait > 0:
            await asyncio.sleep(wait)

    def _learn(self, bucket: str, response: aiohttp.ClientResponse) -> None:
        """Remember when a used-up limit is free again (API reference, "Rate Limits")."""
        if response.headers.get("X-RateLimit-Remaining") != "0":
            self._free_at.pop(bucket, None)
            return
        try:
            wait = float(response.headers.get("X-RateLimit-Reset-After", "0"))
        except ValueError:
            return
        self._free_at[bucket] = time.monotonic() + wait
        if len(self._free_at) > _BUCKETS:
            self._free_at.popitem(last=False)


def _body(body: object, files: tuple[Blob, ...]) -> tuple[bytes | aiohttp.FormData | None, dict[str, str]]:
    if not files:
        return (None, {}) if body is None else (orjson.dumps(body), {"Content-Type": "application/json"})
    form = aiohttp.FormData()
    form.add_field("payload_json", orjson.dumps(body).decode(), content_type="application/json")
    for place, blob in enumerate(files):
        form.add_field(f"files[{place}]", blob.data, filename=blob.name or "file", content_type=blob.mime)
    return form, {}


def _read(data: bytes) -> Any:
    try:
        return orjson.loads(data) if data else None
    except ValueError:
        return None


def _fault(status: int, found: object) -> DeliveryError:
    about = found if isinstance(found, dict) else {}
    message = f"Discord: {about.get('message', 'no reason given')} (status {status}, code {about.get('code', 0)})"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = about.get("retry_after")
        return Refused(message, status, permanent=False, retry_after=float(wait) if wait else 1.0)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return DeliveryError(message, certain=False)
    return Refused(message, status, permanent=status != HTTPStatus.UNAUTHORIZED)
