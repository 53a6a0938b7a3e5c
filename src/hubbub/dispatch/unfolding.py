"""What a question quotes and forwards, on the road: asked for where only its id came, so that a model can read it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hubbub.chat.transcript import words_of
from hubbub.core.errors import MediaError
from hubbub.core.events import QUOTED, Received
from hubbub.core.messages import Forward, Image, Media, Message, Quote, Segment
from hubbub.core.ports import CanReread, CanUnfold, Platform

log = logging.getLogger(__name__)

_MOST, _DEEPEST = 8, 3
"""Bundles of one message that are asked for, and within one another; more are left as they came."""
_SECONDS = 10.0
_LONGEST_EXCERPT = 2000
_MOST_PICTURES = 4


@dataclass(frozen=True, slots=True)
class Unfolding:
    """Asks the platform that a message came from, if it can tell."""

    platforms: Mapping[str, Platform]

    def concerns(self, event: Received) -> bool:
        """It brings a bundle, or quotes pictures or what is not told. Quick: called for every question."""
        return QUOTED in event.options or any(
            type(each) is Forward or (type(each) is Quote and not each.excerpt) for each in event.message
        )

    async def unfolded(self, event: Received) -> Received:
        """The message with all of it; what cannot be had, or not soon, stays as it came, which is logged."""
        platform: object = self.platforms.get(event.room.platform)
        message = (*event.message, *_pictures(event))
        try:
            async with asyncio.timeout(_SECONDS):
                if isinstance(platform, CanReread):
                    message = await _quoting(platform, replace(event, message=message))
                if isinstance(platform, CanUnfold):
                    message = await _Unfolder(platform, event).message(message, 1)
        except TimeoutError:
            log.warning("what %s in %s quotes or forwards does not come", event.id, event.room.key)
        return replace(event, message=message)


def _pictures(event: Received) -> Sequence[Image]:
    """Those of the quoted message, where the platform sent them with this one."""
    found = event.options.get(QUOTED)
    given = [each for each in found if isinstance(each, dict)] if isinstance(found, list | tuple) else []
    media = (Media(file_id=str(each.get("file_id", "")), mime=str(each.get("mime", ""))) for each in given)
    return [Image(each) for each in media][:_MOST_PICTURES]


async def _quoting(platform: CanReread, event: Received) -> Message:
    """The message with the words of what it quotes, and with the pictures and bundles there."""
    place = next((place for place, each in enumerate(event.message) if type(each) is Quote and not each.excerpt), -1)
    quote = event.message[place]
    if place < 0 or type(quote) is not Quote:
        return event.message
    try:
        said = await platform.reread(event.room, quote.message_id)
    except MediaError as error:
        log.info("what %s in %s quotes is not read: %s", event.id, event.room.key, error)
        return event.message
    excerpt = words_of(said.message)[:_LONGEST_EXCERPT]
    told = replace(quote, author=said.author or quote.author, excerpt=excerpt)
    pictures = [each for each in said.message if type(each) is Image][:_MOST_PICTURES]
    bundles = [each for each in said.message if type(each) is Forward]
    return (*event.message[:place], told, *event.message[place + 1 :], *pictures, *bundles)


class _Unfolder:
    """One message's bundles."""

    def __init__(self, platform: CanUnfold, event: Received) -> None:
        self._platform, self._event, self._left = platform, event, _MOST

    async def message(self, message: Message, depth: int) -> Message:
        return tuple([await self._segment(each, depth) for each in message])

    async def _segment(self, segment: Segment, depth: int) -> Segment:
        if type(segment) is not Forward or depth > _DEEPEST:
            return segment
        if not segment.nodes and segment.id and self._left:
            self._left -= 1
            segment = await self._asked(segment)
        nodes = [replace(node, message=await self.message(node.message, depth + 1)) for node in segment.nodes]
        return replace(segment, nodes=tuple(nodes))

    async def _asked(self, bundle: Forward) -> Forward:
        event = self._event
        try:
            return await self._platform.unfold(event.room, bundle)
        except MediaError as error:
            log.warning("a bundle of %s in %s is not read: %s", event.id, event.room.key, error)
            return bundle
