"""Pieces of answers on their way to another node."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hubbub.app.courier import Courier
from hubbub.core.ports import Streamed
from hubbub.core.work import Lease


async def test_a_piece_that_is_no_text_is_dropped_and_its_end_told_otherwise() -> None:
    """Half a character, from a provider of somebody's own. It must not end the hub."""

    async def nodes() -> Sequence[Lease]:
        return ()

    told: list[tuple[str, str]] = []
    async with asyncio.TaskGroup() as tasks:
        courier = Courier(nodes, "secret", tasks)
        courier.undelivered = lambda node, key: told.append((node, key))
        courier.send("far", "one", Streamed("\ud83d"))
        courier.send("far", "one", Streamed(end=True))
        async with asyncio.timeout(30):
            while not told:
                await asyncio.sleep(0.001)
        assert told == [("far", "one")]
        await courier.close()
