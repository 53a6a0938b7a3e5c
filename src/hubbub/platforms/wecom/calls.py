"""Calls of WeCom's API, with the access token, and what their failures mean.

https://developer.work.weixin.qq.com/document/path/90313 lists the codes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final

import aiohttp

from hubbub.core.errors import DeliveryError
from hubbub.core.messages import Blob
from hubbub.platforms.wecom.settings import Application, WeComSettings
from hubbub.platforms.wecom.tokens import AccessToken, Keeper, Token, lifetime
from hubbub.platforms.wecom.wire import BadAnswer, answer_of, code_of, complaint_of

_LARGEST_ANSWER = 1_000_000
LARGEST_FILE = 25_000_000
_BUSY = -1
_NEW_TOKEN = frozenset((40014, 42001, 41001))
# Seconds until it may be tried again: what passes, or what an operator mends.
_PASSING: Final[Mapping[int, float]] = MappingProxyType(
    {
        45009: 60.0,  # called too often
        45033: 5.0,  # too many calls at once
        60020: 60.0,  # this machine's address is not on the list
        40001: 60.0,  # the secret is wrong
        40013: 60.0,  # the corp id is wrong
        40056: 60.0,  # the agent id is wrong
        40091: 60.0,  # the secret is wrong
        48002: 60.0,  # the application may not call this
        301002: 60.0,  # the application may not use this agent id
    }
)
_REMEDIES: Final[Mapping[int, str]] = MappingProxyType(
    {
        60020: "put this machine's public address on the application's list of trusted addresses (企业可信IP)",
        40001: "is corp_secret the secret of this application?",
        40013: "is corp_id right?",
        40056: "is agent_id right?",
        40091: "is corp_secret the secret of this application?",
        81013: "the person is not among the application's visible members",
    }
)


class Refused(DeliveryError):
    """WeCom answered with an error's ``code``."""

    def __init__(self, what: str, answer: Mapping[str, Any]) -> None:
        """Certain but for "busy", which says nothing; permanent but for what passes or can be mended."""
        self.code = code_of(answer)
        remedy = _REMEDIES.get(self.code)
        wait = _PASSING.get(self.code)
        renewable = self.code in _NEW_TOKEN or self.code == _BUSY
        super().__init__(
            f"{what} was refused, {complaint_of(answer)}" + (f" ({remedy})" if remedy else ""),
            certain=self.code != _BUSY,
            permanent=wait is None and not renewable,
            retry_after=wait,
        )


@dataclass(frozen=True, slots=True)
class _Body:
    """What a request carries: JSON, or a file."""

    json: Mapping[str, object] | None = None
    file: Blob | None = None


