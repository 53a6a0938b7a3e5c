"""Removing nodes that no branch leads to any more, and the lines of the logs that still did, once these are old."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from hubbub.storage.leftovers import Leftovers, OldStep, Ways, by_owner, living, take
from hubbub.storage.postgres.orders import Call
from hubbub.storage.postgres.pruning import LOG, first_young

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.reader import Reader
    from hubbub.storage.postgres.writer import Writer

# Lines that are looked at in one reading.
_LINES = 200
_OLD = "SELECT id, owner, kind, name, head FROM branch_log WHERE id < $1 AND at < $2 ORDER BY id LIMIT $3"
_HEADS = """
SELECT head FROM branch WHERE owner = $1 AND head <> 0 UNION ALL SELECT head FROM branch_log WHERE owner = $1
ORDER BY head
"""
_WAYS = """
WITH RECURSIVE way(id, parent) AS (
  SELECT id, parent FROM node WHERE id = ANY($1::bigint[])
  UNION SELECT n.id, n.parent FROM way JOIN node n ON n.id = way.parent)
SELECT id, parent FROM way
"""
# Rows that somebody is about to write to are passed by: no order of locks is needed.
_EMPTY = """
DELETE FROM branch WHERE (owner, kind, name) IN (
  SELECT b.owner, b.kind, b.name FROM branch b
  WHERE b.owner = $1 AND b.kind = $2 AND b.name = $3 AND b.head = 0 AND b.updated_at < $4
  AND NOT EXISTS (SELECT 1 FROM branch_log l WHERE l.owner = $1 AND l.kind = $2 AND l.name = $3)
  FOR UPDATE SKIP LOCKED)
"""


class Collecting:
    """Finds out beside the writer what is to go; it is removed where nothing changed meanwhile.

    One process at a time does it.
    """

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        self._writer = writer
        self._reader = reader

    async def collect(self, before: float, limit: int) -> int:
        """See `store.Store.collect`."""
        gone = 0
        for found in await self._find(before, limit):
            call = Call(asyncio.get_running_loop().create_future(), partial(_remove, found, before))
            if await self._writer.ask(call):
                gone += found.count
        return gone

    async def _find(self, before: float, limit: int) -> list[Leftovers]:
        young = await first_young(LOG, before, self._reader)
        rows = await self._reader.fetch(_OLD, young, before, _LINES)
        made: list[Leftovers] = []
        for owner, steps in by_owner([OldStep(*row) for row in rows]).items():
            heads = [row[0] for row in await self._reader.fetch(_HEADS, owner)]
            found = Leftovers(owner, heads)
            # Numbers come from a sequence and are never given again: the newest node may go, too.
            ways = Ways(await self._ways(s.head for s in steps), await self._ways(_others(heads, steps)), 0)
            take(found, steps, ways, limit)
            if found.count:
                made.append(found)
                limit -= len(found.nodes)
            if limit <= 0:
                break
        return made

    async def _ways(self, heads: Iterable[int]) -> dict[int, int]:
        return {row[0]: row[1] for row in await self._reader.fetch(_WAYS, sorted(set(heads)))}


def _others(heads: Sequence[int], steps: Sequence[OldStep]) -> list[int]:
    try:
        return living(heads, steps)
    except ValueError:
        # Lines went between the two readings (their owner was forgotten): nothing is removed that anybody leads to.
        return list(heads)


async def _remove(found: Leftovers, before: float, db: Connection) -> bool:
    if [row[0] for row in await db.fetch(_HEADS, found.owner)] != found.heads:
        return False
    await db.execute("DELETE FROM node WHERE id = ANY($1::bigint[])", found.nodes)
    if found.rest is not None:
        line, head = found.rest
        await db.execute("UPDATE branch_log SET head = $2 WHERE id = $1", line, head)
    await db.execute("DELETE FROM branch_log WHERE id = ANY($1::bigint[])", [step.id for step in found.steps])
    for owner, kind, name in sorted({(step.owner, step.kind, step.name) for step in found.steps}):
        await db.execute(_EMPTY, owner, kind, name, before)
    return True
