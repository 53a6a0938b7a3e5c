"""How often a platform is called: so many messages and edits a second for an account, and so often for a room.

An account's pace is kept from its first draft, or the first refusal, on. What people wait for goes before edits that
only show how an answer grows: those take what is left.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubbub.core.addresses import Room
    from hubbub.core.capabilities import Capabilities

# A little more than a second, for calls do not arrive as evenly as they are made.
_WINDOW = 1.05
_MOST_ROOMS = 10_000
# Nobody knows whether a refusal is meant for one room or for all of the account.
_LONGEST_REST = 3.0
# Timers may be early by less than this; waiting for such a rest only wakes others.
_EARLY = 1e-6
# The end of an answer waits no longer than this for the edit before it to be out of the way.
_LAST_EDIT = 1.2


@dataclass(slots=True)
class _Account:
    """``times``: of the last calls that were given, some of them to come. ``rest``: no drafts before then."""

    times: deque[float]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    rest: float = 0.0

    @property
    def free_at(self) -> float:
        """When the next call may be made."""
        times = self.times
        return times[0] + _WINDOW if len(times) == times.maxlen else 0.0

    def give(self, now: float) -> float:
        """When this call may be made; it counts from now on."""
        at = max(now, self.free_at)
        self.times.append(at)
        return at


class Pace:
    """Of all accounts and rooms of one node."""

    def __init__(self) -> None:
        """Nothing was called yet."""
        self._loop = asyncio.get_running_loop()
        self._accounts: dict[tuple[str, str], _Account] = {}
        self._rooms: dict[str, float] = {}

    def keeps(self, room: Room) -> bool:
        """Whether the account of a room has a pace to keep. Cheap: asked for every message."""
        return bool(self._accounts) and (room.platform, room.account) in self._accounts

    def is_late(self, room: Room) -> bool:
        """Whether a message to the room would have to wait. Cheap: asked for every message."""
        if not self._accounts:
            return False
        account = self._accounts.get((room.platform, room.account))
        return account is not None and account.free_at > self._loop.time()

    async def message(self, room: Room, caps: Capabilities, *, edit: bool = False) -> None:
        """Wait until a message may be sent, or take the place of its draft (``edit``)."""
        now = self._loop.time()
        account = self._account(room, caps)
        at = account.give(now) if account is not None else now
        # What stands alone may come quickly; what follows a draft may not.
        follows = self._rooms.get(room.key, 0.0) > now
        if follows:
            at = max(at, min(self._rooms[room.key], now + _LAST_EDIT))
        if at > now:
            await asyncio.sleep(at - now)
        if follows or edit:
            self.called(room, caps)

    async def draft(self, room: Room, caps: Capabilities) -> None:
        """Wait until a draft may be sent or edited. Cancelled, it counts for nothing."""
        account, key = self._account(room, caps), room.key
        await self._until(lambda: self._rooms.get(key, 0.0))
        self.called(room, caps)
        if account is None:
            return
        async with account.turn:
            await self._until(lambda: max(account.free_at, account.rest))
            account.give(self._loop.time())
        self.called(room, caps)

    async def _until(self, free: Callable[[], float]) -> None:
        """Wait for a time that may be moved meanwhile."""
        wait = free() - self._loop.time()
        while wait > _EARLY:
            await asyncio.sleep(wait)
            wait = free() - self._loop.time()

    def refused(self, room: Room, caps: Capabilities, seconds: float) -> None:
        """The platform asks to wait: no draft of the room is edited until then, and none at all for a moment."""
        account = self._account(room, caps)
        if account is None and room.key not in self._rooms:
            return
        now = self._loop.time()
        self._rooms[room.key] = max(self._rooms.get(room.key, 0.0), now + seconds)
        if account is not None:
            account.rest = max(account.rest, now + min(seconds, _LONGEST_REST))

    def _account(self, room: Room, caps: Capabilities) -> _Account | None:
        if not caps.calls_per_second:
            return None
        key = (room.platform, room.account)
        account = self._accounts.get(key)
        if account is None:
            most = max(1, int(caps.calls_per_second))
            account = self._accounts[key] = _Account(deque(maxlen=most))
        return account

    def called(self, room: Room, caps: Capabilities) -> None:
        """A call about a room begins, or is answered: its next edit waits from here."""
        now = self._loop.time()
        if len(self._rooms) >= _MOST_ROOMS:
            self._rooms = {key: free for key, free in self._rooms.items() if free > now}
        self._rooms[room.key] = max(self._rooms.get(room.key, 0.0), now + caps.edit_every)
