"""``/files/{name}``: content that the hub keeps for a while, for whoever was told its name, which nobody guesses."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote

from hubbub.api.answers import answer, refuse
from hubbub.api.errors import Refusal
from hubbub.core.asgi import Receive, Scope, Send
from hubbub.core.errors import StoreError
from hubbub.core.messages import Audio, File, Image, Message, Segment, Video

if TYPE_CHECKING:
    from hubbub.core.messages import Blob
    from hubbub.core.ports import Clock
    from hubbub.core.store import StoredFiles

ROOT = "/files"
_SCHEME = "hub:"
_NAME = re.compile(r"[\w-]{20,80}", re.ASCII)
_GONE = Refusal(404, "no_such_file", "This file is not kept any more, or never was.")
_AWAY = Refusal(503, "unavailable", "The file cannot be read at the moment.", {"retry-after": "1"})
# Shown where they are opened; everything else is for saving, so that no file of a stranger's runs as a page of ours.
_SHOWN = frozenset(("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf"))


def address_of(url: str) -> str:
    """The path at which a ``hub:`` URL is served; any other URL as it is."""
    return f"{ROOT}/{url.removeprefix(_SCHEME)}" if url.startswith(_SCHEME) else url


def addressed(message: Message) -> Message:
    """A message whose kept files can be fetched from the hub's server."""
    return tuple(map(_addressed, message))


def _addressed(segment: Segment) -> Segment:
    if not isinstance(segment, Image | File | Audio | Video) or not segment.media.url.startswith(_SCHEME):
        return segment
    return replace(segment, media=replace(segment.media, url=address_of(segment.media.url)))


class KeptFiles:
    """The route's application."""

    def __init__(self, files: StoredFiles, clock: Clock) -> None:
        """Serves ``files`` until they expire."""
        self._files = files
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the signature of ASGI
        """Send one file."""
        name = scope["path_params"]["name"]
        try:
            found = await self._files.get(name, self._clock()) if _NAME.fullmatch(name) else None
        except StoreError:
            await refuse(scope, send, _AWAY)
            return
        if found is None:
            await refuse(scope, send, _GONE)
            return
        shown = found.mime in _SHOWN
        kind = found.mime if shown or found.mime.startswith("text/") else "application/octet-stream"
        body = b"" if scope["method"] == "HEAD" else found.data
        await answer(send, 200, kind.encode("latin-1", "replace"), body, _headers(found, shown=shown))


def _headers(found: Blob, *, shown: bool) -> list[tuple[bytes, bytes]]:
    how = "inline" if shown else "attachment"
    name = f"; filename*=UTF-8''{quote(found.name)}" if found.name else ""
    return [
        (b"content-disposition", f"{how}{name}".encode()),
        (b"content-security-policy", b"default-src 'none'; sandbox"),
        (b"referrer-policy", b"no-referrer"),
    ]
