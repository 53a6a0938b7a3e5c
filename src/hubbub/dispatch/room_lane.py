"""What waits to be sent to one room."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from hubbub.core.work import Row


@dataclass(slots=True)
class RoomLane:
    """One room's rows, oldest first. ``key`` is the room's.

    ``reserved``: the entry whose message is about to be committed as SENDING; 0 for none.
    """

    key: str
    rows: deque[Row] = field(default_factory=deque)
    reserved: int = 0
    at_work: bool = False
    kick: asyncio.Event | None = None
    """Set to try again before the wait is over."""
    end: asyncio.Event | None = None
    """Set when the end of an answer comes in while a draft waits for its turn, or when it need not wait any longer."""
    lost: bool = False
    """Another node sends here from now on: what is at work is queued for it."""

    def has_end(self, draft: Row) -> bool:
        """Whether what the draft became waits here, too."""
        return any(row.out.edits == draft.id for row in self.rows)

    def lose(self) -> int:
        """Let go of what waits, and let what is at work come to its end; how many rows are gone."""
        gone = 0
        while len(self.rows) > self.at_work:
            self.rows.pop()
            gone += 1
        self.lost = True
        for waiting in (self.kick, self.end):
            if waiting is not None:
                waiting.set()
        return gone

    def put(self, row: Row) -> bool:
        """Line a row up by its number, behind the one at work; False if it is there already.

        A lane may have ended, and been reserved again, while a row was on its way from the store: rows that wait then
        come before the one that the lane is reserved for.
        """
        if row.out.edits and self.end is not None:
            self.end.set()
        rows, place = self.rows, len(self.rows)
        while place > self.at_work and rows[place - 1].id > row.id:
            place -= 1
        if place and rows[place - 1].id == row.id:
            return False
        if place == len(rows):
            rows.append(row)
        else:
            rows.insert(place, row)
        return True
