"""Files on their way out: what the platform takes of them, and their media ids."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from hubbub.core.errors import MediaError
from hubbub.core.messages import Audio, Blob, Image, Video
from hubbub.core.ports import Host
from hubbub.platforms.wechat_official.api import OfficialApi

_KINDS = {Image: "image", Audio: "voice", Video: "video"}
# Bytes that the platform takes of each, and the first bytes of what it takes (of videos: "ftyp" behind a length).
_LARGEST = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20}
_STARTS = {
    "image": ((0, b"\xff\xd8\xff"), (0, b"\x89PNG\r\n\x1a\n"), (0, b"GIF8"), (0, b"BM")),
    "voice": ((0, b"#!AMR"), (0, b"ID3"), (0, b"\xff\xfb"), (0, b"\xff\xf3"), (0, b"\xff\xf2")),
    "video": ((4, b"ftyp"),),
}
_ENDINGS = {b"\xff\xd8\xff": ".jpg", b"\x89PNG\r\n\x1a\n": ".png", b"GIF8": ".gif", b"BM": ".bmp", b"#!AMR": ".amr"}
_LAST = {"image": ".jpg", "voice": ".mp3", "video": ".mp4"}
_REMEMBERED = 500
# The platform keeps a file for three days.
_KEPT = 2.5 * 86_400


class Uploads:
    """Uploads what is sent, once for as long as it is remembered."""

    def __init__(self, host: Host, api: OfficialApi, clock: Callable[[], float] = time.time) -> None:
        """``host`` has the content, ``api`` takes it."""
        self._clock = clock
        self._host = host
        self._api = api
        self._known: OrderedDict[str, tuple[str, float]] = OrderedDict()
        self._under_way: dict[str, asyncio.Task[str]] = {}

    async def media_id(self, piece: Image | Audio | Video, key: str) -> str:
        """The media id of a file; ``key`` is the same for the same file.

        Raises:
            MediaError: it cannot be had, or the platform does not take such files.
            DeliveryError: the upload failed.
        """
        media_id, until = self._known.get(key, ("", 0.0))
        if self._clock() < until:
            return media_id
        # Whoever waits may have to go before it is there; it goes on for who comes next.
        task = self._under_way.get(key)
        if task is None:
            task = self._under_way[key] = asyncio.create_task(self._upload(piece, key))
            task.add_done_callback(_regarded)
        return await asyncio.shield(task)

    async def end(self) -> None:
        """Upload nothing more."""
        tasks = list(self._under_way.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _upload(self, piece: Image | Audio | Video, key: str) -> str:
        try:
            kind = _KINDS[type(piece)]
            blob = _checked(await self._host.files.fetch(piece.media), kind)
            media_id = await self._api.upload(kind, blob)
        finally:
            del self._under_way[key]
        self._known[key] = (media_id, self._clock() + _KEPT)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return media_id


def _regarded(task: asyncio.Task[str]) -> None:
    """Let nobody wonder about a fault that nobody waited for."""
    if not task.cancelled():
        task.exception()


def _checked(blob: Blob, kind: str) -> Blob:
    """The file with a name that says what it is."""
    if not 4 < len(blob.data) <= _LARGEST[kind]:
        message = f"{kind} of {len(blob.data)} bytes: the platform takes up to {_LARGEST[kind]}"
        raise MediaError(message)
    for offset, start in _STARTS[kind]:
        if blob.data[offset : offset + len(start)] == start:
            return Blob(blob.data, blob.mime, f"{kind}{_ENDINGS.get(start, _LAST[kind])}")
    message = f"the platform takes no {kind} of this kind ({blob.mime})"
    raise MediaError(message)
