"""Calls of the platform's API for one account."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Blob
from hubbub.core.ports import Host
from hubbub.platforms.wechat_official.access_token import SharedToken
from hubbub.platforms.wechat_official.failures import STALE_TOKEN, ApiError, outcome
from hubbub.platforms.wechat_official.settings import AccountSettings, WeChatOfficialSettings

_LONGEST_ANSWER = 1 << 20
_LARGEST_FILE = 20 << 20
_FILE_NAME = re.compile(r'filename\*?="?(?:UTF-8\'\')?([^";]+)')


@dataclass(frozen=True, slots=True)
class _Form:
    """A form with one file, in bytes: it may have to be sent twice."""

    boundary: str
    body: bytes


Session = Callable[[], aiohttp.ClientSession]


class OfficialApi:
    """One account's API. Every method raises DeliveryError; certain where the platform refused."""

    def __init__(
        self, account: AccountSettings, settings: WeChatOfficialSettings, host: Host, session: Session
    ) -> None:
        """``session`` gives the client while the platform runs. Raises DeliveryError there before."""
        self._account = account
        self._base = settings.api_base
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=settings.api_timeout_seconds, connect=10)
        self._token = SharedToken(account, host, self._new_token, time.time)

    async def call(self, path: str, body: object = None) -> dict[str, Any]:
        """POST a JSON body, or GET without one, and return what came."""
        data = None if body is None else orjson.dumps(body)
        return await self._patiently(path, data)

    async def upload(self, kind: str, blob: Blob) -> str:
        """Upload a file for three days; its media id."""
        name = blob.name if "." in blob.name else f"file{_ENDING[kind]}"
        boundary = secrets.token_hex(16)
        answer = await self._patiently(
            f"/cgi-bin/media/upload?type={kind}", _Form(boundary, _form(blob, name, boundary))
        )
        media_id = answer.get("media_id") or answer.get("thumb_media_id")
        if not isinstance(media_id, str) or not media_id:
            message = "media/upload: no media_id came"
            raise DeliveryError(message, certain=True)
        return media_id

    async def download(self, media_id: str) -> Blob:
        """A file that a person sent. Raises MediaError."""
        try:
            return await self._download(media_id, await self._token.get())
        except ApiError as error:
            if error.code not in STALE_TOKEN:
                raise MediaError(str(error)) from error
        except DeliveryError as error:
            raise MediaError(str(error)) from error
        try:
            return await self._download(media_id, await self._token.get(refused=await self._token.get()))
        except DeliveryError as error:
            raise MediaError(str(error)) from error

    async def check(self) -> None:
        """Whether the account can be used at all."""
        await self._token.get()

    async def _patiently(self, path: str, data: Any) -> dict[str, Any]:
        """Once more with a new token where the old one is not taken."""
        token = await self._token.get()
        try:
            return await self._request(path, token, data)
        except ApiError as error:
            if error.code not in STALE_TOKEN:
                raise
        return await self._request(path, await self._token.get(refused=token), data)

    async def _request(self, path: str, token: str, data: Any) -> dict[str, Any]:
        joint = "&" if "?" in path else "?"
        url, what = f"{self._base}{path}{joint}access_token={token}", path.partition("?")[0]
        headers, method = {"Content-Type": "application/json"}, "GET" if data is None else "POST"
        if isinstance(data, _Form):
            headers, data = {"Content-Type": f"multipart/form-data; boundary={data.boundary}"}, data.body
        return outcome(what, _json(what, await self._bytes(what, method, url, data=data, headers=headers)))

    async def _new_token(self) -> tuple[str, float]:
        secret = self._account.app_secret.get_secret_value()
        query = {"grant_type": "client_credential", "appid": self._account.app_id, "secret": secret}
        what = "token"
        body = await self._bytes(what, "GET", f"{self._base}/cgi-bin/token", params=query)
        answer = outcome(what, _json(what, body))
        value, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(value, str) or not value or not isinstance(seconds, int | float):
            message = "token: no access_token came"
            raise DeliveryError(message, certain=True)
        return value, float(seconds)

    async def _bytes(self, what: str, method: str, url: str, **more: Any) -> bytes:
        try:
            async with self._session().request(method, url, timeout=self._timeout, **more) as response:
                body = await response.content.read(_LONGEST_ANSWER)
                status = response.status
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            message = f"{what}: no connection: {type(error).__name__}"
            raise DeliveryError(message, certain=True) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            message = f"{what}: no answer: {type(error).__name__}"
            raise DeliveryError(message, certain=what == "token") from None
        if status != 200:
            message = f"{what}: HTTP {status}"
            raise DeliveryError(message, certain=400 <= status < 500)
        return body

    async def _download(self, media_id: str, token: str) -> Blob:
        what, url = "media/get", f"{self._base}/cgi-bin/media/get"
        params = {"access_token": token, "media_id": media_id}
        try:
            async with self._session().get(url, params=params, timeout=self._timeout) as response:
                mime = response.content_type
                data = bytearray()
                async for part in response.content.iter_chunked(65_536):
                    data += part
                    if len(data) > _LARGEST_FILE:
                        message = f"{what}: the file is too large"
                        raise DeliveryError(message, certain=True)
                name = _FILE_NAME.search(response.headers.get("Content-Disposition", ""))
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            message = f"{what}: no answer: {type(error).__name__}"
            raise DeliveryError(message, certain=True) from None
        if mime in ("application/json", "text/plain"):
            answer = outcome(what, _json(what, bytes(data)))
            message = f"{what}: no file came, only {sorted(answer)}"
            raise DeliveryError(message, certain=True)
        return Blob(bytes(data), mime, name[1] if name else "")


_ENDING = {"image": ".jpg", "voice": ".mp3", "video": ".mp4", "thumb": ".jpg"}


def _json(what: str, body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        message = f"{what}: the answer is no JSON"
        raise DeliveryError(message, certain=False) from error


def _form(blob: Blob, name: str, boundary: str) -> bytes:
    quoted = name.replace("\\", "_").replace('"', "_").replace("\r", "_").replace("\n", "_")
    head = f'Content-Disposition: form-data; name="media"; filename="{quoted}"; filelength={len(blob.data)}'
    start = f"--{boundary}\r\n{head}\r\nContent-Type: {blob.mime}\r\n\r\n".encode()
    return start + blob.data + f"\r\n--{boundary}--\r\n".encode()
