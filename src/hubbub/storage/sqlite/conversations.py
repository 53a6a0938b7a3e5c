"""Branches as their owners change them beside what is said: at once, where they are still as they were read."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from functools import partial

from hubbub.core.work import Branch, BranchKind, Node, Step, Write
from hubbub.storage import codec
from hubbub.storage.sqlite import branches
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Writer

_TRAIL = "SELECT id, name, head, reason, at FROM branch_log WHERE owner = ? AND kind = ? AND at >= ? ORDER BY id DESC"
_OWNED_CHAIN = (
    "WITH RECURSIVE chain(id, parent, body, at) AS ("
    " SELECT id, parent, body, at FROM node WHERE id = ? AND owner = ?"
    " UNION ALL SELECT n.id, n.parent, n.body, n.at FROM chain JOIN node n ON n.id = chain.parent)"
    " SELECT id, parent, body, at FROM chain ORDER BY id"
)
_LARGEST = 1 << 63


class Conversations(branches.Branches):
    """The `Conversations` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        super().__init__(reader)
        self._writer = writer

    async def trail(self, owner: str, kind: BranchKind, since: float = 0.0) -> Sequence[Step]:
        """See `store.Conversations.trail`."""
        return await self._reader.read(lambda db: [Step(*row) for row in db.execute(_TRAIL, (owner, kind, since))])

    async def chain(self, owner: str, head: int) -> Sequence[Node]:
        """See `store.Conversations.chain`."""
        if not 0 < head < _LARGEST:
            return ()
        return await self._reader.read(partial(_read_chain, owner, head))

    async def change(self, writes: Sequence[Write], seen: Sequence[Branch] = ()) -> bool:
        """See `store.Conversations.change`."""
        prepared = self.prepare(writes)
        done: list[object] = []
        stored = self._writer.call(partial(_change, prepared, seen, done))
        # Told with the batch, before anybody reads: what is remembered is never older than what was answered.
        self._writer.batch.finishes.append(partial(self._changed, prepared, done))
        return bool(await stored)

    def _changed(self, prepared: Sequence[branches.Prepared], done: list[object], error: BaseException | None) -> None:
        if error is None and done:
            self._remember_all(prepared, done)


def _read_chain(owner: str, head: int, db: sqlite3.Connection) -> list[Node]:
    rows = db.execute(_OWNED_CHAIN, (head, owner))
    return [Node(row[0], row[1], codec.decode_json(row[2]), row[3]) for row in rows]


def _change(
    writes: Sequence[branches.Prepared], seen: Sequence[Branch], done: list[object], db: sqlite3.Connection
) -> bool:
    if any(branches.head_of(db, each.owner, each.kind, each.name) != each.head for each in seen):
        return False
    results: list[object] = []
    branches.apply_all(writes, time.time(), results, db)
    done.extend(results)
    return True
