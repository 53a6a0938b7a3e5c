"""The hub's own settled facts and its tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Sequence
from typing import TYPE_CHECKING, Any

from hubbub.core.store import Token
from hubbub.storage.postgres import texts
from hubbub.storage.postgres.orders import Call

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.reader import Reader
    from hubbub.storage.postgres.writer import Writer

_PUT = "INSERT INTO meta VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
_PUT_FIRST = "INSERT INTO meta VALUES ($1, $2) ON CONFLICT DO NOTHING"
_CHANGE = "UPDATE meta SET value = $2 WHERE key = $1 AND value = $3"
_ADD = "INSERT INTO token VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
_TOKENS = "SELECT id, name, scopes, owner, created_at, expires_at, per_minute FROM token "


class Secrets:
    """The `Secrets` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        self._writer = writer
        self._reader = reader

    async def get(self, key: str) -> str | None:
        """See `store.Secrets.get`."""
        row = await self._reader.row("SELECT value FROM meta WHERE key = $1", texts.stored(key))
        return texts.read(row[0]) if row else None

    async def put(self, key: str, value: str) -> None:
        """See `store.Secrets.put`."""
        await self._change(_PUT, texts.name(key), texts.stored(value))

    async def change(self, key: str, seen: str | None, value: str) -> bool:
        """See `store.Secrets.change`."""
        named = (texts.name(key), texts.stored(value))
        if seen is None:
            return await self._change(_PUT_FIRST, *named) == "INSERT 0 1"
        return await self._change(_CHANGE, *named, texts.stored(seen)) == "UPDATE 1"

    async def token_add(self, token: Token, digest: str) -> None:
        """See `store.Secrets.token_add`."""
        named = (texts.name(token.id), texts.name(digest), texts.stored(token.name))
        rest = (json.dumps(token.scopes), texts.stored(token.owner), token.created_at, token.expires_at)
        await self._change(_ADD, *named, *rest, token.per_minute)

    async def token_find(self, digest: str) -> Token | None:
        """See `store.Secrets.token_find`."""
        row = await self._reader.row(_TOKENS + "WHERE digest = $1", texts.stored(digest))
        return _token(row) if row else None

    async def tokens(self) -> Sequence[Token]:
        """See `store.Secrets.tokens`."""
        return [_token(row) for row in await self._reader.fetch(_TOKENS + "ORDER BY created_at, id")]

    async def token_drop(self, token_id: str) -> bool:
        """See `store.Secrets.token_drop`."""
        return await self._change("DELETE FROM token WHERE id = $1", texts.stored(token_id)) == "DELETE 1"

    def _change(self, query: str, *values: object) -> Awaitable[str]:
        async def change(db: Connection) -> str:
            return await db.execute(query, *values)

        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        return self._writer.ask(Call(future, change))


def _token(row: Sequence[Any]) -> Token:
    token_id, name, scopes, owner, created_at, expires_at, per_minute = row
    named = (texts.read(token_id), texts.read(name), tuple(json.loads(scopes)), texts.read(owner))
    return Token(*named, created_at, expires_at, per_minute)
