"""Statements on their own: reads, and writes that may be repeated without harm."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from hubbub.core.errors import StoreError
from hubbub.storage.postgres.database import FAILURES, Database, away, refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.storage.postgres.database import Pool

_MOST = 4
_ACQUIRE = 5.0
_WAITS = (0.0, 0.05, 0.2, 0.5, 1.0)


class Reader:
    """A few connections; a statement whose connection is lost is tried again on another for a moment."""

    def __init__(self, database: Database, most: int = _MOST) -> None:
        """At most ``most`` connections, made when they are needed."""
        self._database = database
        self._most = most
        self._pool: Pool | None = None

    async def start(self) -> None:
        """Begin to serve."""
        self._pool = await self._database.pool(self._most)

    async def fetch(self, query: str, *values: Any) -> Sequence[Any]:
        """All rows. Raises StoreError."""
        error: BaseException = StoreError("the store is closed")
        for wait in _WAITS:
            if wait:
                await asyncio.sleep(wait)
            if self._pool is None:
                break
            try:
                async with self._pool.acquire(timeout=_ACQUIRE) as connection:
                    return await connection.fetch(query, *values)
            except FAILURES as caught:
                error = caught
                if not away(caught) or isinstance(caught, TimeoutError):
                    break
        raise error if isinstance(error, StoreError) else refused(error)

    async def row(self, query: str, *values: Any) -> Any:
        """The first row, or None. Raises StoreError."""
        rows = await self.fetch(query, *values)
        return rows[0] if rows else None

    async def execute(self, query: str, *values: Any) -> None:
        """No rows. Raises StoreError."""
        await self.fetch(query, *values)

    async def close(self) -> None:
        """Let the connections go."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()
