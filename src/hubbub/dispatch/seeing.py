"""Pictures on the road: kept before the question is asked, so that the model can be shown them, now and later."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hubbub.core.errors import MediaError, StoreError
from hubbub.core.events import Received
from hubbub.core.messages import Blob, Image, Media, Segment
from hubbub.core.ports import CanFetch, Files, Platform

log = logging.getLogger(__name__)

_MOST = 16
"""Pictures of one message that are fetched; more are left as they came."""


@dataclass(frozen=True, slots=True)
class Seeing:
    """``seconds``: how long a picture is kept."""

    files: Files
    platforms: Mapping[str, Platform]
    seconds: float

    def concerns(self, event: Received) -> bool:
        """It brings a picture."""
        return any(type(each) is Image for each in event.message)

    async def seen(self, event: Received, owner: str) -> Received:
        """The message with its pictures kept; one that cannot be had stays as it came, which is logged."""
        places = [place for place, each in enumerate(event.message) if type(each) is Image][:_MOST]
        kept = await asyncio.gather(*(self._kept(event, event.message[place], owner) for place in places))
        message = list(event.message)
        for place, picture in zip(places, kept, strict=True):
            message[place] = picture
        return replace(event, message=tuple(message))

    async def _kept(self, event: Received, picture: Segment, owner: str) -> Segment:
        if type(picture) is not Image or picture.media.url.startswith("hub:"):
            return picture
        try:
            blob = await self._fetched(event, picture.media)
            url = await self.files.keep(blob, self.seconds, owner)
        except (MediaError, StoreError) as error:
            log.warning("a picture of %s in %s is not kept: %s", event.id, event.room.key, error)
            return picture
        mime = picture.media.mime or blob.mime
        return replace(picture, media=replace(picture.media, url=url, mime=mime, size=len(blob.data)))

    async def _fetched(self, event: Received, media: Media) -> Blob:
        platform: object = self.platforms.get(event.room.platform)
        if not media.url and isinstance(platform, CanFetch):
            return await platform.fetch(media)
        return await self.files.fetch(media)
