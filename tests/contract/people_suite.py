"""Limits and joined people on two nodes, whatever keeps the data: exact, and nothing lost."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from hubbub.conversations.holds import Stake
from hubbub.conversations.limits import NO_LIMITS, CommonLimits, Limits, Meter
from hubbub.conversations.people import codes
from hubbub.conversations.people.codes import Side
from hubbub.conversations.people.directory import Directory
from hubbub.conversations.people.joining import Joined, join, offers, part
from hubbub.conversations.shortages import EVERYBODY
from hubbub.core.errors import UserError
from hubbub.core.work import Append, Spend

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.conversations.holds import Hold
    from hubbub.core.ports import Clock
    from hubbub.core.store import Conversations, Store, Usage, Words

DAY_LIMIT = 50
ANN, BOB, CAT = "x:private:ann", "y:private:bob", "z:private:cat"


class Node:
    """What one process has of it."""

    def __init__(self, store: Store, words: Words | None = None) -> None:
        self.store = store
        self.conversations: Conversations = store.conversations
        self.usage: Usage = store.usage
        self.clock: Clock = time.time
        self.meter = Meter(store.usage, NO_LIMITS, time.time)
        self.people = Directory(store.conversations, words)

    def limit(self, each: Limits = NO_LIMITS, everybody: Limits = NO_LIMITS) -> None:
        self.meter.use(each, None, CommonLimits(hub=everybody))

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

    async def spent(self, scope: str) -> int:
        today = self.meter.today()
        return (await self.usage.spent(scope, today, today)).messages


class LimitSuite:
    """Inherit it, and give it a fixture ``nodes``: two of them on one store."""

    async def test_two_nodes_grant_exactly_the_limit(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            node.limit(everybody=Limits(messages_per_day=DAY_LIMIT))

        async def question(number: int) -> bool:
            node, owner = nodes[number % 2], f"test:private:{number % 13}"
            held = await node.asks(owner, number)
            if held is not None:
                await node.answers(owner, held)
            return held is not None

        found = await asyncio.gather(*(question(number) for number in range(200)))
        assert sum(found) == DAY_LIMIT
        assert await nodes[0].spent(EVERYBODY) == DAY_LIMIT
        assert await nodes[0].usage.sweep(time.time() + 1e6) == 0

    async def test_what_answers_use_beside_the_model_keeps_to_it_too(self, nodes: Sequence[Node]) -> None:
        """40 questions want a picture each: there is room for 10."""
        for node in nodes:
            node.limit(everybody=Limits(messages_per_day=DAY_LIMIT))
        go = [asyncio.Event() for _ in range(40)]

        async def question(number: int) -> int:
            node, owner = nodes[number % 2], f"test:private:{number % 13}"
            held = await node.asks(owner, number)
            assert held is not None
            go[number].set()
            await asyncio.gather(*(each.wait() for each in go))
            used = 1 + await node.paints(held)
            await node.answers(owner, held, used)
            return used

        assert sum(await asyncio.gather(*(question(number) for number in range(40)))) == DAY_LIMIT
        assert await nodes[0].usage.sweep(time.time() + 1e6) == 0

    async def test_a_limit_that_is_set_later_knows_what_every_node_used(self, nodes: Sequence[Node]) -> None:
        for number in range(10):
            held = await nodes[number % 2].asks(f"test:private:{number}", number)
            assert held is not None
            assert not held.reserved
            await nodes[number % 2].answers(f"test:private:{number}", held)
        for node in nodes:
            node.limit(everybody=Limits(messages_per_day=11))
        found = await asyncio.gather(*(nodes[number].asks("test:private:x", 100 + number) for number in (0, 1)))
        assert sum(each is not None for each in found) == 1

    async def test_a_minute_is_shared(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            node.limit(Limits(messages_per_minute=20))
        found = await asyncio.gather(*(nodes[number % 2].meter.pace("test:private:me") for number in range(100)))
        assert 20 <= sum(each is None for each in found) <= 25, "some of a minute may have gone by"


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


async def keep(node: Node, owner: str) -> None:
    """Something that is the owner's own."""
    await node.conversations.change((Append(owner, "prompt", "default", (f"prompt of {owner}",)),))


