"""The writing connection, and what is certain about a transaction whose connection was lost."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg

from hubbub.core.errors import StoreError
from hubbub.storage.postgres.database import FAILURES, Database

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection

log = logging.getLogger(__name__)

_WAITS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)

_JOIN = "INSERT INTO writer(batch, at) VALUES (0, $1) RETURNING id"
_PREPARE = """
PREPARE mark(bigint) AS INSERT INTO writer(id, batch, at)
VALUES ({writer}, $1, extract(epoch FROM clock_timestamp()))
ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, at = excluded.at
"""
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
_MARKED = "SELECT batch FROM writer WHERE id = $1 FOR UPDATE"
_END = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND application_name = 'hubbub'
AND backend_start = $2
"""


@dataclass(frozen=True, slots=True)
class Marker:
    """A transaction: its number, and the server's process that ran it."""

    number: int
    process: int
    started: object


class Link:
    """One connection at a time. Only the writer uses it."""

    def __init__(self, database: Database, patience: float) -> None:
        """``patience``: seconds for which a database that is away is waited for."""
        self._database = database
        self._db: Connection | None = None
        self._writer = 0
        self._number = 0
        self._started: object = None
        self._closed = False
        self.patience = patience

    async def open(self, db: Connection) -> None:
        """Make sure of a mark of our own. Raises what `FAILURES` says."""
        self._writer = int(await db.fetchval(_JOIN, time.time()))

    async def connected(self, until: float) -> Connection:
        """The connection, made anew if it was lost. Raises what `FAILURES` says when it is too late."""
        loop = asyncio.get_running_loop()
        tries = 0
        while self._db is None or self._db.is_closed():
            try:
                await self._connect()
            except FAILURES as error:
                if not tries:
                    log.warning("the database is away: %s", str(error) or type(error).__name__)
                if self._closed or loop.time() >= until:
                    raise
                await asyncio.sleep(_WAITS[min(tries, len(_WAITS) - 1)])
                tries += 1
        return self._db

    async def _connect(self) -> None:
        db = await self._database.connect()
        try:
            await db.execute(_PREPARE.format(writer=self._writer))
            await db.execute(_DURABLE)
            own = "SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
            self._started = await db.fetchval(own)
        except BaseException:
            db.terminate()
            raise
        self._db = db

    async def begin(self) -> Marker:
        """Begin a transaction that leaves its mark."""
        db = self._open()
        self._number += 1
        await db.execute(f"BEGIN; EXECUTE mark({self._number})")
        return Marker(self._number, db.get_server_pid(), self._started)

    async def commit(self) -> None:
        """End it. After a failure it is not known whether it is stored: see `committed`."""
        said = await self._open().execute("COMMIT")
        if said != "COMMIT":
            msg = f"the transaction was undone: {said}"
            raise asyncpg.InterfaceError(msg)

    async def roll_back(self) -> None:
        """Undo what was begun."""
        try:
            await self._open().execute("ROLLBACK")
        except FAILURES:
            self.drop()

    async def committed(self, marker: Marker) -> bool:
        """Whether a transaction took effect; waits for the database as long as it takes.

        Raises:
            StoreError: the store was closed before that could be told.
        """
        tries = 0
        while not self._closed:
            try:
                db = await self.connected(float("inf"))
                # The mark is locked by its transaction: once it can be read, that has ended.
                return bool(await db.fetchval(_MARKED, self._writer) == marker.number)
            except asyncpg.LockNotAvailableError:
                await self._end(marker)
            except FAILURES as error:
                log.warning("a transaction in doubt cannot be looked up: %s", str(error) or type(error).__name__)
                self.drop()
            await asyncio.sleep(_WAITS[min(tries, len(_WAITS) - 1)])
            tries += 1
        msg = "the store was closed before it was known whether the last transaction is stored"
        raise StoreError(msg)

    async def _end(self, marker: Marker) -> None:
        """The server has not noticed that nobody waits for that transaction."""
        try:
            await self._open().execute(_END, marker.process, marker.started)
        except FAILURES as error:
            log.warning("an abandoned transaction cannot be ended: %s", error)

    def drop(self) -> None:
        """The connection is of no more use."""
        if self._db is not None:
            self._db.terminate()
            self._db = None

    def close(self) -> None:
        """Let go."""
        self._closed = True
        self.drop()

    def _open(self) -> Connection:
        if self._db is None:
            msg = "connection is closed"
            raise asyncpg.InterfaceError(msg)
        return self._db
