"""Random pictures by tags, from a service of the form of api.lolicon.app/setu/v2.

It is sent a POST of JSON, ``{"r18": 0, "num": 1, "tag": [...], "size": [...], "proxy": "..."}``, and answers
``{"error": "", "data": [{"title", "author", "r18", "tags", "urls": {"regular": ...}, ...}]}``. ``r18`` is always 0, and
what is marked as such all the same is not shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubbub.app.proxies import proxy_to
from hubbub.core.errors import ProviderError
from hubbub.core.phrases import Phrase
from hubbub.core.pictures import Illustration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.core.ports import Album
    from hubbub.settings import Settings

_LARGEST = 1_000_000
_CONNECT_SECONDS = 10.0
_SIZES = ("regular", "small", "original")
_ADULT = frozenset(("r18", "r-18", "r18g", "r-18g"))
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class TaggedPictures:
    """`ports.Album`. ``way``: a proxy, "none", or "" for the environment's."""

    url: str
    host: str
    seconds: float
    way: str

    async def pick(self, tags: Sequence[str]) -> Illustration | None:
        """See `Album.pick`."""
        wish: dict[str, object] = {"r18": 0, "num": 1, "size": list(_SIZES[:2]), "proxy": self.host}
        if tags:
            wish["tag"] = list(tags)
        answer = await self._asked(json.dumps(wish).encode())
        try:
            document = json.loads(answer)
        except ValueError as error:
            msg = "the service of pictures answers no JSON"
            raise _failed(msg) from error
        if not isinstance(document, dict) or document.get("error") or not isinstance(document.get("data"), list):
            told = document.get("error") if isinstance(document, dict) else ""
            msg = f"the service of pictures answers no pictures: {str(told)[:_LONGEST]}"
            raise _failed(msg)
        return _first(document["data"])

    async def _asked(self, body: bytes) -> bytes:
        import aiohttp  # noqa: PLC0415 - loaded on first use

        from hubbub.providers.openai_compatible.address import proxy_for  # noqa: PLC0415 - loaded on first use
        from hubbub.providers.openai_compatible.session import new_session  # noqa: PLC0415 - loaded on first use

        timeout = aiohttp.ClientTimeout(total=self.seconds, connect=_CONNECT_SECONDS)
        headers = {"Content-Type": "application/json"}
        try:
            async with (
                new_session() as session,
                session.post(
                    self.url,
                    data=body,
                    headers=headers,
                    proxy=proxy_for(self.url, self.way),
                    timeout=timeout,
                    allow_redirects=False,
                ) as response,
            ):
                if response.status != 200:
                    msg = f"the service of pictures answers {response.status}"
                    raise _failed(msg)
                found = await response.content.read(_LARGEST + 1)
                while len(found) <= _LARGEST and (more := await response.content.read(_LARGEST)):
                    found += more
        except TimeoutError as error:
            msg = f"the service of pictures takes longer than {self.seconds:g} s"
            raise _failed(msg) from error
        except (aiohttp.ClientError, OSError) as error:
            msg = f"the service of pictures cannot be asked: {type(error).__name__}"
            raise _failed(msg) from error
        return found[:_LARGEST]


def _first(found: Sequence[object]) -> Illustration | None:
    """The first picture that may be shown; None where there is none."""
    for each in found:
        if not isinstance(each, dict) or each.get("r18") not in (False, 0, None):
            continue
        listed, urls = each.get("tags"), each.get("urls")
        tags = tuple(str(tag)[:_LONGEST] for tag in listed[:50]) if isinstance(listed, list) else ()
        if _ADULT.intersection(tag.casefold() for tag in tags) or not isinstance(urls, dict):
            continue
        url = next((str(urls[size]) for size in _SIZES if urls.get(size)), "")
        if url.startswith(("http://", "https://")):
            return Illustration(
                url, str(each.get("title", ""))[:_LONGEST], str(each.get("author", ""))[:_LONGEST], tags
            )
    return None


def _failed(message: str) -> ProviderError:
    return ProviderError(message, user_text=Phrase("album.failed", {"id": ""}))


def build_album(settings: Settings) -> Album | None:
    """What knows pictures by tags; None where that is switched off."""
    chosen = settings.album
    if not chosen.enabled:
        return None
    return TaggedPictures(chosen.url, chosen.proxy, chosen.seconds, proxy_to(chosen.url, settings.server))
