"""Timers: events of the future. Firing is accepting, in the transaction that removes the timer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hubbub.core.work import Receipt
from hubbub.storage.postgres.orders import Fire

if TYPE_CHECKING:
    from hubbub.storage.postgres.reader import Reader
    from hubbub.storage.postgres.writer import Writer

_NEXT = "SELECT min(due) FROM timer"


class Timers:
    """The `Timers` part of the contract; units set and cancel them."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        """Nothing to load."""
        self._writer = writer
        self._reader = reader

    async def fire(self, now: float, node: str = "", limit: int = 100) -> Sequence[Receipt]:
        """See `store.Timers.fire`."""
        order = Fire(asyncio.get_running_loop().create_future(), now, node, limit)
        fired: list[Receipt] = await self._writer.ask(order)
        return fired

    async def next_due(self) -> float | None:
        """See `store.Timers.next_due`."""
        row = await self._reader.row(_NEXT)
        return None if row is None or row[0] is None else float(row[0])
