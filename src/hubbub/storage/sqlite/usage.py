"""What owners used, by day: written by units, summed up for whoever asks."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from functools import partial

from hubbub.core.errors import Unstorable
from hubbub.core.work import Spend, Spent
from hubbub.storage import codec
from hubbub.storage.quotas import LARGEST
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.reserving import Reserving, release
from hubbub.storage.sqlite.writer import Writer

_ADD = (
    "INSERT INTO usage(owner, day, messages, prompt_tokens, completion_tokens, room, at, cost)"
    " VALUES(?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT(owner, day) DO UPDATE SET messages = messages + excluded.messages,"
    " prompt_tokens = prompt_tokens + excluded.prompt_tokens,"
    " completion_tokens = completion_tokens + excluded.completion_tokens, cost = cost + excluded.cost,"
    " room = CASE excluded.room WHEN '' THEN room ELSE excluded.room END, at = excluded.at"
)
# In the order of `Spent`.
_SUMS = "owner, sum(messages), sum(prompt_tokens), sum(completion_tokens), max(room), max(at), sum(cost) FROM usage"
_DAYS = (
    "SELECT day, owner, messages, prompt_tokens, completion_tokens, room, at, cost FROM usage"
    " WHERE owner = ? AND day BETWEEN ? AND ? ORDER BY day"
)


class Usage(Reserving):
    """The `Usage` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        super().__init__(writer)
        self._reader = reader

    async def spent(self, owner: str, first: str, last: str) -> Spent:
        """See `store.Usage.spent`."""

        def read(db: sqlite3.Connection) -> Spent:
            query = f"SELECT {_SUMS} WHERE owner = ? AND day BETWEEN ? AND ? GROUP BY owner"
            row = db.execute(query, (owner, first, last)).fetchone()
            return Spent(*row) if row else Spent(owner)

        return await self._reader.read(read)

    async def spenders(self, limit: int = 100) -> Sequence[Spent]:
        """See `store.Usage.spenders`."""

        def read(db: sqlite3.Connection) -> list[Spent]:
            theirs = "substr(owner, 1, 4) <> 'hub:'"
            query = f"SELECT {_SUMS} WHERE {theirs} GROUP BY owner ORDER BY max(at) DESC, owner LIMIT ?"
            return [Spent(*row) for row in db.execute(query, (limit,))]

        return await self._reader.read(read)

    async def days(self, owner: str, first: str, last: str) -> Mapping[str, Spent]:
        """See `store.Usage.days`."""

        def read(db: sqlite3.Connection) -> dict[str, Spent]:
            return {row[0]: Spent(*row[1:]) for row in db.execute(_DAYS, (owner, first, last))}

        return await self._reader.read(read)

    async def add(self, spend: Spend) -> None:
        """See `store.Usage.add`. Raises Unstorable."""
        prepare(spend)
        await self._writer.call(partial(_apply, spend, time.time()))


def prepare(spend: Spend) -> tuple[bytes, ...]:
    """Refuse what cannot be stored."""
    codec.check(spend.owner, spend.day, spend.room, *spend.holds, *spend.shares)
    counts = (spend.messages, spend.prompt_tokens, spend.completion_tokens, spend.cost)
    if not all(0 <= count < LARGEST for count in counts):
        msg = f"this cannot be counted: {spend}"
        raise Unstorable(msg)
    return ()


def apply(db: sqlite3.Connection, spend: Spend, data: object, now: float) -> None:  # noqa: ARG001 - as every write
    """Count within a unit's transaction."""
    _apply(spend, now, db)


def _apply(spend: Spend, now: float, db: sqlite3.Connection) -> None:
    counts = (spend.messages, spend.prompt_tokens, spend.completion_tokens)
    db.execute(_ADD, (spend.owner, spend.day, *counts, spend.room, now, spend.cost))
    for scope in spend.shares:
        db.execute(_ADD, (scope, spend.day, *counts, "", now, spend.cost))
    for hold in spend.holds:
        release(hold, db)
