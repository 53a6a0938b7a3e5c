"""Drafts that stand in rooms: edited while their answers grow, until what the answer became takes their place.

Everything here may be lost: the end of an answer is a row of its own, and does not need what was shown before.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from hubbub.bridge.growing import growing
from hubbub.core.errors import DeliveryError
from hubbub.core.ports import CanEdit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hubbub.core.addresses import Account
    from hubbub.core.messages import Message
    from hubbub.core.ports import Platform, Streams
    from hubbub.core.work import Row
    from hubbub.dispatch.pace import Pace

log = logging.getLogger(__name__)

# Of an answer that nothing is heard of for so long, nothing is expected any more.
_SILENCE = 900.0
# The end of an answer follows its last piece at once, unless another node is to send it.
_AFTER_END = 60.0
_LONGEST_EDIT = 60.0
_FIRST_REST, _LONGEST_REST = 2.0, 60.0


def stream_of(row: Row) -> str:
    """The key of the stream that tells how the answer of a draft grows: each piece is all of it so far."""
    return f"draft/{row.key}"


@dataclass(slots=True, eq=False)
class _Shown:
    """``message``: as the room shows it. ``text``: the newest that is known of the answer."""

    row: Row
    message_id: str
    platform: Platform
    message: Message
    text: str = ""
    editing: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    keeping: asyncio.Task[None] | None = None
    reading: asyncio.Task[None] | None = None


class Shows:
    """All drafts that this node sent and that are not finished."""

    def __init__(self, tasks: asyncio.TaskGroup, pace: Pace) -> None:
        """``tasks`` runs what follows the answers, until `close`."""
        self._tasks = tasks
        self._pace = pace
        self._shown: dict[int, _Shown] = {}
        self.streams: Streams | None = None
        """Where answers tell how they grow; without it drafts stay as they were sent."""

    @property
    def open(self) -> int:
        """How many drafts there are."""
        return len(self._shown)

    def begin(self, row: Row, message_id: str, platform: Platform) -> None:
        """A draft stands in its room."""
        if not message_id or row.id in self._shown:
            return
        shown = self._shown[row.id] = _Shown(row, message_id, platform, row.out.message)
        self._pace.called(row.out.room, platform.capabilities(row.out.room))
        if self.streams is not None and isinstance(platform, CanEdit):
            shown.reading = self._tasks.create_task(self._follow(shown, partial(self._read, shown, self.streams)))
            shown.keeping = self._tasks.create_task(self._follow(shown, partial(self._keep, shown, platform)))

    async def end(self, row: int) -> str:
        """The id of a draft's message; it is not edited any more from now on. "" for one that is not known here."""
        shown = self._shown.pop(row, None)
        if shown is None:
            return ""
        await self._stop(shown)
        return shown.message_id

    def drop(self, account: Account) -> None:
        """Another node sends for the account now."""
        for number, shown in list(self._shown.items()):
            if (shown.row.out.room.platform, shown.row.out.room.account) == (account.platform, account.id):
                del self._shown[number]
                self._cancel(shown)

    def close(self) -> None:
        """Follow nothing any more."""
        for shown in self._shown.values():
            self._cancel(shown)
        self._shown.clear()

    async def _stop(self, shown: _Shown) -> None:
        """An edit under way is waited for: it must not come behind what follows."""
        shown.ended.set()
        if shown.editing and shown.keeping is not None:
            await asyncio.wait((shown.keeping,), timeout=_LONGEST_EDIT)
        self._cancel(shown)

    @staticmethod
    def _cancel(shown: _Shown) -> None:
        shown.ended.set()
        for task in (shown.reading, shown.keeping):
            if task is not None:
                task.cancel()

    @staticmethod
    async def _follow(shown: _Shown, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception:
            log.exception("the draft %d in %s stays as it is", shown.row.id, shown.row.out.room.key)

    async def _read(self, shown: _Shown, streams: Streams) -> None:
        """Know how the answer grows, until it ends."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SILENCE) as silence, streams.subscribe(stream_of(shown.row)) as pieces:
                async for piece in pieces:
                    if piece.end:
                        break
                    silence.reschedule(asyncio.get_running_loop().time() + _SILENCE)
                    shown.text = piece.content
                    shown.changed.set()
        shown.ended.set()
        shown.changed.set()
        await asyncio.sleep(_AFTER_END)
        self._shown.pop(shown.row.id, None)

    async def _keep(self, shown: _Shown, platform: CanEdit) -> None:
        """Edit the draft whenever there is something new and the pace allows it."""
        room, rest = shown.row.out.room, 0.0
        while not shown.ended.is_set():
            await shown.changed.wait()
            shown.changed.clear()
            await self._pace.draft(room, shown.platform.capabilities(room))
            if shown.ended.is_set():
                return
            try:
                await self._edit(shown, platform)
                rest = 0.0
            except DeliveryError as error:
                if error.permanent:
                    log.info("the draft %d is not edited any more: %s", shown.row.id, error)
                    return
                rest = error.retry_after or min(_LONGEST_REST, max(_FIRST_REST, rest * 2))
                self._pace.refused(room, shown.platform.capabilities(room), rest)
                shown.changed.set()

    async def _edit(self, shown: _Shown, platform: CanEdit) -> None:
        room = shown.row.out.room
        message = growing(shown.text, shown.platform.capabilities(room))
        if message == shown.message:
            return
        shown.editing = True
        try:
            await platform.edit(room, shown.message_id, message)
            shown.message = message
        finally:
            shown.editing = False
            self._pace.called(room, shown.platform.capabilities(room))
