"""Pictures through the image endpoints of the OpenAI API: ``images/generations`` and ``images/edits``."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from io import BytesIO

import aiohttp
import orjson

from hubbub.core.messages import Blob, Media
from hubbub.providers.openai_compatible.failures import Cause, failure
from hubbub.providers.openai_compatible.posting import Posting, Service

_LONGEST_WISH = 4000
_LARGEST = 64_000_000
_KINDS = ((b"\x89PNG", "image/png", "png"), (b"\xff\xd8\xff", "image/jpeg", "jpg"), (b"RIFF", "image/webp", "webp"))
# Models that always answer with the picture itself, and refuse to be asked for it.
_ALWAYS_DATA = ("gpt-image", "chatgpt-image")


@dataclass(frozen=True, slots=True)
class PictureRules:
    """Where the endpoints are and what is asked for. ``size``: such as 1024x1024, "" for the model's own. Seconds.

    ``price`` of a picture, in billionths of what prices are in.
    """

    base_url: str
    model: str
    key: str = field(default="", repr=False)
    size: str = ""
    seconds: float = 180.0
    proxy: str = field(default="", repr=False)
    price: int = 0


class PictureEndpoints:
    """`ports.Painter`. A connection is made for each call: they are rare, and nothing is held between them."""

    def __init__(self, rules: PictureRules, fetch: Callable[[Media], Awaitable[Blob]]) -> None:
        """``fetch`` gets a picture from where the service put it, from public addresses only.

        Raises:
            ConfigError: the address is none.
        """
        self._rules = rules
        self._fetch = fetch
        self._posting = Posting(Service(rules.base_url, rules.seconds, _LARGEST, rules.key, rules.proxy))

    @property
    def price(self) -> int:
        """See `Painter.price`."""
        return self._rules.price

    async def paint(self, wish: str) -> Blob:
        """See `Painter.paint`."""
        asked: dict[str, object] = {"model": self._rules.model, "prompt": wish[:_LONGEST_WISH], "n": 1}
        if self._rules.size:
            asked["size"] = self._rules.size
        if not self._rules.model.startswith(_ALWAYS_DATA):
            asked["response_format"] = "b64_json"
        headers = {"Content-Type": "application/json"}
        return await self._picture(await self._posting.post("images/generations", orjson.dumps(asked), headers))

    async def repaint(self, wish: str, picture: Blob) -> Blob:
        """See `Painter.repaint`."""
        _, mime, suffix = _kind(picture.data)
        form = aiohttp.FormData(quote_fields=False)
        for name, value in (("model", self._rules.model), ("prompt", wish[:_LONGEST_WISH]), ("n", "1")):
            form.add_field(name, value)
        if self._rules.size:
            form.add_field("size", self._rules.size)
        if not self._rules.model.startswith(_ALWAYS_DATA):
            form.add_field("response_format", "b64_json")
        form.add_field("image", BytesIO(picture.data), filename=f"picture.{suffix}", content_type=mime)
        return await self._picture(await self._posting.post("images/edits", form))

    async def _picture(self, body: bytes) -> Blob:
        """The picture of an answer, which has it in itself or says where it is. Raises ProviderError, MediaError."""
        try:
            first = orjson.loads(body)["data"][0]
            data, url = first.get("b64_json"), first.get("url")
        except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError) as error:
            raise failure(Cause.FAILED, "images: no picture in the answer") from error
        if isinstance(data, str) and data:
            return _whole(_decoded(data))
        if isinstance(url, str) and url.startswith(("http://", "https://")):
            return _whole((await self._fetch(Media(url=url))).data)
        raise failure(Cause.EMPTY, "images: an empty answer")


def _decoded(data: str) -> bytes:
    try:
        return base64.b64decode(data.partition("base64,")[2] or data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise failure(Cause.FAILED, "images: the picture is no base64") from error


def _whole(data: bytes) -> Blob:
    mark, mime, suffix = _kind(data)
    if not mark:
        raise failure(Cause.FAILED, "images: what came is no picture")
    return Blob(data, mime, f"picture.{suffix}")


def _kind(data: bytes) -> tuple[bytes, str, str]:
    return next((each for each in _KINDS if data.startswith(each[0])), (b"", "image/png", "png"))
