"""Reserving what is about to be used: the part of the contract; `reserving` is what a transaction does for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hubbub.core.quotas import Pace, Quota, Reservation
from hubbub.storage.postgres import spending, texts
from hubbub.storage.postgres.orders import Call
from hubbub.storage.postgres.reserving import Reserve
from hubbub.storage.quotas import check

if TYPE_CHECKING:
    from hubbub.core.quotas import Shortage
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.writer import Writer

_SWEEP = """
WITH holds AS (DELETE FROM hold WHERE until <= $1 RETURNING 1), paces AS (DELETE FROM pace WHERE at < $2 RETURNING 1)
SELECT (SELECT count(*) FROM holds) + (SELECT count(*) FROM paces)
"""
# A minute fills whatever is not full.
_FULL_AFTER = 120.0


class Reserving:
    """Reserves, releases, and forgets what lapsed."""

    def __init__(self, writer: Writer) -> None:
        """Nothing to load."""
        self._writer = writer

    async def reserve(self, wanted: Reservation) -> Shortage | None:
        """See `store.Usage.reserve`. Raises Unstorable."""
        check(wanted)
        short: Shortage | None = await self._writer.ask(
            Reserve(asyncio.get_running_loop().create_future(), _as_stored(wanted))
        )
        return short

    async def release(self, hold: str) -> None:
        """See `store.Usage.release`."""

        async def let_go(db: Connection) -> None:
            await db.execute(spending.RELEASE, [texts.key(hold)])

        await self._writer.ask(Call(asyncio.get_running_loop().create_future(), let_go))

    async def sweep(self, now: float) -> int:
        """See `store.Usage.sweep`."""

        async def forget(db: Connection) -> int:
            return int(await db.fetchval(_SWEEP, now, now - _FULL_AFTER))

        return int(await self._writer.ask(Call(asyncio.get_running_loop().create_future(), forget)))


def _as_stored(wanted: Reservation) -> Reservation:
    quotas = tuple(
        Quota(texts.key(each.scope), texts.name(each.day), each.messages, each.tokens, each.cost)
        for each in wanted.quotas
    )
    paces = tuple(Pace(texts.key(each.scope), each.per_minute) for each in wanted.paces)
    return Reservation(
        texts.key(wanted.id), wanted.now, wanted.until, quotas, paces, wanted.tokens, wanted.cost, wanted.again
    )
