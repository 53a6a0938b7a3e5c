"""What people see of work that takes long: after some seconds a note that says what is being done, and for how long.

Rooms whose messages can be edited show it, and the chat page and the terminal; others only that something is written.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Final

from hubbub.core.phrases import Phrase
from hubbub.core.ports import Streamed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from hubbub.commands.command import CommandContext

AFTER: Final = 3.0
"""Seconds before anything is said."""
_EVERY = 3.0


class Waiting:
    """Says the newest `step` every few seconds."""

    def __init__(self, context: CommandContext, show: Callable[[Streamed], None], after: float = AFTER) -> None:
        """``show`` takes the notes; the first one comes ``after`` some seconds."""
        self._context = context
        self._show = show
        self._after = after
        self._step = Phrase("waiting.working")

    def step(self, phrase: Phrase) -> None:
        """What is being done from now on."""
        self._step = phrase

    async def watch(self) -> None:
        """Until it is cancelled."""
        passed = self._after
        await asyncio.sleep(passed)
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
        found = Waiting(context, show or _nobody, after)
        watching = asyncio.create_task(found.watch()) if show is not None else None
        try:
            yield found
        finally:
            if watching is not None:
                watching.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watching


def _nobody(_: Streamed) -> None:
    return
