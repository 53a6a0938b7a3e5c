"""What owners used, by day: written by units, summed up for whoever asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hubbub.core.work import Spend, Spent
from hubbub.storage.postgres import spending, texts
from hubbub.storage.postgres.booking import Reserving
from hubbub.storage.postgres.orders import Call

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.reader import Reader
    from hubbub.storage.postgres.writer import Writer

# In the order of `Spent`.
_SUMS = """
SELECT owner, sum(messages)::bigint, sum(prompt_tokens)::bigint, sum(completion_tokens)::bigint, max(room), max(at),
  sum(cost)::bigint
FROM usage
"""
_DAYS = """
SELECT day, owner, messages, prompt_tokens, completion_tokens, room, at, cost FROM usage
WHERE owner = $1 AND day BETWEEN $2 AND $3 ORDER BY day
"""


class Usage(Reserving):
    """The `Usage` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        super().__init__(writer)
        self._reader = reader

    async def spent(self, owner: str, first: str, last: str) -> Spent:
        """See `store.Usage.spent`."""
        where = _SUMS + "WHERE owner = $1 AND day BETWEEN $2 AND $3 GROUP BY owner"
        row = await self._reader.row(where, *map(texts.stored, (owner, first, last)))
        return _read(row) if row else Spent(owner)

    async def spenders(self, limit: int = 100) -> Sequence[Spent]:
        """See `store.Usage.spenders`."""
        order = "WHERE NOT starts_with(owner, 'hub:') GROUP BY owner ORDER BY max(at) DESC, owner LIMIT $1"
        rows = await self._reader.fetch(_SUMS + order, max(limit, 0))
        return [_read(row) for row in rows]

    async def days(self, owner: str, first: str, last: str) -> Mapping[str, Spent]:
        """See `store.Usage.days`."""
        rows = await self._reader.fetch(_DAYS, *map(texts.stored, (owner, first, last)))
        return {texts.read(row[0]): _read(tuple(row)[1:]) for row in rows}

    async def add(self, spend: Spend) -> None:
        """See `store.Usage.add`. Raises Unstorable."""
        names, now = spending.prepare(spend), time.time()

        async def count(db: Connection) -> None:
            await spending.add(db, [(names, spend, now)])

        await self._writer.ask(Call(asyncio.get_running_loop().create_future(), count))


def _read(row: Sequence[Any]) -> Spent:
    owner, messages, asked, answered, room, last_at, cost = row
    return Spent(texts.read(owner), messages, asked, answered, texts.read(room), last_at, cost)