async def prompts(node: Node, owner: str) -> set[object]:
    """All prompts that an owner has."""
    found = await node.conversations.branches(owner, "prompt")
    held = [await node.conversations.branch(owner, "prompt", each.name) for each in found]
    return {each.body for branch in held for each in branch.nodes}


async def at_once(*wanted: object) -> list[object]:
    """What comes of all together; sentences for people count, other errors do not."""
    found = await asyncio.gather(*wanted, return_exceptions=True)  # type: ignore[call-overload]  # of several kinds
    for each in found:
        assert not isinstance(each, BaseException) or isinstance(each, UserError), each
    return list(found)


class PeopleSuite:
    """Inherit it, and give it a fixture ``nodes``: two of them on one store."""

    async def test_all_join_at_once_and_nothing_is_lost(self, nodes: Sequence[Node]) -> None:
        """Everybody is joined to the next one in a circle: one person in the end, with everything."""
        names = [f"p{number}:private:1" for number in range(6)]
        for name in names:
            await keep(nodes[0], name)
        for maker, other in zip(names, [*names[1:], names[0]], strict=True):
            await entered(nodes[0], maker, other)
        found = await at_once(*(join(nodes[number % 2], name) for number, name in enumerate(names)))
        assert sum(isinstance(each, Joined) for each in found) == len(names) - 1
        for node in nodes:
            await node.people.load()
        (main,) = {node.people.owner(name) for node in nodes for name in names}
        assert await prompts(nodes[1], main) == {f"prompt of {name}" for name in names}

    async def test_a_code_is_entered_by_one_of_many(self, nodes: Sequence[Node]) -> None:
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

    async def test_whoever_agrees_twice_joins_once(self, nodes: Sequence[Node]) -> None:
        await keep(nodes[0], ANN)
        await keep(nodes[0], BOB)
        await entered(nodes[0], ANN, BOB)
        found = await at_once(*(join(nodes[number % 2], ANN) for number in range(8)))
        assert sum(isinstance(each, Joined) for each in found) == 1
        kept = await nodes[0].conversations.branches(ANN, "prompt")
        assert sorted(each.name for each in kept) == ["default", "default-y"]

    async def test_parting_while_somebody_joins(self, nodes: Sequence[Node]) -> None:
        """Whichever comes first: who joined is one with who they joined, who parted is alone, both keep their own."""
        for each in (ANN, BOB, CAT):
            await keep(nodes[0], each)
        await entered(nodes[0], ANN, BOB)
        await join(nodes[0], ANN)
        await entered(nodes[0], ANN, CAT)
        found = await at_once(join(nodes[0], ANN), part(nodes[1], BOB, copy=False), part(nodes[0], BOB, copy=False))
        assert isinstance(found[0], Joined)
        assert sum(isinstance(each, UserError) for each in found[1:]) == 1, "who is alone cannot part"
        for node in nodes:
            await node.people.load()
            assert [node.people.owner(each) for each in (ANN, BOB, CAT)] == [ANN, BOB, ANN]
        assert await prompts(nodes[0], BOB) == {f"prompt of {BOB}"}
        assert f"prompt of {CAT}" in await prompts(nodes[0], ANN)

    async def test_the_main_one_parts_while_another_joins(self, nodes: Sequence[Node]) -> None:
        for each in (ANN, BOB, CAT):
            await keep(nodes[0], each)
        await entered(nodes[0], ANN, BOB)
        await join(nodes[0], ANN)
        await entered(nodes[0], BOB, CAT)
        found = await at_once(join(nodes[0], BOB), part(nodes[1], ANN, copy=False))
        assert not isinstance(found[1], UserError)
        for node in nodes:
            await node.people.load()
            ties = node.people.ties
            assert ties.owner(ANN) == ANN
            assert ties.all_of(ANN) == (ANN,), "nobody is left with who parted from them"
            assert ties.owner(CAT) in (BOB, CAT)
        for each in (ANN, BOB, CAT):
            assert f"prompt of {each}" in await prompts(nodes[0], each)
