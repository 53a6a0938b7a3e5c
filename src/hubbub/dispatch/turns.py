"""When a row may go out that has a pace to keep, or whether it need not go out any more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubbub.core.capabilities import Capabilities
    from hubbub.core.ports import Platform
    from hubbub.core.store import Outbox
    from hubbub.core.work import Row
    from hubbub.dispatch.pace import Pace
    from hubbub.dispatch.room_lane import RoomLane


class Turns:
    """Waits for the turn of rows, one a room."""

    def __init__(self, outbox: Outbox, pace: Pace) -> None:
        """Drafts that are late are dropped from ``outbox``."""
        self._outbox = outbox
        self._pace = pace

    async def come(self, row: Row, lane: RoomLane, platform: Platform) -> bool:
        """Wait for the turn of a lane's first row; False where it is not to be sent any more. Raises StoreError."""
        out = row.out
        caps = platform.capabilities(out.room)
        if not out.draft:
            await self._pace.message(out.room, caps, edit=bool(out.edits))
        elif not await self._draft(row, lane, caps):
            await self._outbox.drop(row.id)
            return False
        return bool(lane.rows) and lane.rows[0] is row

    async def _draft(self, row: Row, lane: RoomLane, caps: Capabilities) -> bool:
        """Wait with a draft until its turn, or until its answer is there: then nobody needs to see it.

        Where another node sends now it is its turn at once, to find that out.
        """
        turn = asyncio.ensure_future(self._pace.draft(row.out.room, caps))
        try:
            while not lane.has_end(row):
                if lane.lost:
                    return True
                lane.end = asyncio.Event()
                ended = asyncio.ensure_future(lane.end.wait())
                await asyncio.wait((turn, ended), return_when=asyncio.FIRST_COMPLETED)
                ended.cancel()
                if turn.done():
                    return not lane.has_end(row)
            return False
        finally:
            lane.end = None
            turn.cancel()
