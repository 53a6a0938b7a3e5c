"""Content of files, in the same file as everything else: a backup has it, and what is forgotten is gone."""

from __future__ import annotations

import sqlite3
from functools import partial

from hubbub.core.messages import Blob
from hubbub.storage import codec
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Writer

_PUT = "INSERT OR REPLACE INTO file(id, owner, name, mime, size, expires_at, data) VALUES(?, ?, ?, ?, ?, ?, ?)"
_EXPIRED = "SELECT id FROM file WHERE expires_at <= ? ORDER BY expires_at LIMIT ?"
# Those that stay are the last to expire that fit into the room together.
_MAKE_ROOM = (
    "DELETE FROM file WHERE rowid IN (SELECT row FROM ("
    "SELECT rowid AS row, sum(size) OVER (ORDER BY expires_at DESC, rowid DESC) AS filled FROM file) WHERE filled > ?)"
)


class Files:
    """The `StoredFiles` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        self._writer = writer
        self._reader = reader

    async def put(self, file_id: str, blob: Blob, expires_at: float, owner: str = "", most: int = 0) -> None:
        """See `store.StoredFiles.put`. Raises Unstorable."""
        codec.check(file_id, owner, blob.name, blob.mime)
        values = (file_id, owner, blob.name, blob.mime, len(blob.data), expires_at, blob.data)
        await self._writer.call(partial(_put, values, most - len(blob.data) if most else 0))

    async def get(self, file_id: str, now: float) -> Blob | None:
        """See `store.StoredFiles.get`."""

        def read(db: sqlite3.Connection) -> Blob | None:
            query = "SELECT data, mime, name FROM file WHERE id = ? AND expires_at > ?"
            row = db.execute(query, (file_id, now)).fetchone()
            return Blob(*row) if row else None

        return await self._reader.read(read)

    async def sweep(self, now: float, limit: int = 100) -> int:
        """See `store.StoredFiles.sweep`."""
        old = await self._reader.read(lambda db: db.execute(_EXPIRED, (now, limit)).fetchall())
        if old:
            await self._writer.call(lambda db: db.executemany("DELETE FROM file WHERE id = ?", old).rowcount)
        return len(old)

    async def size(self) -> int:
        """See `store.StoredFiles.size`."""
        return await self._reader.read(lambda db: int(db.execute(_SIZE).fetchone()[0]))


_SIZE = "SELECT coalesce(sum(size), 0) FROM file"


def _put(values: tuple[object, ...], left: int, db: sqlite3.Connection) -> None:
    if left and db.execute(_SIZE).fetchone()[0] > left:
        db.execute(_MAKE_ROOM, (max(left, 0),))
    db.execute(_PUT, values)
