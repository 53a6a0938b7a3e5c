"""Limits and joined people on several nodes of one database: exact, and known to all."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from hubbub.conversations.limits import Limits
from hubbub.conversations.people import ties
from hubbub.conversations.people.joining import join, part
from hubbub.core.work import Append
from tests.contract.people_suite import ANN, BOB, LimitSuite, Node, PeopleSuite, entered
from tests.contract.test_postgres_nodes import opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence


class TestPeopleOnPostgres(LimitSuite, PeopleSuite):
    @pytest.fixture
    async def nodes(self, dsn: str) -> AsyncIterator[list[Node]]:
        async with opened(dsn, "a", "b") as stores:
            yield [Node(store, store.words) for store in stores]

    async def test_the_other_node_knows_at_once(self, nodes: Sequence[Node]) -> None:
        one, other = nodes
        async with asyncio.TaskGroup() as tasks:
            hearing = tasks.create_task(other.people.run())
            await entered(one, ANN, BOB)
            await one.conversations.change((Append(BOB, "prompt", "default", ("be kind",)),))
            await join(one, ANN)
            await one.people.tell()
            await known(other, BOB, ANN)
            assert (await other.conversations.branch(ANN, "prompt")).nodes[-1].body == "be kind"
            await part(one, BOB, copy=False)
            await one.people.tell()
            await known(other, BOB, BOB)
            hearing.cancel()


async def known(node: Node, identity: str, main: str) -> None:
    async with asyncio.timeout(30):
        while node.people.owner(identity) != main:
            await asyncio.sleep(0.005)


async def test_a_node_that_dies_between_reserving_and_counting(dsn: str) -> None:
    me = "test:private:me"
    async with opened(dsn, "b") as (left,):
        async with opened(dsn, "a") as (dead,):
            gone = Node(dead)
            gone.limit(Limits(messages_per_day=3))
            for number in range(3):
                assert await gone.asks(me, number) is not None
        node = Node(left)
        node.limit(Limits(messages_per_day=3))
        assert await node.asks(me, 99) is None, "what it took is still held"
        for number in range(3):
            held = await node.asks(me, number, again=True)
            assert held is not None, "whoever goes on with its work has it"
            await node.answers(me, held)
        assert await node.asks(me, 99) is None
        assert (await left.usage.spent(me, "", "9")).messages == 3


def test_a_log_of_ties_reads_the_same_without_its_past() -> None:
    used = ("2026-01-31", 1, 2, 3, 4)
    log = [ties.join("b", "a", used), ties.join("c", "b", used), ties.show("c", shown=True), ties.join("a", "d", used)]
    log += [ties.part("b"), ties.join("b", "b", used)]
    found = ties.Ties().take(body for each in log for body in each.bodies)
    assert found.all_of("c")[0] == "d"
    assert set(found.all_of("c")) == {"a", "c", "d"}
    assert found.owner("b") == "b"
    again = ties.Ties().take(ties.rewrite(found).bodies)
    assert again == found
    assert found.take([{"part": "d"}, {}, None, {"join": 5, "to": []}, {"groups": "x", "shown": True}]).main == {}
    assert not found.in_groups
