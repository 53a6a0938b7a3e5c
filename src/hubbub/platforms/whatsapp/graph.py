"""Calls of the Graph API."""

from __future__ import annotations

from http import HTTPStatus
from io import BytesIO
from typing import Any

import aiohttp
import orjson

from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Blob, Media
from hubbub.platforms.whatsapp.faults import refusal

_AT_ONCE = 65_536
_MOST_TIMES = 3


class Graph:
    """The API with one number's token."""

    def __init__(self, client: aiohttp.ClientSession, root: str, token: str, seconds: float) -> None:
        """``root``: server and version."""
        self._client = client
        self._root = root
        self._head = {"Authorization": f"Bearer {token}"}
        # Apart, so that it is known of a call that found no connection in time that nothing was sent.
        self._timeout = aiohttp.ClientTimeout(connect=seconds, sock_read=seconds, total=_MOST_TIMES * seconds)

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """Read something. Raises DeliveryError."""
        return await self._call("GET", path, params=query)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a JSON body. Raises DeliveryError."""
        head = {"Content-Type": "application/json"}
        return await self._call("POST", path, data=orjson.dumps(body), headers=head)

    async def upload(self, number: str, blob: Blob) -> str:
        """Give WhatsApp a file; its id there. Raises DeliveryError."""
        form = aiohttp.FormData()
        form.add_field("messaging_product", "whatsapp")
        form.add_field("type", blob.mime)
        form.add_field("file", BytesIO(blob.data), filename=blob.name or "file", content_type=blob.mime)
        try:
            return str((await self._call("POST", f"{number}/media", data=form)).get("id", ""))
        except DeliveryError as error:
            if error.certain:
                raise
            raise DeliveryError(str(error), certain=True) from error  # nobody sees what is uploaded

    async def fetch(self, media: Media, most: int) -> Blob:
        """A file that came in; its address holds for five minutes, so it is asked for each time. Raises MediaError."""
        try:
            about = await self.get(media.file_id)
            size = about.get("file_size")
            _refuse_larger(size if isinstance(size, int) else 0, most)
            data = await self._download(str(about["url"]), most)
        except (DeliveryError, KeyError, aiohttp.ClientError, TimeoutError) as error:
            message = f"WhatsApp does not give the file: {error!r}"
            raise MediaError(message) from error
        return Blob(data, media.mime or str(about.get("mime_type", "application/octet-stream")), media.name)

    async def _download(self, url: str, most: int) -> bytes:
        data = bytearray()
        async with self._client.get(url, headers=self._head, timeout=self._timeout) as response:
            response.raise_for_status()
            async for part in response.content.iter_chunked(_AT_ONCE):
                data += part
                _refuse_larger(len(data), most)
        return bytes(data)

    async def _call(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        try:
            async with self._client.request(
                method, f"{self._root}/{path}", headers=self._head | (headers or {}), timeout=self._timeout, **more
            ) as response:
                found = _object(await response.read())
                if response.status < HTTPStatus.BAD_REQUEST:
                    return found
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            message = f"WhatsApp cannot be reached: {error}"
            raise DeliveryError(message, certain=True) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            message = f"WhatsApp did not answer: {error!r}"
            raise DeliveryError(message, certain=False) from error
        raise refusal(response.status, found)


def _refuse_larger(size: int, most: int) -> None:
    if size > most:
        message = f"the file is larger than {most} bytes"
        raise MediaError(message)


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
