"""What people may do to work under way, and what they may know of it."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Callable

from typing_extensions import override

from hubbub.core.status import HubStatus
from hubbub.core.store import Words
from hubbub.dispatch.delivery import Sender
from hubbub.dispatch.dispatcher import Dispatcher

_STOP, _STOPPED, _RECALL = "stop", "stopped", "recall"
_OTHERS_SECONDS = 1.0


class HubControl:
    """`ports.Control` over a dispatcher and a sender."""

    def __init__(self, dispatcher: Dispatcher, sender: Sender, status: Callable[[], HubStatus]) -> None:
        """``status`` draws the picture; the composition root knows what belongs on it."""
        self._dispatcher = dispatcher
        self._sender = sender
        self._status = status

    async def stop(self, owner: str) -> bool:
        """See `ports.Control.stop`."""
        return self._dispatcher.stop(owner)

    def status(self) -> HubStatus:
        """See `ports.Control.status`."""
        return self._status()

    async def resend(self, row: int) -> bool:
        """See `ports.Control.resend`."""
        return await self._sender.resend(row)

    async def cancel(self, row: int) -> bool:
        """See `ports.Control.cancel`."""
        return await self._sender.cancel(row)


class SharedControl(HubControl):
    """Reaches answers that another node writes."""

    def __init__(
        self, work: tuple[Dispatcher, Sender], status: Callable[[], HubStatus], words: Words, node: str
    ) -> None:
        """Answers the other nodes from now on."""
        super().__init__(*work, status)
        self._words = words
        self._node = node
        self._numbers = itertools.count(1)
        self._asked: dict[str, asyncio.Future[None]] = {}
        work[0].recalled = self._recalled
        words.hear(_RECALL, self._recall)
        words.hear(_STOP, self._told)
        words.hear(_STOPPED, self._answered)

    @override
    async def stop(self, owner: str) -> bool:
        """See `ports.Control.stop`: here, else wherever it runs. Another node's word is waited for a second."""
        if await super().stop(owner):
            return True
        number = str(next(self._numbers))
        asked = self._asked[number] = asyncio.get_running_loop().create_future()
        self._words.tell(_STOP, f"{self._node}\n{number}\n{owner}")
        try:
            async with asyncio.timeout(_OTHERS_SECONDS):
                await asked
        except TimeoutError:
            return False
        finally:
            del self._asked[number]
        return True

    def _recalled(self, lane: str, room: str, message_id: str) -> None:
        self._words.tell(_RECALL, json.dumps([lane, room, message_id]))

    def _recall(self, text: str) -> None:
        self._dispatcher.recall_here(*json.loads(text))

    def _told(self, text: str) -> None:
        node, number, owner = text.split("\n", 2)
        if self._dispatcher.stop(owner):
            self._words.tell(_STOPPED, f"{node}\n{number}")

    def _answered(self, text: str) -> None:
        node, _, number = text.partition("\n")
        asked = self._asked.get(number)
        if node == self._node and asked is not None and not asked.done():
            asked.set_result(None)
