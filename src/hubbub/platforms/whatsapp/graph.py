"""Calls of the Graph API, and what a failed one means."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import aiohttp
import orjson

from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Blob, Media

# Codes of the Cloud API ("Error codes").
SILENT_TOO_LONG = 131047
_LATER = {4: 60.0, 80007: 60.0, 130429: 5.0, 131048: 60.0, 131056: 6.0}
_TOKEN = 190
_SERVER_ERROR = 500


class GraphError(DeliveryError):
    """A refusal, with the API's own ``code``."""

    def __init__(self, message: str, code: int, *, permanent: bool, retry_after: float | None = None) -> None:
        """A refusal is certain: nothing was sent."""
        super().__init__(message, certain=True, permanent=permanent, retry_after=retry_after)
        self.code = code


class Graph:
    """The API with one number's token."""

    def __init__(self, client: aiohttp.ClientSession, root: str, token: str, seconds: float) -> None:
        """``root``: server and version."""
        self._client = client
        self._root = root
        self._head = {"Authorization": f"Bearer {token}"}
        self._timeout = aiohttp.ClientTimeout(total=seconds)

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
        form.add_field("file", blob.data, filename=blob.name or "file", content_type=blob.mime)
        return str((await self._call("POST", f"{number}/media", data=form)).get("id", ""))

    async def fetch(self, media: Media, most: int) -> Blob:
        """A file that came in. Raises MediaError."""
        try:
            about = await self.get(media.file_id)
            async with self._client.get(str(about["url"]), headers=self._head, timeout=self._timeout) as response:
                response.raise_for_status()
                data = await response.content.read(most + 1)
        except (DeliveryError, KeyError, aiohttp.ClientError, TimeoutError) as error:
            message = f"WhatsApp does not give the file: {error!r}"
            raise MediaError(message) from error
        if len(data) > most:
            message = f"the file is larger than {most} bytes"
            raise MediaError(message)
        return Blob(data, media.mime or str(about.get("mime_type", "application/octet-stream")), media.name)

    async def _call(self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        try:
            async with self._client.request(
                method, f"{self._root}/{path}", headers=self._head | (headers or {}), timeout=self._timeout, **more
            ) as response:
                found = _object(await response.read())
                if response.status < HTTPStatus.BAD_REQUEST:
                    return found
        except aiohttp.ClientConnectorError as error:
            message = f"WhatsApp cannot be reached: {error}"
            raise DeliveryError(message, certain=True) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            message = f"WhatsApp did not answer: {error!r}"
            raise DeliveryError(message, certain=False) from error
        raise _refusal(response.status, found)


def _refusal(status: int, found: dict[str, Any]) -> DeliveryError:
    error = found.get("error")
    about = error if isinstance(error, dict) else {}
    code = about.get("code")
    code = code if isinstance(code, int) else 0
    message = f"WhatsApp: {about.get('message', 'no reason given')} (status {status}, code {code})"
    if code in _LATER or status == HTTPStatus.TOO_MANY_REQUESTS:
        return GraphError(message, code, permanent=False, retry_after=_LATER.get(code, 5.0))
    if status >= _SERVER_ERROR:
        return DeliveryError(message, certain=False)
    return GraphError(message, code, permanent=code != _TOKEN)


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
