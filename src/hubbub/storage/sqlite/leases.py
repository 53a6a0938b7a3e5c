"""Leases: names that one node holds at a time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

from hubbub.core.work import Lease
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Writer


class Leases:
    """The `Leases` part of the contract."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        self._writer = writer
        self._reader = reader

    async def acquire(self, name: str, node: str, ttl: float, address: str = "") -> Lease | None:
        """See `store.Leases.acquire`."""

        def take(db: sqlite3.Connection) -> Lease | None:
            now = time.time()
            row = db.execute("SELECT node, fence, until FROM lease WHERE name = ?", (name,)).fetchone()
            if row is not None and row[0] != node and row[2] > now:
                return None
            same = row is not None and row[0] == node and row[2] > now
            fence = row[1] + (0 if same else 1) if row is not None else 1
            db.execute("INSERT OR REPLACE INTO lease VALUES(?, ?, ?, ?, ?)", (name, node, fence, now + ttl, address))
            return Lease(name, node, fence, now + ttl, address)

        found: Lease | None = await self._writer.call(take)
        return found

    async def release(self, lease: Lease) -> None:
        """See `store.Leases.release`."""

        def drop(db: sqlite3.Connection) -> None:
            # The row stays, lapsed, so that the fence goes on rising.
            db.execute(
                "UPDATE lease SET until = 0, node = '' WHERE name = ? AND node = ? AND fence = ?",
                (lease.name, lease.node, lease.fence),
            )

        await self._writer.call(drop)

    async def held(self) -> Sequence[Lease]:
        """See `store.Leases.held`."""

        def read(db: sqlite3.Connection) -> list[Lease]:
            query = "SELECT name, node, fence, until, address FROM lease WHERE until > ? ORDER BY name"
            return [Lease(*row) for row in db.execute(query, (time.time(),))]

        return await self._reader.read(read)
