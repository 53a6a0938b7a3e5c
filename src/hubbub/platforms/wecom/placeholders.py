"""A sentence that stands in the chat while an answer is being written. WeCom cannot show typing."""

from __future__ import annotations

import asyncio
import logging

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError
from hubbub.platforms.wecom.calls import Calls

log = logging.getLogger(__name__)

_MOST = 1000


class Placeholders:
    """Those that are to be seen now, by room."""

    def __init__(self, text: str) -> None:
        """``text`` "": none is ever shown."""
        self._text = text
        self._shown: dict[Room, asyncio.Task[str]] = {}

    async def show(self, room: Room, calls: Calls) -> None:
        """Show it where it does not stand yet. Raises nothing: it is a courtesy."""
        if not self._text or room in self._shown or len(self._shown) >= _MOST:
            return
        task = asyncio.create_task(self._send(room, calls))
        self._shown[room] = task
        # The answer may come first and end the caller; what was sent must be known all the same, to be taken back.
        await asyncio.shield(task)

    async def take_back(self, room: Room, calls: Calls) -> None:
        """The answer is there. Raises nothing."""
        task = self._shown.pop(room, None)
        message_id = await task if task is not None else ""
        if not message_id:
            return
        try:
            await calls.post("message/recall", {"msgid": message_id})
        except DeliveryError as error:
            log.debug("placeholder in %s stays: %s", room.key, error)

    async def end(self) -> None:
        """Send nothing more."""
        tasks = [task for task in self._shown.values() if not task.done()]
        self._shown.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, room: Room, calls: Calls) -> str:
        """The id of what was sent; "" if it was not."""
        text = {"content": self._text}
        message = {"touser": room.id, "agentid": calls.application.agent_id, "msgtype": "text", "text": text}
        try:
            return str((await calls.send(message)).get("msgid", ""))
        except DeliveryError as error:
            log.debug("placeholder in %s: %s", room.key, error)
            return ""
