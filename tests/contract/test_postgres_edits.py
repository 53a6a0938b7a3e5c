"""Edits of one owner's data by several processes on one PostgreSQL database: none is lost, none overwritten."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from hubbub.conversations.units import units_of
from hubbub.conversations.userdata import UserData
from hubbub.core.work import Append
from tests.contract.store_harness import written
from tests.contract.test_postgres_nodes import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.storage.postgres.store import PostgresStore

EDITS = 20


def edits(stores: Sequence[PostgresStore]) -> list[UserData]:
    return [UserData(store.conversations, time.time) for store in stores]


async def test_of_settings_that_two_nodes_make_at_once_none_is_lost(dsn: str) -> None:
    async with opened(dsn, "a", "b") as stores:
        nodes = edits(stores)
        work = [nodes[number % 2].set_value("o", f"k{number}", number) for number in range(EDITS)]
        await asyncio.gather(*work)
        for node in nodes:
            assert await node.config("o") == {f"k{number}": number for number in range(EDITS)}


async def test_withdrawing_and_answers_at_once(dsn: str) -> None:
    """Each withdrawing takes exactly one unit, whatever other nodes and answers put there meanwhile."""
    async with opened(dsn, "a", "b") as stores:
        nodes = edits(stores)
        for number in range(EDITS):
            await nodes[0].inject("o", "user", f"old {number}")

        async def answer(number: int) -> None:
            body = {"role": "assistant", "content": f"new {number}"}
            await written(stores[number % 2], Append("o", "context", "default", (body,)), number=100 + number)

        withdrawing = [nodes[number % 2].withdraw("o", 0) for number in range(EDITS)]
        await asyncio.gather(*withdrawing, *(answer(number) for number in range(4)))
        for node in nodes:
            left = units_of(await node.branch("o", "context"))
            assert sorted(str(unit["content"]) for unit in left) == [f"new {number}" for number in range(4)]


async def test_edits_of_many_branches_in_every_order(dsn: str) -> None:
    """Nodes that lock the same branches get by one another."""
    async with opened(dsn, "a", "b") as stores:

        async def swap(store: PostgresStore, names: str) -> None:
            for _ in range(EDITS // 2):
                writes = [Append("o", "config", name, ({"x": 1},)) for name in names]
                assert await store.conversations.change(writes)

        await asyncio.gather(swap(stores[0], "abc"), swap(stores[1], "cba"), swap(stores[0], "cab"))
        for name in "abc":
            assert len((await stores[0].conversations.branch("o", "config", name)).nodes) == EDITS // 2 * 3
