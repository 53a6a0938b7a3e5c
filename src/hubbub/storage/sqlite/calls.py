"""Calls of models: written by units, looked for by owner, model and time."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from hubbub.core.calls import CallQuery, LoggedCall, ModelCall
from hubbub.core.errors import Unstorable
from hubbub.storage import codec
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Writer

if TYPE_CHECKING:
    from hubbub.core.work import LogCall

_ADD = "INSERT INTO call_log(owner, model, at, record) VALUES(?, ?, ?, ?)"
_KNOWN = "SELECT 1 FROM call_log WHERE at = ? AND owner = ? AND model = ? AND record = ?"
# A moment is looked for by its index, whoever called.
_FIND = (
    "SELECT id, owner, model, at, record FROM call_log WHERE (:owner = '' OR owner = :owner)"
    " AND (:model = '' OR model = :model) AND at >= :since AND at < :until"
    " AND (at > :after OR (at = :after AND id > :id)) ORDER BY at, id LIMIT :limit"
)
_OLD = "DELETE FROM call_log WHERE id IN (SELECT id FROM call_log WHERE at < ? ORDER BY at LIMIT ?)"
_MANY = (
    "DELETE FROM call_log WHERE id IN (SELECT id FROM call_log ORDER BY at, id"
    " LIMIT max(0, min(?, (SELECT count(*) FROM call_log) - ?)))"
)
_PIECE = 1000
_EARLIEST, _LATEST = -1e18, 1e18


class Calls:
    """The `Calls` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        self._writer = writer
        self._reader = reader

    async def add(self, calls: Sequence[ModelCall]) -> int:
        """See `store.Calls.add`. Raises Unstorable."""
        rows = [_row(call) for call in calls]
        return int(await self._writer.call(partial(_add, rows))) if rows else 0

    async def find(self, query: CallQuery) -> Sequence[LoggedCall]:
        """See `store.Calls.find`."""
        after, number = query.after or (_EARLIEST, 0)
        values = {
            "owner": query.owner,
            "model": query.model,
            "since": max(query.since, after, _EARLIEST),
            "until": min(query.until, _LATEST),
            "after": after,
            "id": number,
            "limit": max(query.limit, 0),
        }
        return await self._reader.read(lambda db: [_read(row) for row in db.execute(_FIND, values)])

    async def prune(self, before: float, most: int) -> int:
        """See `store.Calls.prune`."""
        return int(await self._writer.call(partial(_prune, before, most)))


def prepare(write: LogCall) -> tuple[bytes, ...]:
    """The record as it is stored. Raises Unstorable."""
    return (_row(write.call)[3],)


def apply(db: sqlite3.Connection, write: LogCall, data: tuple[bytes, ...], now: float) -> None:  # noqa: ARG001 - as every write
    """Keep a record within a unit's transaction."""
    db.execute(_ADD, (write.call.owner, write.call.model, write.call.at, data[0]))


def _row(call: ModelCall) -> tuple[str, str, float, bytes]:
    codec.check(call.owner, call.model)
    if not math.isfinite(call.at):
        msg = f"a call of {call.owner} has no time: {call.at}"
        raise Unstorable(msg)
    return call.owner, call.model, call.at, codec.encode(call.record)


def _add(rows: Sequence[tuple[str, str, float, bytes]], db: sqlite3.Connection) -> int:
    new = 0
    for row in rows:
        owner, model, at, record = row
        if db.execute(_KNOWN, (at, owner, model, record)).fetchone() is None:
            db.execute(_ADD, row)
            new += 1
    return new


def _prune(before: float, most: int, db: sqlite3.Connection) -> int:
    old = db.execute(_OLD, (before, _PIECE)).rowcount
    return old + db.execute(_MANY, (max(0, _PIECE - old), most)).rowcount


def _read(row: Sequence[Any]) -> LoggedCall:
    number, owner, model, at, record = row
    found = codec.decode_json(record)
    return LoggedCall(number, ModelCall(owner, model, at, found if isinstance(found, dict) else {}))
