"""Showing people that their message was read, and that an answer to it is being written."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError

log = logging.getLogger(__name__)

_REMEMBERED = 10_000
_WAITING = 1000
_SHOWN_SECONDS = 20.0
"""WhatsApp shows writing for 25 seconds."""

Post = Callable[[dict[str, Any]], Awaitable[object]]


@dataclass(slots=True)
class _Heard:
    """The newest message of a room; ``shown_at``: when it was last shown that an answer is written."""

    message_id: str
    read: bool = False
    shown_at: float = float("-inf")


class Attention:
    """For one number. What is shown is a courtesy: failures are logged, not raised."""

    def __init__(self, post: Post) -> None:
        """``post`` sends a body from the number; it may raise DeliveryError."""
        self._post = post
        self._newest: OrderedDict[str, _Heard] = OrderedDict()
        self._unmarked: asyncio.Queue[_Heard] = asyncio.Queue(_WAITING)

    async def run(self) -> None:
        """Mark messages, for ever."""
        while True:
            await self._show(await self._unmarked.get())

    def heard(self, room: Room, message_id: str) -> None:
        """Somebody wrote."""
        self._newest[room.id] = _Heard(message_id)
        self._newest.move_to_end(room.id)
        if len(self._newest) > _REMEMBERED:
            self._newest.popitem(last=False)

    def answered(self, room: Room) -> None:
        """Something is sent there: what was said before has been read. Never waits."""
        newest = self._newest.get(room.id)
        if newest is not None and not newest.read and not self._unmarked.full():
            newest.read = True
            self._unmarked.put_nowait(newest)

    async def typing(self, room: Room) -> None:
        """An answer to the newest message is being written."""
        newest, now = self._newest.get(room.id), time.monotonic()
        if newest is None or now - newest.shown_at < _SHOWN_SECONDS:
            return
        newest.read, newest.shown_at = True, now
        await self._show(newest, typing_indicator={"type": "text"})

    async def _show(self, heard: _Heard, **more: object) -> None:
        body = {"messaging_product": "whatsapp", "status": "read", "message_id": heard.message_id}
        try:
            await self._post(body | more)
        except DeliveryError as error:
            log.debug("message %s is not marked as read: %s", heard.message_id, error)
