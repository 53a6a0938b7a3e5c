"""Removing nodes that no branch leads to any more, and the lines of the logs that still did, once these are old."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from functools import partial

from hubbub.storage.leftovers import Leftovers, OldStep, Ways, by_owner, living, take
from hubbub.storage.sqlite.branches import Branches
from hubbub.storage.sqlite.pruning import LOG, first_young
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Writer

# Lines that are looked at in one reading.
_LINES = 200
_OLD = "SELECT id, owner, kind, name, head FROM branch_log WHERE id < ? AND at < ? ORDER BY id LIMIT ?"
_HEADS = (
    "SELECT head FROM branch WHERE owner = :owner AND head <> 0"
    " UNION ALL SELECT head FROM branch_log WHERE owner = :owner ORDER BY head"
)
_WAYS = (
    "WITH RECURSIVE way(id, parent) AS ("
    " SELECT id, parent FROM node WHERE id IN (SELECT value FROM json_each(?))"
    " UNION SELECT n.id, n.parent FROM way JOIN node n ON n.id = way.parent)"
    " SELECT id, parent FROM way"
)
_EMPTY = (
    "DELETE FROM branch WHERE owner = ?1 AND kind = ?2 AND name = ?3 AND head = 0 AND updated_at < ?4"
    " AND NOT EXISTS(SELECT 1 FROM branch_log WHERE owner = ?1 AND kind = ?2 AND name = ?3)"
)


class Collecting:
    """Finds out beside the writer what is to go; the writer removes it where nothing changed meanwhile."""

    def __init__(self, writer: Writer, reader: Reader, branches: Branches) -> None:
        """``branches`` is told of whom it must not remember anything."""
        self._writer = writer
        self._reader = reader
        self._branches = branches

    async def collect(self, before: float, limit: int) -> int:
        """See `store.Store.collect`."""
        gone = 0
        for found in await self._reader.read(partial(_find, before, limit)):
            if await self._writer.call(partial(_remove, found, before)):
                self._branches.forget(found.owner)
                gone += found.count
        return gone


def _find(before: float, limit: int, db: sqlite3.Connection) -> list[Leftovers]:
    rows = db.execute(_OLD, (first_young(LOG, before, db), before, _LINES))
    newest = db.execute("SELECT max(id) FROM node").fetchone()[0] or 0
    made: list[Leftovers] = []
    for owner, steps in by_owner([OldStep(*row) for row in rows]).items():
        heads = _heads(owner, db)
        ways = Ways(_ways((step.head for step in steps), db), _ways(living(heads, steps), db), newest)
        found = Leftovers(owner, heads)
        take(found, steps, ways, limit)
        if found.count:
            made.append(found)
            limit -= len(found.nodes)
        if limit <= 0:
            break
    return made


def _heads(owner: str, db: sqlite3.Connection) -> Sequence[int]:
    return [row[0] for row in db.execute(_HEADS, {"owner": owner})]


def _ways(heads: Iterable[int], db: sqlite3.Connection) -> dict[int, int]:
    return dict(db.execute(_WAYS, (json.dumps(sorted(set(heads))),)).fetchall())


def _remove(found: Leftovers, before: float, db: sqlite3.Connection) -> bool:
    if _heads(found.owner, db) != found.heads:
        return False
    db.executemany("DELETE FROM node WHERE id = ?", [(node,) for node in found.nodes])
    if found.rest is not None:
        line, head = found.rest
        db.execute("UPDATE branch_log SET head = ? WHERE id = ?", (head, line))
    db.executemany("DELETE FROM branch_log WHERE id = ?", [(step.id,) for step in found.steps])
    db.executemany(_EMPTY, {(step.owner, step.kind, step.name, before) for step in found.steps})
    return True
