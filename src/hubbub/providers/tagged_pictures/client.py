"""Asks the service. Pictures for adults are never asked for, and not shown where they come all the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import orjson

from hubbub.core.errors import ProviderError
from hubbub.core.phrases import Phrase
from hubbub.core.pictures import Illustration

if TYPE_CHECKING:
    from collections.abc import Sequence

_LARGEST = 1_000_000
_CONNECT_SECONDS = 10.0
_SIZES = ("regular", "small", "original")
_ADULT = frozenset(("r18", "r-18", "r18g", "r-18g"))
_LONGEST, _MOST_TAGS = 200, 50


@dataclass(frozen=True, slots=True)
class TaggedPictures:
    """`ports.Album`. ``host``: where the pictures are fetched from; ``proxy``: the way to the service (None: none)."""

    url: str
    host: str
    seconds: float
    proxy: str | None = None

    async def pick(self, tags: Sequence[str]) -> Illustration | None:
        """See `Album.pick`."""
        wish: dict[str, object] = {"r18": 0, "num": 1, "size": _SIZES[:2], "proxy": self.host}
        if tags:
            wish["tag"] = tags
        try:
            return _first(_listed(await self._asked(orjson.dumps(wish))))
        except TimeoutError as error:
            msg = f"the service of pictures takes longer than {self.seconds:g} s"
            raise _failed(msg) from error
        except (aiohttp.ClientError, OSError) as error:
            msg = f"the service of pictures cannot be asked: {type(error).__name__}"
            raise _failed(msg) from error

    async def _asked(self, body: bytes) -> bytes:
        timeout = aiohttp.ClientTimeout(total=self.seconds, connect=_CONNECT_SECONDS)
        headers = {"Content-Type": "application/json"}
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout) as session,
            session.post(self.url, data=body, headers=headers, proxy=self.proxy, allow_redirects=False) as response,
        ):
            if response.status != 200:
                msg = f"the service of pictures answers {response.status}"
                raise _failed(msg)
            found = bytearray()
            async for part in response.content.iter_chunked(65_536):
                found += part
                if len(found) > _LARGEST:
                    msg = "the service of pictures answers too much"
                    raise _failed(msg)
            return bytes(found)


def _listed(body: bytes) -> list[object]:
    """What the service lists. Raises ProviderError."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        msg = "the service of pictures answers no JSON"
        raise _failed(msg) from error
    told = document.get("error") if isinstance(document, dict) else ""
    data = document.get("data") if isinstance(document, dict) else None
    if told or not isinstance(data, list):
        msg = f"the service of pictures answers no pictures: {str(told)[:_LONGEST]}"
        raise _failed(msg)
    return data


def _first(found: Sequence[object]) -> Illustration | None:
    """The first picture that may be shown; None where there is none."""
    for each in found:
        if not isinstance(each, dict) or each.get("r18") not in (False, 0, None):
            continue
        listed, urls = each.get("tags"), each.get("urls")
        tags = tuple(str(tag)[:_LONGEST] for tag in listed[:_MOST_TAGS]) if isinstance(listed, list) else ()
        if _ADULT.intersection(tag.casefold() for tag in tags) or not isinstance(urls, dict):
            continue
        url = next((str(urls[size]) for size in _SIZES if urls.get(size)), "")
        if url.startswith(("http://", "https://")):
            title, author = (str(each.get(key, ""))[:_LONGEST] for key in ("title", "author"))
            return Illustration(url, title, author, tags)
    return None


def _failed(message: str) -> ProviderError:
    return ProviderError(message, user_text=Phrase("album.failed", {"id": ""}))
