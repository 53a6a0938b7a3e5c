"""Forgetting what is finished and old, a bounded piece at a time, so that the database does not grow for ever."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hubbub.storage.postgres.reader import Reader


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose rows grow old.

    ``time``: the column that says when a row was made; ``over``: nobody has to act on it any more.
    """

    name: str
    time: str
    over: str


_TABLES = (
    Table("inbox", "at", "NOT EXISTS (SELECT 1 FROM waiting w WHERE w.lane = t.lane AND w.id = t.id)"),
    Table("outbox", "created_at", "t.state >= 10"),
)
LOG = Table("branch_log", "at", "true")
"""Of branches; see `collecting`."""
_WRITERS = "DELETE FROM writer WHERE at < $1"


class Pruning:
    """Deletes by number what it found to be old."""

    def __init__(self, reader: Reader) -> None:
        """Nothing to load."""
        self._reader = reader

    async def prune(self, before: float, limit: int) -> int:
        """See `store.Store.prune`."""
        await self._reader.execute(_WRITERS, before)
        gone = 0
        for table in _TABLES:
            if gone < limit:
                gone += await self._delete(table, before, limit - gone)
        return gone

    async def _delete(self, table: Table, before: float, limit: int) -> int:
        query = (
            f"DELETE FROM {table.name} t WHERE t.id IN ("  # noqa: S608 - fixed names
            f" SELECT t.id FROM {table.name} t WHERE t.id < $1 AND t.{table.time} < $2 AND {table.over}"
            f" ORDER BY t.id LIMIT $3) AND {table.over} RETURNING 1"
        )
        return len(await self._reader.fetch(query, await first_young(table, before, self._reader), before, limit))


async def first_young(table: Table, before: float, reader: Reader) -> int:
    """The first id that is not from before, by bisection: without an index on times, none of which the road needs.

    Times rise with ids but where a clock was set back; there less is found than is old, never more.
    """
    ends = await reader.row(f"SELECT min(id), max(id) FROM {table.name}")  # noqa: S608 - fixed names
    if ends is None or ends[1] is None:
        return 0
    low, high = ends[0], ends[1] + 1
    probe = f"SELECT id, {table.time} FROM {table.name} WHERE id >= $1 ORDER BY id LIMIT 1"  # noqa: S608 - fixed names
    while low < high:
        middle = (low + high) // 2
        found = await reader.row(probe, middle)
        if found is None:
            high = middle
        elif found[1] < before:
            low = found[0] + 1
        else:
            high = middle
    return int(low)
