"""What owners used, by day: written by units, summed up for whoever asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from hubbub.core.errors import Unstorable
from hubbub.core.work import Spend, Spent
from hubbub.storage.postgres import texts
from hubbub.storage.postgres.orders import Call

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.reader import Reader
    from hubbub.storage.postgres.writer import Writer

_LARGEST = 1 << 53

_ADD = """
INSERT INTO usage AS u (owner, day, messages, prompt_tokens, completion_tokens, room, at)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::float8[])
ON CONFLICT (owner, day) DO UPDATE SET messages = u.messages + excluded.messages,
  prompt_tokens = u.prompt_tokens + excluded.prompt_tokens,
  completion_tokens = u.completion_tokens + excluded.completion_tokens,
  room = CASE excluded.room WHEN '' THEN u.room ELSE excluded.room END, at = excluded.at
"""
# In the order of `Spent`.
_SUMS = """
SELECT owner, sum(messages)::bigint, sum(prompt_tokens)::bigint, sum(completion_tokens)::bigint, max(room), max(at)
FROM usage
"""


class Usage:
    """The `Usage` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        self._writer = writer
        self._reader = reader

    async def spent(self, owner: str, first: str, last: str) -> Spent:
        """See `ports.Usage.spent`."""
        where = _SUMS + "WHERE owner = $1 AND day BETWEEN $2 AND $3 GROUP BY owner"
        row = await self._reader.row(where, *map(texts.stored, (owner, first, last)))
        return _read(row) if row else Spent(owner)

    async def spenders(self, limit: int = 100) -> Sequence[Spent]:
        """See `ports.Usage.spenders`."""
        rows = await self._reader.fetch(_SUMS + "GROUP BY owner ORDER BY max(at) DESC, owner LIMIT $1", max(limit, 0))
        return [_read(row) for row in rows]

    async def add(self, spend: Spend) -> None:
        """See `ports.Usage.add`. Raises Unstorable."""
        names, now = prepare(spend), time.time()

        async def count(db: Connection) -> None:
            await add(db, [(names, spend, now)])

        await self._writer.ask(Call(asyncio.get_running_loop().create_future(), count))


def prepare(spend: Spend) -> tuple[str, ...]:
    """Owner, day and room as they are stored. Raises Unstorable."""
    if not all(0 <= count < _LARGEST for count in (spend.messages, spend.prompt_tokens, spend.completion_tokens)):
        msg = f"this cannot be counted: {spend}"
        raise Unstorable(msg)
    return (texts.name(spend.owner), texts.name(spend.day), texts.stored(spend.room))


async def add(db: Connection, spends: Iterable[tuple[tuple[str, ...], Spend, float]]) -> None:
    """Count what was spent, each with its names and its time, in the order in which it was."""
    sums: dict[tuple[str, str], tuple[int, int, int, str, float]] = {}
    for (owner, day, room), spend, now in spends:
        messages, asked, answered, known, _ = sums.get((owner, day), (0, 0, 0, "", 0.0))
        counts = (messages + spend.messages, asked + spend.prompt_tokens, answered + spend.completion_tokens)
        sums[owner, day] = (*counts, room or known, now)
    rows = [(*key, *sums[key]) for key in sorted(sums)]
    await db.execute(_ADD, *(list(column) for column in zip(*rows, strict=True)))


def _read(row: Sequence[Any]) -> Spent:
    owner, messages, asked, answered, room, last_at = row
    return Spent(texts.read(owner), messages, asked, answered, texts.read(room), last_at)
