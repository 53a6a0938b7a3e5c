"""Content of files, where every process on the database finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.core.messages import Blob
from hubbub.storage.postgres import texts

if TYPE_CHECKING:
    from hubbub.storage.postgres.reader import Reader

_PUT = """
INSERT INTO file(id, owner, name, mime, size, expires_at, data) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, name = excluded.name, mime = excluded.mime,
  size = excluded.size, expires_at = excluded.expires_at, data = excluded.data
"""
_SIZE = "SELECT coalesce(sum(size), 0)::bigint FROM file"
# Those that stay are the last to expire that fit into the room together.
_MAKE_ROOM = """
DELETE FROM file WHERE id IN (SELECT id FROM (
  SELECT id, sum(size) OVER (ORDER BY expires_at DESC, id DESC) AS filled FROM file) f WHERE filled > $1)
"""
_SWEEP = """
DELETE FROM file WHERE id IN (SELECT id FROM file WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2) RETURNING 1
"""


class Files:
    """The `StoredFiles` part of the contract. Each statement is one of its own: content would hold messages up."""

    def __init__(self, reader: Reader) -> None:
        """Nothing to load."""
        self._reader = reader

    async def put(self, file_id: str, blob: Blob, expires_at: float, owner: str = "", most: int = 0) -> None:
        """See `store.StoredFiles.put`. Raises Unstorable."""
        size = len(blob.data)
        named = (texts.name(file_id), texts.name(owner), texts.stored(blob.name), texts.stored(blob.mime))
        if most and await self.size() > most - size:
            await self._reader.execute(_MAKE_ROOM, max(most - size, 0))
        await self._reader.execute(_PUT, *named, size, expires_at, blob.data)

    async def get(self, file_id: str, now: float) -> Blob | None:
        """See `store.StoredFiles.get`."""
        query = "SELECT data, mime, name FROM file WHERE id = $1 AND expires_at > $2"
        row = await self._reader.row(query, texts.stored(file_id), now)
        return Blob(row[0], texts.read(row[1]), texts.read(row[2])) if row else None

    async def sweep(self, now: float, limit: int = 100) -> int:
        """See `store.StoredFiles.sweep`."""
        return len(await self._reader.fetch(_SWEEP, now, limit))

    async def size(self) -> int:
        """See `store.StoredFiles.size`."""
        row = await self._reader.row(_SIZE)
        return int(row[0]) if row else 0
