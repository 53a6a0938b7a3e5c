"""The PostgreSQL engine under the tests of the contract."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import asyncpg
from typing_extensions import override

from hubbub.storage.postgres.conversations import Conversations as PostgresConversations
from hubbub.storage.postgres.database import Database
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.reader import Reader
from hubbub.storage.postgres.store import PostgresStore
from tests.contract.store_machine import StoreMachine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine

    from hubbub.core.store import Conversations
    from tests.contract.store_harness import Ending

_TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = 'hubbub' AND tablename NOT IN ('meta', 'alembic_version')
"""


@contextlib.asynccontextmanager
async def talking(dsn: str) -> AsyncIterator[Any]:
    """Another connection to the store's tables."""
    db = await asyncpg.connect(dsn, server_settings={"search_path": "hubbub"})
    try:
        yield db
    finally:
        await db.close()


class PostgresHarness:
    """One process's store on a database; `open` first, `end` last."""

    def __init__(self, dsn: str, node: str = "a") -> None:
        self.dsn = dsn
        self.node = node
        self._gate = asyncio.Event()
        self._dead = False
        self._fresh: Reader | None = None
        self._store: PostgresStore | None = None

    @property
    def store(self) -> PostgresStore:
        assert self._store is not None
        return self._store

    async def open(self) -> PostgresStore:
        self._dead = False
        self._gate.set()
        self._store = PostgresStore(self.dsn, Member(self.node))
        writer: Any = self._store._writer
        writer._attempt = self._gated(writer._attempt)
        await self._store.open()
        self._fresh = Reader(Database(self.dsn), 1)
        await self._fresh.start()
        await self._give_up_what_is_left()
        return self._store

    async def _give_up_what_is_left(self) -> None:
        """Claims of nodes that are only names go with the process that used them."""
        assert self._fresh is not None
        for row in await self._fresh.fetch("SELECT DISTINCT node FROM conv WHERE node <> ''"):
            await self.store.inbox.abandon(row[0])

    def _gated(self, attempt: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def gated(*given: Any) -> None:
            await self._gate.wait()
            if self._dead:
                await asyncio.Future()
            await attempt(*given)

        return gated

    def hold(self) -> None:
        self._gate.clear()

    def let_go(self) -> None:
        self._gate.set()

    async def reopen(self, how: Ending = "closed") -> PostgresStore:
        await self.end(how)
        return await self.open()

    async def end(self, how: Ending = "closed") -> None:
        if how == "closed":
            self.let_go()
            await self.store.close()
        else:
            await self._kill(hear=how == "unheard")
        if self._fresh is not None:
            await self._fresh.close()

    async def _kill(self, *, hear: bool) -> None:
        store: Any = self.store
        store._writer._tell = lambda orders: None
        self._dead = not hear
        self.let_go()
        if hear:
            await store._writer.idle()
        store._running.cancel()
        await asyncio.wait([store._running])
        store._link.close()
        await store._reader.close()
        await store._steady.close()
        store._writer.close()

    def afresh(self) -> Conversations:
        assert self._fresh is not None
        return PostgresConversations(self.store._writer, self._fresh)

    @classmethod
    async def empty(cls, dsn: str) -> PostgresHarness:
        """Open on a database that has the schema, as if it were new."""
        await cls.clear(dsn)
        harness = cls(dsn)
        await harness.open()
        return harness

    @staticmethod
    async def clear(dsn: str) -> None:
        """Leave the schema, and the installation's own mark."""
        db = await asyncpg.connect(dsn, server_settings={"search_path": "hubbub"})
        try:
            for row in await db.fetch(_TABLES):
                await db.execute(f"DELETE FROM {row[0]}")  # noqa: S608 - our own tables
            await db.execute("DELETE FROM meta WHERE key <> 'hub'")
        finally:
            await db.close()

    def remove(self) -> None:
        """The database is used again."""


class PostgresMachine(StoreMachine):
    """`StoreMachine` on this engine; ``dsn`` names a database that has the schema."""

    dsn: str

    @override
    def make(self) -> Coroutine[Any, Any, PostgresHarness]:
        return PostgresHarness.empty(self.dsn)
