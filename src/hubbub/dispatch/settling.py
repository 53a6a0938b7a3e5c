"""Messages that platforms took: stored as sent, again and again where that fails.

Nobody waits for it, so that the next message may go. What was sent and never could be marked would be in doubt after
the next start, or be sent once more.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from hubbub.core.errors import StoreError
from hubbub.core.store import Outbox

log = logging.getLogger(__name__)

_AGAIN = 1.0
_MOST = 20_000


class Settling:
    """Of one sender. Cheap where nothing fails: called for every message."""

    def __init__(self, outbox: Outbox, tasks: asyncio.TaskGroup) -> None:
        """``tasks`` runs what is tried again, until `end`."""
        self._outbox = outbox
        self._tasks = tasks
        self._left: deque[tuple[int, str]] = deque(maxlen=_MOST)
        self._trying: asyncio.Task[None] | None = None
        self._ended = False

    def settle(self, row: int, message_id: str) -> None:
        """A row was sent, and the platform calls it so."""
        stored = asyncio.ensure_future(self._outbox.settle(row, message_id))
        stored.add_done_callback(lambda done: self._settled(done, row, message_id))

    def _settled(self, done: asyncio.Future[None], row: int, message_id: str) -> None:
        if done.cancelled() or (error := done.exception()) is None:
            return
        log.error("message %d was sent but is not marked as sent yet: %s", row, error)
        self._left.append((row, message_id))
        if self._trying is None and not self._ended:
            self._trying = self._tasks.create_task(self._again())

    async def _again(self) -> None:
        while self._left:
            await asyncio.sleep(_AGAIN)
            try:
                while self._left:
                    await self._outbox.settle(*self._left[0])
                    self._left.popleft()
            except StoreError:
                continue
        self._trying = None

    def end(self) -> None:
        """Try no more."""
        self._ended = True
        if self._trying is not None:
            self._trying.cancel()