class Calls:
    """The API as one application uses it. Every call raises DeliveryError."""

    def __init__(
        self,
        application: Application,
        settings: WeComSettings,
        host: Keeper,
        client: aiohttp.ClientSession,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """``client`` is closed by whoever made it."""
        self.application = application
        self._settings = settings
        self._client = client
        self._clock = clock
        self._timeout = aiohttp.ClientTimeout(total=settings.api_timeout_seconds, connect=10)
        self._token = AccessToken(application, host, self._fetch_token, clock)

    async def token(self) -> None:
        """See that there is an access token."""
        await self._token.get()

    async def send(self, message: Mapping[str, object]) -> dict[str, Any]:
        """``message/send``: deliver a message."""
        return await self._call("message/send", _Body(message), {})

    async def post(self, path: str, body: Mapping[str, object], **query: str) -> dict[str, Any]:
        """Any other call with a JSON body."""
        return await self._call(path, _Body(body), query)

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """Any call without a body."""
        return await self._call(path, _Body(), query)

    async def upload(self, kind: str, blob: Blob) -> str:
        """``media/upload``; the media id. Nothing of it is seen by anybody, so every failure is certain."""
        try:
            answer = await self._call("media/upload", _Body(file=blob), {"type": kind})
        except DeliveryError as error:
            if error.certain:
                raise
            raise DeliveryError(str(error), certain=True) from error
        media_id = answer.get("media_id")
        if not isinstance(media_id, str) or not media_id:
            message = "media/upload: no media_id in the answer"
            raise DeliveryError(message, certain=True)
        return media_id

    async def download(self, media_id: str) -> Blob:
        """``media/get``: a file that came in."""
        token = await self._token.get()
        for again in (True, False):
            query = {"access_token": token, "media_id": media_id}
            content, headers = await self._request("GET", "media/get", query, _Body())
            kind = headers.get("Content-Type", "").partition(";")[0].strip().lower()
            if "Content-Disposition" in headers or kind not in ("application/json", "text/plain"):
                return Blob(content, kind or "application/octet-stream", _file_name(headers))
            refused = Refused("media/get", _read("media/get", content))
            if not again or refused.code not in _NEW_TOKEN:
                raise refused
            token = await self._token.get(refused=token)
        raise AssertionError

    async def _call(self, path: str, body: _Body, query: Mapping[str, str]) -> dict[str, Any]:
        """Call with the access token; once more with a new one where WeCom refused it, which did nothing yet."""
        token = await self._token.get()
        answer = await self._once(path, body, query, token)
        if code_of(answer) in _NEW_TOKEN:
            token = await self._token.get(refused=token)
            answer = await self._once(path, body, query, token)
        if code_of(answer):
            raise Refused(path, answer)
        return answer

    async def _once(self, path: str, body: _Body, query: Mapping[str, str], token: str) -> dict[str, Any]:
        method = "GET" if body.json is None and body.file is None else "POST"
        content, _ = await self._request(method, path, {**query, "access_token": token}, body)
        return _read(path, content)

    async def _fetch_token(self) -> Token:
        query = {"corpid": self.application.corp_id, "corpsecret": self.application.secret}
        try:
            content, _ = await self._request("GET", "gettoken", query, _Body())
            answer = _read("gettoken", content)
        except DeliveryError as error:
            raise DeliveryError(str(error), certain=True, retry_after=error.retry_after) from error
        if code_of(answer):
            refused = Refused("gettoken", answer)
            raise DeliveryError(str(refused), certain=True, retry_after=refused.retry_after)
        text = answer.get("access_token")
        if not isinstance(text, str) or not text:
            message = "gettoken failed, nothing usable in the answer"
            raise DeliveryError(message, certain=True)
        return Token(text, lifetime(answer.get("expires_in"), self._clock()))

    async def _request(
        self, method: str, path: str, query: Mapping[str, str], body: _Body
    ) -> tuple[bytes, Mapping[str, str]]:
        url = f"{self._settings.api_base}/cgi-bin/{path}"
        proxy = self._settings.proxy or None
        data = _form(body.file) if body.file else None
        largest = LARGEST_FILE if path == "media/get" else _LARGEST_ANSWER
        try:
            async with self._client.request(
                method,
                url,
                params=query,
                json=body.json,
                data=data,
                proxy=proxy,
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                _well(path, response.status)
                return await _whole(path, response, largest), response.headers
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.ClientProxyConnectionError,
        ) as error:
            message = f"{path} failed, no connection: {_plain(error)}"
            raise DeliveryError(message, certain=True) from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            message = f"{path} failed, no answer: {_plain(error)}"
            raise DeliveryError(message, certain=False) from error


def _plain(error: BaseException) -> str:
    """What went wrong, without the address: it holds the token or the secret."""
    told = getattr(error, "os_error", None) or getattr(error, "message", "")
    return f"{type(error).__name__} {told}".strip()


def _well(path: str, status: int) -> None:
    if status != 200:
        message = f"{path} failed, HTTP {status}"
        raise DeliveryError(message, certain=300 <= status < 500)


async def _whole(path: str, response: aiohttp.ClientResponse, largest: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in response.content.iter_chunked(65_536):
        size += len(part)
        if size > largest:
            message = f"{path}: the answer is larger than {largest // 1_000_000} MB"
            raise DeliveryError(message, certain=False)
        parts.append(part)
    return b"".join(parts)


def _read(path: str, content: bytes) -> dict[str, Any]:
    try:
        return answer_of(content)
    except BadAnswer as error:
        message = f"{path} failed, {error}"
        raise DeliveryError(message, certain=False) from error


def _form(blob: Blob) -> aiohttp.FormData:
    form = aiohttp.FormData(quote_fields=False)
    # As a file: large bytes would be written in one piece, with the event loop waiting for it.
    form.add_field("media", BytesIO(blob.data), filename=blob.name, content_type=blob.mime)
    return form


def _file_name(headers: Mapping[str, str]) -> str:
    _, _, name = headers.get("Content-Disposition", "").partition("filename=")
    return name.partition(";")[0].strip().strip('"')[:200]
