"""Branches as their owners change them beside what is said: at once, where they are still as they were read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hubbub.core.errors import StoreError
from hubbub.core.work import Branch, BranchKind, Node, Step, Write
from hubbub.storage import codec
from hubbub.storage.postgres import texts, writes
from hubbub.storage.postgres.branches import Branches
from hubbub.storage.postgres.database import again
from hubbub.storage.postgres.orders import Call

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.reader import Reader
    from hubbub.storage.postgres.writer import Writer

_TRAIL = """
SELECT id, name, head, reason, at FROM branch_log WHERE owner = $1 AND kind = $2 AND at >= $3 ORDER BY id DESC
"""
_CHAIN = """
WITH RECURSIVE chain(id, parent, body, at) AS (
  SELECT id, parent, body, at FROM node WHERE id = $1 AND owner = $2
  UNION ALL SELECT n.id, n.parent, n.body, n.at FROM chain c JOIN node n ON n.id = c.parent)
SELECT id, parent, body, at FROM chain ORDER BY id
"""
_MOST_TRIES = 5


class Conversations(Branches):
    """The `Conversations` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        super().__init__(reader)
        self._reader = reader
        self._writer = writer

    async def trail(self, owner: str, kind: BranchKind, since: float = 0.0) -> Sequence[Step]:
        """See `store.Conversations.trail`."""
        rows = await self._reader.fetch(_TRAIL, texts.stored(owner), kind, since)
        return [Step(row[0], texts.read(row[1]), row[2], texts.read(row[3]), row[4]) for row in rows]

    async def chain(self, owner: str, head: int) -> Sequence[Node]:
        """See `store.Conversations.chain`."""
        rows = await self._reader.fetch(_CHAIN, texts.number(head), texts.stored(owner))
        return [Node(number, parent, codec.decode_json(body), at) for number, parent, body, at in rows]

    async def change(self, changes: Sequence[Write], seen: Sequence[Branch] = ()) -> bool:
        """See `store.Conversations.change`."""
        prepared = writes.prepare(changes)
        heads: dict[writes.Key, int] = {
            (texts.name(each.owner), each.kind, texts.name(each.name)): each.head for each in seen
        }

        async def store(db: Connection) -> bool:
            return await writes.carry_out_if(db, heads, prepared, time.time())

        for _ in range(_MOST_TRIES):
            try:
                return bool(await self._writer.ask(Call(asyncio.get_running_loop().create_future(), store)))
            except StoreError as error:
                # Others held branches in another order; nothing of it was stored.
                if error.__cause__ is None or not again(error.__cause__):
                    raise
        msg = "the database is too busy with the same conversations"
        raise StoreError(msg)
