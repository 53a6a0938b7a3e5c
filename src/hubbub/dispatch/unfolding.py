"""Bundles of messages on the road: those that came by their id alone are asked for, so that a model can read them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

from hubbub.core.errors import MediaError
from hubbub.core.events import Received
from hubbub.core.messages import Forward, Message, Segment
from hubbub.core.ports import CanUnfold, Platform

log = logging.getLogger(__name__)

_MOST, _DEEPEST = 8, 3
"""Bundles of one message that are asked for, and within one another; more are left as they came."""


@dataclass(frozen=True, slots=True)
class Unfolding:
    """Asks the platform that a message came from, if it can tell."""

    platforms: Mapping[str, Platform]

    def concerns(self, event: Received) -> bool:
        """It brings a bundle."""
        return any(type(each) is Forward for each in event.message)

    async def unfolded(self, event: Received) -> Received:
        """The message with its bundles whole; one that cannot be had stays as it came, which is logged."""
        platform: object = self.platforms.get(event.room.platform)
        if not isinstance(platform, CanUnfold):
            return event
        return replace(event, message=await _Unfolder(platform, event).message(event.message, 1))


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
