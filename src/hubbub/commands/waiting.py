"""What people see of work that takes long: after some seconds a note that says what is being done, and for how long.

Rooms whose messages can be edited show it, and the chat page and the terminal; others get one message that says it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final

from hubbub.core.messages import Text
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Streamed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hubbub.commands.command import CommandContext

log = logging.getLogger(__name__)

AFTER: Final = 3.0
"""Seconds before anything is said."""
_EVERY = 3.0


class Waiting:
    """Says the newest `step` every few seconds."""

    def __init__(self, context: CommandContext, show: Callable[[Streamed], None] | None, after: float = AFTER) -> None:
        """``show`` takes the notes, if anybody sees them; the first one comes ``after`` some seconds."""
        self._context = context
        self._show = show
        self._after = after
        self._step = Phrase("waiting.working")
        self.telling = False
        """A message is being stored and sent: it must not be broken off."""

    def step(self, phrase: Phrase) -> None:
        """What is being done from now on."""
        self._step = phrase

    async def watch(self) -> None:
        """Until it is cancelled."""
        passed = self._after
        await asyncio.sleep(passed)
        if self._show is None:
            self.telling = True
            await self._context.asking.tell((Text(f"⏳ {await self._context.say(self._step)}", verbatim=True),))
            return
        while True:
            said = await self._context.say(self._step)
            seconds = await self._context.say(Phrase("waiting.seconds", {"seconds": round(passed)}))
            self._show(Streamed(note=f"⏳ {said} {seconds}"))
            await asyncio.sleep(_EVERY)
            passed += _EVERY


@contextlib.asynccontextmanager
async def waiting(context: CommandContext, after: float = AFTER) -> AsyncIterator[Waiting]:
    """Around what takes a while; tell it the steps."""
    async with context.asking.busy() as show:
        found = Waiting(context, show, after)
        watching = asyncio.create_task(found.watch())
        try:
            yield found
        finally:
            if not found.telling:
                watching.cancel()
            await asyncio.wait((watching,))
            if not watching.cancelled() and (error := watching.exception()) is not None:
                log.warning("nobody could be told that it takes long: %s", error)
