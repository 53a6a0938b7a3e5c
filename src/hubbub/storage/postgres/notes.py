"""Small records about owners, each with the time of its last change."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from hubbub.storage.postgres import texts
from hubbub.storage.postgres.orders import Call

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.reader import Reader
    from hubbub.storage.postgres.writer import Writer

_FIRST = "INSERT INTO note(key, owner, value, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
_CHANGE = "UPDATE note SET owner = $2, value = $3, at = $4 WHERE key = $1 AND value = $5"
_PRUNE = """
DELETE FROM note WHERE key IN (SELECT key FROM note WHERE at < $1 ORDER BY at LIMIT $2) AND at < $1 RETURNING 1
"""


class Notes:
    """The `Notes` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        self._writer = writer
        self._reader = reader

    async def get(self, key: str) -> str | None:
        """See `store.Notes.get`."""
        row = await self._reader.row("SELECT value FROM note WHERE key = $1", texts.stored(key))
        return texts.read(row[0]) if row else None

    async def change(self, key: str, seen: str | None, value: str, owner: str) -> bool:
        """See `store.Notes.change`."""
        named = (texts.name(key), texts.name(owner), texts.stored(value), time.time())
        before = None if seen is None else texts.stored(seen)

        async def change(db: Connection) -> bool:
            if before is None:
                return await db.execute(_FIRST, *named) == "INSERT 0 1"
            return await db.execute(_CHANGE, *named, before) == "UPDATE 1"

        return bool(await self._writer.ask(Call(asyncio.get_running_loop().create_future(), change)))

    async def prune(self, before: float, limit: int) -> int:
        """Forget those that did not change since ``before``, the oldest first, up to ``limit``; how many it were."""
        return len(await self._reader.fetch(_PRUNE, before, limit))
