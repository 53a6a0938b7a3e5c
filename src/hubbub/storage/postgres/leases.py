"""Leases: names that one node holds at a time, by the database's clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hubbub.core.work import Lease
from hubbub.storage.postgres import texts
from hubbub.storage.postgres.database import NOW

if TYPE_CHECKING:
    from hubbub.storage.postgres.presence import Presence
    from hubbub.storage.postgres.reader import Reader

_COLUMNS = "name, node, fence, until, address"
_ACQUIRE = f"""
INSERT INTO lease AS l ({_COLUMNS}) VALUES ($1, $2, 1, {NOW} + $3::float8, $4)
ON CONFLICT (name) DO UPDATE SET node = excluded.node, until = excluded.until, address = excluded.address,
  fence = l.fence + CASE WHEN l.node = excluded.node AND l.until > {NOW} THEN 0 ELSE 1 END
WHERE l.node = excluded.node OR l.until <= {NOW}
RETURNING {_COLUMNS}
"""  # noqa: S608 - fixed
_SEIZE = f"""
INSERT INTO lease AS l ({_COLUMNS}) VALUES ($1, $2, 1, {NOW} + $3::float8, $4)
ON CONFLICT (name) DO UPDATE SET node = excluded.node, until = excluded.until, address = excluded.address,
  fence = l.fence + 1
RETURNING {_COLUMNS}
"""  # noqa: S608 - fixed
# The row stays, lapsed, so that the fence goes on rising.
_RELEASE = "UPDATE lease SET until = 0, node = '' WHERE name = $1 AND node = $2 AND fence = $3"
_HELD = f"SELECT {_COLUMNS} FROM lease WHERE until > {NOW} ORDER BY name"  # noqa: S608 - fixed


class Leases:
    """The `Leases` part of the contract. Beside the writer, so that much to write makes no lease lapse."""

    def __init__(self, reader: Reader, presence: Presence) -> None:
        """Nothing to load."""
        self._reader = reader
        self._presence = presence

    async def acquire(self, name: str, node: str, ttl: float, address: str = "") -> Lease | None:
        """See `store.Leases.acquire`."""
        values = (texts.name(name), texts.stored(node), ttl, texts.stored(address))
        row = await self._reader.row(_ACQUIRE, *values)
        return _lease(*row) if row else None

    async def seize(self, name: str, node: str, ttl: float, address: str = "") -> Lease:
        """See `store.SharedLeases.seize`."""
        values = (texts.name(name), texts.stored(node), ttl, texts.stored(address))
        return _lease(*await self._reader.row(_SEIZE, *values))

    async def release(self, lease: Lease) -> None:
        """See `store.Leases.release`."""
        values = (texts.name(lease.name), texts.stored(lease.node), texts.number(lease.fence))
        await self._reader.execute(_RELEASE, *values)

    async def held(self) -> Sequence[Lease]:
        """See `store.Leases.held`."""
        return [_lease(*row) for row in await self._reader.fetch(_HELD)]

    async def nodes(self) -> Sequence[Lease]:
        """See `store.SharedLeases.nodes`."""
        return await self._presence.members()


def _lease(name: str, node: str, fence: int, until: float, address: str) -> Lease:
    return Lease(texts.read(name), texts.read(node), fence, until, texts.read(address))
