"""The hub's own settled facts and its tokens."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from hubbub.core.store import Token
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Writer

_COLUMNS = "id, name, scopes, owner, created_at, expires_at, per_minute"


class Secrets:
    """The `Secrets` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        self._writer = writer
        self._reader = reader

    async def get(self, key: str) -> str | None:
        """See `store.Secrets.get`."""

        def read(db: sqlite3.Connection) -> str | None:
            row = db.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
            return str(row[0]) if row else None

        return await self._reader.read(read)

    async def put(self, key: str, value: str) -> None:
        """See `store.Secrets.put`."""

        def store(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))

        await self._writer.call(store)

    async def change(self, key: str, seen: str | None, value: str) -> bool:
        """See `store.Secrets.change`."""

        def store(db: sqlite3.Connection) -> bool:
            if seen is None:
                return db.execute("INSERT OR IGNORE INTO meta VALUES(?, ?)", (key, value)).rowcount > 0
            query = "UPDATE meta SET value = ? WHERE key = ? AND value = ?"
            return db.execute(query, (value, key, seen)).rowcount > 0

        changed: bool = await self._writer.call(store)
        return changed

    async def token_add(self, token: Token, digest: str) -> None:
        """See `store.Secrets.token_add`."""
        values = (
            token.id,
            digest,
            token.name,
            json.dumps(token.scopes),
            token.owner,
            token.created_at,
            token.expires_at,
            token.per_minute,
        )

        def store(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO token VALUES(?, ?, ?, ?, ?, ?, ?, ?)", values)

        await self._writer.call(store)

    async def token_find(self, digest: str) -> Token | None:
        """See `store.Secrets.token_find`."""
        found = await self._reader.read(lambda db: _tokens(db, "WHERE digest = ?", (digest,)))
        return found[0] if found else None

    async def tokens(self) -> Sequence[Token]:
        """See `store.Secrets.tokens`."""
        return await self._reader.read(lambda db: _tokens(db, "ORDER BY created_at, id", ()))

    async def token_drop(self, token_id: str) -> bool:
        """See `store.Secrets.token_drop`."""

        def drop(db: sqlite3.Connection) -> bool:
            return db.execute("DELETE FROM token WHERE id = ?", (token_id,)).rowcount > 0

        dropped: bool = await self._writer.call(drop)
        return dropped


def _tokens(db: sqlite3.Connection, where: str, values: Sequence[object]) -> list[Token]:
    query = f"SELECT {_COLUMNS} FROM token {where}"  # noqa: S608 - fixed clauses
    rows = db.execute(query, values).fetchall()
    return [Token(token_id, name, tuple(json.loads(scopes)), *rest) for token_id, name, scopes, *rest in rows]
