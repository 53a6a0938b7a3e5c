"""What was withdrawn, rewritten or deleted goes for good after a time, and nothing else does: on every engine."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from hubbub.core.work import Append, Archive, MoveHead, Write
from tests.contract.store_harness import runs

if TYPE_CHECKING:
    from hubbub.core.store import Conversations, Store
    from tests.contract.store_harness import StoreHarness

LATER = 60.0


def append(*bodies: object, branch: str = "default", onto: int | None = None, owner: str = "o") -> Append:
    return Append(owner, "context", branch, bodies, onto)


def move(head: int, reason: str = "withdraw", branch: str = "default", owner: str = "o") -> MoveHead:
    return MoveHead(owner, "context", branch, head, reason)


async def nodes(conversations: Conversations, name: str = "default", owner: str = "o") -> list[int]:
    return [node.id for node in (await conversations.branch(owner, "context", name)).nodes]


async def bodies(conversations: Conversations, name: str = "default", owner: str = "o") -> list[object]:
    return [node.body for node in (await conversations.branch(owner, "context", name)).nodes]


async def there(store: Store, ids: list[int], owner: str = "o") -> list[int]:
    return [each for each in ids if await store.conversations.chain(owner, each)]


async def last_line(store: Store) -> None:
    """A young line and a young node of somebody else: the newest of their tables are never taken."""
    await store.conversations.change([append("x", owner="z")])
    await store.conversations.change([append("y", owner="z", onto=0)])


async def all_collected(store: Store, before: float, limit: int = 500) -> int:
    total = 0
    while gone := await store.collect(before, limit):
        total += gone
    return total


async def nothing_is_broken(store: Store) -> None:
    """Every line leads to nodes from a first one on."""
    for step in await store.conversations.trail("o", "context"):
        chain = await store.conversations.chain("o", step.head)
        assert [node.parent for node in chain] == ([0, *(node.id for node in chain)][:-1] if chain else [])
        assert bool(chain) is bool(step.head)


class CollectingSuite:
    """Inherit it, and give it a fixture ``harness``."""

    async def test_withdrawn_replaced_and_deleted_nodes_go(self, harness: StoreHarness) -> None:
        talks = harness.store.conversations
        await talks.change([append("a", "b", "c", "d"), append("gone", branch="other")])
        first, second, third, fourth = await nodes(talks)
        (gone,) = await nodes(talks, "other")
        await talks.change([move(second)])
        await talks.change([append("B", onto=first)])
        await talks.change([move(0, "delete", "other")])
        await last_line(harness.store)
        assert await all_collected(harness.store, time.time() - LATER) == 0
        assert await there(harness.store, [first, second, third, fourth, gone]) == [first, second, third, fourth, gone]
        assert await all_collected(harness.store, time.time() + LATER) >= 4
        assert await harness.store.collect(time.time() + LATER) == 0
        async for store in runs(harness, "killed"):
            assert await there(store, [first, second, third, fourth, gone]) == [first]
            assert await bodies(store.conversations) == ["a", "B"]
            assert await bodies(store.conversations, "other") == []
            assert not await store.conversations.trail("o", "context")

    async def test_what_any_branch_or_young_line_leads_to_stays(
        self, harness: StoreHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        talks = harness.store.conversations
        real = time.time
        monkeypatch.setattr(time, "time", lambda: real() - 1000)
        await talks.change([append("a", "b", "c", "d")])
        first, second, third, fourth = await nodes(talks)
        await talks.change([move(third, "fork", "fork"), move(first)])
        await talks.change([append("e", onto=first)])
        (_, fifth) = await nodes(talks)
        monkeypatch.setattr(time, "time", real)
        await talks.change([move(0, "clear")])
        await last_line(harness.store)
        assert await all_collected(harness.store, real() - 500) >= 2
        assert await there(harness.store, [first, second, third, fourth, fifth]) == [first, second, third, fifth]
        assert await bodies(talks, "fork") == ["a", "b", "c"]
        (step,) = await talks.trail("o", "context")
        assert (step.head, step.reason) == (fifth, "clear")
        assert await talks.change([move(step.head, "undo")])
        assert await bodies(talks) == ["a", "e"]

    async def test_much_goes_in_pieces(self, harness: StoreHarness) -> None:
        talks = harness.store.conversations
        await talks.change([append(*range(25))])
        ids = await nodes(talks)
        await talks.change([Archive("o", "context", "default", "aside")])
        await talks.change([move(0, "delete", "aside")])
        await last_line(harness.store)
        before, left = time.time() + LATER, len(ids)
        while gone := await harness.store.collect(before, 7):
            assert gone <= 7 + 3
            now = len(await there(harness.store, ids))
            assert left - now <= 7
            left = now
        assert left == 0

    async def test_a_line_that_leads_nowhere_goes(self, harness: StoreHarness) -> None:
        talks = harness.store.conversations
        await talks.change([move(0, "clear"), append("a")])
        await last_line(harness.store)
        assert len(await talks.trail("o", "context")) == 1
        assert await all_collected(harness.store, time.time() + LATER) >= 1
        assert not await talks.trail("o", "context")
        assert await bodies(talks) == ["a"]

    async def test_an_emptied_branch_can_be_made_again(self, harness: StoreHarness) -> None:
        talks = harness.store.conversations
        await talks.change([append("a")])
        await talks.change([move(0, "delete")])
        await last_line(harness.store)
        await all_collected(harness.store, time.time() + LATER)
        empty = await talks.branch("o", "context", "default")
        assert (empty.head, empty.updated_at) == (0, 0.0)
        assert await talks.change([append("b")], [empty])
        assert await bodies(talks) == ["b"]

    @pytest.mark.parametrize("seed", range(4))
    async def test_whatever_was_done_nothing_that_is_held_goes(self, harness: StoreHarness, seed: int) -> None:
        chance, talks, known = random.Random(seed), harness.store.conversations, [0]
        names, held = ("a", "b", "c"), {}
        for number in range(60):
            await talks.change([_some_write(chance, chance.choice(names), known, number)])
            known += [id_ for name in names for id_ in await nodes(talks, name) if id_ not in known]
            if number % 20 == 19:
                held = {name: await bodies(talks, name) for name in names}
                most = chance.choice((1, 3, 500))
                while await harness.store.collect(time.time() + LATER, most):
                    await nothing_is_broken(harness.store)
                assert {name: await bodies(harness.afresh(), name) for name in names} == held
        await last_line(harness.store)
        await all_collected(harness.store, time.time() + LATER)
        ends = await talks.branches("o", "context")
        alive = {id_ for branch in ends for id_ in await nodes(talks, branch.name)}
        assert set(await there(harness.store, known[1:])) == alive


def _some_write(chance: random.Random, name: str, known: list[int], number: int) -> Write:
    kind = chance.choice(("append", "append", "onto", "move", "archive"))
    if kind == "append":
        return append(f"{number}", f"{number}+", branch=name)
    if kind == "onto":
        return append(f"{number}", branch=name, onto=chance.choice(known))
    if kind == "move":
        return move(chance.choice(known), branch=name)
    return Archive("o", "context", name, chance.choice("abc"))
