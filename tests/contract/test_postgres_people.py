"""Limits and joined people on several nodes of one database: exact, and known to all."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from hubbub.conversations.holds import Stake
from hubbub.conversations.limits import NO_LIMITS, CommonLimits, Limits, Meter
from hubbub.conversations.people import codes, ties
from hubbub.conversations.people.codes import Side
from hubbub.conversations.people.directory import Directory
from hubbub.conversations.people.joining import join, offers, part
from hubbub.conversations.shortages import EVERYBODY
from hubbub.core.errors import UserError
from hubbub.core.work import Append, Spend
from tests.contract.test_postgres_nodes import opened

if TYPE_CHECKING:
    from hubbub.conversations.holds import Hold
    from hubbub.core.ports import Clock
    from hubbub.core.store import Conversations, Usage
    from hubbub.storage.postgres.store import PostgresStore

DAY_LIMIT = 50


class Node:
    """What one process has of it."""

    def __init__(self, store: PostgresStore, limits: Limits = NO_LIMITS, hub: Limits = NO_LIMITS) -> None:
        self.store = store
        self.conversations: Conversations = store.conversations
        self.usage: Usage = store.usage
        self.clock: Clock = time.time
        self.meter = Meter(store.usage, limits, time.time)
        self.meter.use(limits, None, CommonLimits(hub=hub))
        self.people = Directory(store.conversations, store.words)

    async def asks(self, owner: str, number: int, *, again: bool = False) -> Hold | None:
        """Reserve for a question, and think a little while."""
        try:
            async with self.meter.hold(owner, 10, Stake(key=f"entry:{number}", again=again, kept=True)) as held:
                await asyncio.sleep(0.001 * (number % 7))
                return held
        except UserError:
            return None

    async def paints(self, held: Hold) -> bool:
        """Use a tool for the answer, if that may be."""
        try:
            await held.more(10)
        except UserError:
            return False
        return True

    async def answers(self, owner: str, held: Hold, used: int = 1) -> None:
        await self.usage.add(held.on(Spend(owner, self.meter.today(owner), used, 5, 5)))


class TestLimits:
    async def test_two_nodes_grant_exactly_the_limit(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as stores:
            nodes = [Node(store, hub=Limits(messages_per_day=DAY_LIMIT)) for store in stores]

            async def question(number: int) -> bool:
                node, owner = nodes[number % 2], f"test:private:{number % 13}"
                held = await node.asks(owner, number)
                if held is not None:
                    await node.answers(owner, held)
                return held is not None

            found = await asyncio.gather(*(question(number) for number in range(200)))
            assert sum(found) == DAY_LIMIT
            today = nodes[0].meter.today()
            assert (await stores[0].usage.spent(EVERYBODY, today, today)).messages == DAY_LIMIT
            assert await stores[0].usage.sweep(time.time() + 1e6) == 0

    async def test_what_answers_use_beside_the_model_keeps_to_it_too(self, dsn: str) -> None:
        """40 questions want a picture each: there is room for 10."""
        async with opened(dsn, "a", "b") as stores:
            nodes = [Node(store, hub=Limits(messages_per_day=DAY_LIMIT)) for store in stores]

            async def question(number: int) -> int:
                node, owner = nodes[number % 2], f"test:private:{number % 13}"
                held = await node.asks(owner, number)
                assert held is not None
                go[number].set()
                await asyncio.gather(*(each.wait() for each in go))
                used = 1 + await node.paints(held)
                await node.answers(owner, held, used)
                return used

            go = [asyncio.Event() for _ in range(40)]
            found = await asyncio.gather(*(question(number) for number in range(40)))
            assert sum(found) == DAY_LIMIT
            assert await stores[0].usage.sweep(time.time() + 1e6) == 0

    async def test_a_limit_that_is_set_later_knows_what_every_node_used(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as stores:
            nodes = [Node(store) for store in stores]
            for number in range(10):
                held = await nodes[number % 2].asks(f"test:private:{number}", number)
                assert held is not None
                assert not held.reserved
                await nodes[number % 2].answers(f"test:private:{number}", held)
            for node in nodes:
                node.meter.use(NO_LIMITS, None, CommonLimits(hub=Limits(messages_per_day=11)))
            found = await asyncio.gather(*(nodes[number % 2].asks("test:private:x", 100 + number) for number in (1, 2)))
            assert sum(each is not None for each in found) == 1

    async def test_a_minute_is_shared(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as stores:
            nodes = [Node(store, Limits(messages_per_minute=20)) for store in stores]
            found = await asyncio.gather(*(nodes[number % 2].meter.pace("test:private:me") for number in range(100)))
            assert 20 <= sum(each is None for each in found) <= 21, "some of a second may have gone by"

    async def test_a_node_that_dies_between_reserving_and_counting(self, dsn: str) -> None:
        me = "test:private:me"
        async with opened(dsn, "b") as (left,):
            async with opened(dsn, "a") as (dead,):
                for number in range(3):
                    assert await Node(dead, Limits(messages_per_day=3)).asks(me, number) is not None
            node = Node(left, Limits(messages_per_day=3))
            assert await node.asks(me, 99) is None, "what it took is still held"
            for number in range(3):
                held = await node.asks(me, number, again=True)
                assert held is not None, "whoever goes on with its work has it"
                await node.answers(me, held)
            assert await node.asks(me, 99) is None
            assert (await left.usage.spent(me, "", "9")).messages == 3


def side(identity: str) -> Side:
    return Side(identity, identity, "test/bot/private/x", "en")


async def entered(node: Node, maker: str, other: str) -> None:
    """A code is made and entered."""
    code = codes.new_code()
    await node.conversations.change((codes.made(code, side(maker), time.time()),))
    _, found = await offers(node.conversations, time.time())
    offer = found.entered(code)
    assert offer is not None
    await node.conversations.change((codes.entered(offer, side(other), time.time()),))


async def known(node: Node, identity: str, main: str) -> None:
    async with asyncio.timeout(10):
        while node.people.owner(identity) != main:
            await asyncio.sleep(0.005)


class TestPeople:
    async def test_the_other_node_knows_at_once(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as stores, asyncio.TaskGroup() as tasks:
            one, other = (Node(store) for store in stores)
            hearing = tasks.create_task(other.people.run())
            await entered(one, "x:private:1", "y:private:2")
            await one.conversations.change((Append("y:private:2", "prompt", "default", ("be kind",)),))
            await join(one, "x:private:1")
            await one.people.tell()
            await known(other, "y:private:2", "x:private:1")
            assert (await other.conversations.branch("x:private:1", "prompt")).nodes[-1].body == "be kind"
            await part(one, "y:private:2", copy=False)
            await one.people.tell()
            await known(other, "y:private:2", "y:private:2")
            hearing.cancel()

    async def test_both_nodes_join_at_once_and_nothing_is_lost(self, dsn: str) -> None:
        """Everybody is joined to the next one in a circle: one person in the end, with everything."""
        names = [f"p{number}:private:1" for number in range(6)]
        async with opened(dsn, "a", "b") as stores:
            nodes = [Node(store) for store in stores]
            for name in names:
                await nodes[0].conversations.change((Append(name, "prompt", "default", (f"prompt of {name}",)),))
            for maker, other in zip(names, [*names[1:], names[0]], strict=True):
                await entered(nodes[0], maker, other)
            found = await asyncio.gather(
                *(join(nodes[number % 2], name) for number, name in enumerate(names)), return_exceptions=True
            )
            assert all(not isinstance(each, BaseException) or isinstance(each, UserError) for each in found)
            assert sum(not isinstance(each, BaseException) for each in found) == len(names) - 1
            for node in nodes:
                await node.people.load()
            mains = {node.people.owner(name) for node in nodes for name in names}
            assert len(mains) == 1
            main = mains.pop()
            held = [
                await nodes[1].conversations.branch(main, "prompt", each.name)
                for each in await nodes[1].conversations.branches(main, "prompt")
            ]
            assert {node.body for branch in held for node in branch.nodes} == {f"prompt of {name}" for name in names}

    async def test_a_code_is_entered_by_one_of_many(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as stores:
            nodes = [Node(store) for store in stores]
            code = codes.new_code()
            await nodes[0].conversations.change((codes.made(code, side("maker"), time.time()),))

            async def enter(number: int) -> bool:
                node = nodes[number % 2]
                kept, found = await offers(node.conversations, time.time())
                offer = found.entered(code)
                if offer is None or offer.by is not None:
                    return False
                write = codes.entered(offer, side(f"other {number}"), time.time())
                return await node.conversations.change((write,), (kept,))

            assert sum(await asyncio.gather(*(enter(number) for number in range(20)))) == 1


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
