"""Calls of models: written by units, looked for by owner, model and time."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hubbub.core.calls import CallQuery, LoggedCall, ModelCall
from hubbub.storage import codec
from hubbub.storage.postgres import records, texts
from hubbub.storage.postgres.orders import Call

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.reader import Reader
    from hubbub.storage.postgres.writer import Writer

_ADD_NEW = """
INSERT INTO call_log(owner, model, at, record)
SELECT DISTINCT n.owner, n.model, n.at, n.record
FROM unnest($1::text[], $2::text[], $3::float8[], $4::bytea[]) AS n(owner, model, at, record)
WHERE NOT EXISTS (SELECT 1 FROM call_log c
  WHERE c.at = n.at AND c.owner = n.owner COLLATE "C" AND c.model = n.model COLLATE "C" AND c.record = n.record)
RETURNING 1
"""
_FIND = """
SELECT id, owner, model, at, record FROM call_log WHERE ($1 = '' OR owner = $1) AND ($2 = '' OR model = $2)
AND at >= $3 AND at < $4 AND (at, id) > ($5::float8, $6::bigint) ORDER BY at, id LIMIT $7
"""
_OLD = "DELETE FROM call_log WHERE id IN (SELECT id FROM call_log WHERE at < $1 ORDER BY at LIMIT $2) RETURNING 1"
_MANY = """
DELETE FROM call_log WHERE id IN (SELECT id FROM call_log ORDER BY at, id
  LIMIT greatest(0, least($1::bigint, (SELECT count(*) FROM call_log) - $2::bigint))) RETURNING 1
"""
_PIECE = 1000
_EARLIEST = -math.inf


class Calls:
    """The `Calls` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        self._writer = writer
        self._reader = reader

    async def add(self, calls: Sequence[ModelCall]) -> int:
        """See `store.Calls.add`. Raises Unstorable."""
        rows = [records.prepare(call) for call in calls]

        async def write(db: Connection) -> int:
            return len(await db.fetch(_ADD_NEW, *records.columns(rows)))

        if not rows:
            return 0
        return int(await self._writer.ask(Call(asyncio.get_running_loop().create_future(), write)))

    async def find(self, query: CallQuery) -> Sequence[LoggedCall]:
        """See `store.Calls.find`."""
        after, number = query.after or (_EARLIEST, 0)
        names = (texts.stored(query.owner), texts.stored(query.model))
        times = (query.since, query.until, after, texts.number(number))
        return [_read(row) for row in await self._reader.fetch(_FIND, *names, *times, max(query.limit, 0))]

    async def prune(self, before: float, most: int) -> int:
        """See `store.Calls.prune`."""
        old = len(await self._reader.fetch(_OLD, before, _PIECE))
        return old + len(await self._reader.fetch(_MANY, max(0, _PIECE - old), most))


def _read(row: Sequence[Any]) -> LoggedCall:
    number, owner, model, at, record = row
    found = codec.decode_json(record)
    call = ModelCall(texts.read(owner), texts.read(model), at, found if isinstance(found, dict) else {})
    return LoggedCall(number, call)
