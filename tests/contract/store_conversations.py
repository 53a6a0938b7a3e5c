"""Conversations: branches that grow, move and are put aside, read back as they were written."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING, get_args

import pytest

from hubbub.core.work import Append, Archive, Branch, BranchKind, MoveHead, Switch, Write
from tests.contract.store_harness import StoreHarness, runs, written

if TYPE_CHECKING:
    from hubbub.core.store import Conversations

KINDS: tuple[BranchKind, ...] = get_args(BranchKind)
BODY = {"role": "user", "content": [{"type": "text", "text": "héllo 你好 🎉"}], "n": [1, 2.5, None, True], "": {}}


def append(*bodies: object, branch: str = "default", onto: int | None = None, owner: str = "o") -> Append:
    return Append(owner, "context", branch, bodies, onto)


def bodies(branch: Branch) -> list[object]:
    """What a branch holds, checked to be one chain that ends at its head."""
    parents = [0, *(node.id for node in branch.nodes)]
    assert [node.parent for node in branch.nodes] == parents[:-1]
    assert branch.head == parents[-1]
    return [node.body for node in branch.nodes]


async def of(conversations: Conversations, name: str = "", owner: str = "o") -> list[object]:
    return bodies(await conversations.branch(owner, "context", name))


class ConversationSuite:
    """What owners keep. Inherit it, and give it a fixture ``harness``."""

    @pytest.mark.parametrize("kind", KINDS)
    async def test_what_is_not_there_is_empty(self, harness: StoreHarness, kind: BranchKind) -> None:
        conversations = harness.store.conversations
        assert await conversations.branch("o", kind) == Branch("o", kind, "default")
        assert await conversations.branch("o", kind, "other") == Branch("o", kind, "other")
        assert not await conversations.branches("o", kind)
        assert not await conversations.owners(kind)

    async def test_nodes_come_back_in_order_as_plain_json(self, harness: StoreHarness) -> None:
        await written(harness.store, append(BODY, "two"), number=1)
        await written(harness.store, append(["three"], 4), append(None), number=2)
        async for store in runs(harness, "killed"):
            branch = await store.conversations.branch("o", "context")
            assert bodies(branch) == [BODY, "two", ["three"], 4, None]
            assert branch.updated_at >= branch.nodes[0].time > 1_700_000_000
        await written(harness.store, append(("a", "tuple")), number=3)
        assert (await of(harness.store.conversations))[-1] == ["a", "tuple"]

    async def test_what_the_writer_does_with_a_body_afterwards_changes_nothing(self, harness: StoreHarness) -> None:
        await written(harness.store, append("first"), number=1)
        await of(harness.store.conversations)
        body = {"words": ["one"]}
        await written(harness.store, append(body), number=2)
        body["words"].append("two")
        assert await of(harness.store.conversations) == ["first", {"words": ["one"]}]

    async def test_a_branch_can_start_from_any_node(self, harness: StoreHarness) -> None:
        store = harness.store
        await written(store, append("1", "2", "3"), number=1)
        nodes = (await store.conversations.branch("o", "context")).nodes
        await written(
            store, append("2b", "3b", onto=nodes[0].id), append("x", branch="other", onto=nodes[1].id), number=2
        )
        assert await of(store.conversations) == ["1", "2b", "3b"]
        assert await of(store.conversations, "other") == ["1", "2", "x"]
        await written(store, append("new", onto=0), number=3)
        assert await of(store.conversations) == ["new"]
        await written(store, append(onto=nodes[1].id), number=4)
        assert await of(store.conversations) == ["1", "2"]

    async def test_nobodys_branch_leads_into_anothers(self, harness: StoreHarness) -> None:
        store = harness.store
        await written(store, append("secret", owner="rich"), append("mine"), number=1)
        secret = (await store.conversations.branch("rich", "context")).head
        assert await of(store.conversations) == ["mine"]
        for number, node in enumerate((secret, 10**6, -1, 10**30), 10):
            await written(store, MoveHead("o", "context", "default", node, "theft"), number=number)
            assert await of(store.conversations) == ["mine"]
            await written(store, append("more", branch=f"b{number}", onto=node), number=number + 100)
            assert await of(store.conversations, f"b{number}") == ["more"]
        await harness.reopen()
        assert await of(harness.store.conversations) == ["mine"]

    async def test_a_head_moves_back_and_forth(self, harness: StoreHarness) -> None:
        store = harness.store
        await written(store, append("1", "2", "3"), number=1)
        nodes = (await store.conversations.branch("o", "context")).nodes
        for number, (head, left) in enumerate([(nodes[0].id, ["1"]), (nodes[2].id, ["1", "2", "3"]), (0, [])], 2):
            await written(store, MoveHead("o", "context", "default", head, "undo"), number=number)
            assert await of(store.conversations) == left
            assert await of(harness.afresh()) == left
        await written(store, append("4"), number=9)
        assert await of(store.conversations) == ["4"]

    async def test_the_current_branch_is_the_owners_choice(self, harness: StoreHarness) -> None:
        store = harness.store
        await written(store, append("d"), append("w", branch="work"), Switch("o", "context", "work"), number=1)
        for _ in range(2):
            current = await store.conversations.branch("o", "context")
            assert (current.name, bodies(current)) == ("work", ["w"])
            assert await of(store.conversations, "default") == ["d"]
            assert (await store.conversations.branch("o", "prompt")).name == "default"
            assert (await store.conversations.branch("p", "context")).name == "default"
            store = await harness.reopen()
        await written(store, Switch("o", "context", "new"), number=2)
        assert await store.conversations.branch("o", "context") == Branch("o", "context", "new")

    async def test_archiving_puts_the_content_aside(self, harness: StoreHarness) -> None:
        store = harness.store
        assert await of(store.conversations, "old") == []
        await written(store, append("1", "2"), number=1)
        await written(store, Archive("o", "context", "default", "old"), number=2)
        for _ in range(2):
            assert await of(store.conversations) == []
            assert await of(store.conversations, "old") == ["1", "2"]
            store = await harness.reopen()

    async def test_archives_of_one_name_are_numbered(self, harness: StoreHarness) -> None:
        conversations = harness.store.conversations
        for number in range(1, 4):
            assert await of(conversations, "old-3") == []
            await written(harness.store, append(str(number)), number=number)
            await written(harness.store, Archive("o", "context", "default", "old"), number=number + 10)
        assert [await of(conversations, name) for name in ("old", "old-2", "old-3")] == [["1"], ["2"], ["3"]]
        await written(harness.store, Archive("o", "context", "default", "old"), number=20)
        assert {branch.name for branch in await conversations.branches("o", "context")} == {"old", "old-2", "old-3"}

    async def test_limit_takes_the_last_nodes(self, harness: StoreHarness) -> None:
        await written(harness.store, append(*range(10)), number=1)
        async for store in runs(harness, "closed", "killed"):
            for limit, left in ((0, 10), (3, 3), (10, 10), (11, 10)):
                branch = await store.conversations.branch("o", "context", limit=limit)
                assert [node.body for node in branch.nodes] == list(range(10))[-left:]
                assert branch.head == branch.nodes[-1].id

    async def test_branches_with_content_are_listed_newest_first(self, harness: StoreHarness) -> None:
        store = harness.store
        for number, name in enumerate(("first", "second", "third", "emptied")):
            await written(store, append("x", branch=name), number=number)
            await asyncio.sleep(0.002)
        await written(store, append("y", branch="first"), number=10)
        await written(store, MoveHead("o", "context", "emptied", 0, "clear"), append("z", owner="p"), number=11)
        found = await store.conversations.branches("o", "context")
        assert [branch.name for branch in found] == ["first", "third", "second"]
        assert all(branch.head and not branch.nodes for branch in found)
        assert list(await store.conversations.owners("context")) == ["o", "p"]
        assert not await store.conversations.owners("config")

    async def test_owners_and_kinds_are_apart(self, harness: StoreHarness) -> None:
        writes = [Append(owner, kind, "default", (f"{owner} {kind}",)) for owner in ("o", "O", "o:") for kind in KINDS]
        await written(harness.store, *writes, number=1)
        async for store in runs(harness, "closed"):
            for write in writes:
                assert bodies(await store.conversations.branch(write.owner, write.kind)) == list(write.bodies)

    async def test_units_at_once_lose_nothing(self, harness: StoreHarness) -> None:
        await asyncio.gather(*(written(harness.store, append(number), number=number) for number in range(50)))
        assert await of(harness.store.conversations) == list(range(50))
        assert await of(harness.afresh()) == list(range(50))

    async def test_a_read_beside_a_write_is_not_remembered_over_it(self, harness: StoreHarness) -> None:
        conversations = harness.store.conversations
        for number in range(30):
            name = f"b{number}"
            writing = asyncio.ensure_future(written(harness.store, append("new", branch=name), number=number))
            reads = [asyncio.ensure_future(of(conversations, name)) for _ in range(3)]
            for _ in range(number % 5):
                await asyncio.sleep(0)
            reads.append(asyncio.ensure_future(of(conversations, name)))
            await writing
            assert await of(conversations, name) == ["new"]
            await asyncio.gather(*reads)
            assert await of(conversations, name) == ["new"]

    @pytest.mark.parametrize("seed", range(5))
    async def test_what_is_remembered_is_what_is_stored(self, harness: StoreHarness, seed: int) -> None:
        chance, store = random.Random(seed), harness.store
        names = ("default", "one", "two")
        for number in range(40):
            writes: list[Write] = []
            for _ in range(chance.randint(1, 3)):
                branch = await store.conversations.branch("o", "context", chance.choice(names))
                writes.append(_some_write(chance, branch, chance.choice(names)))
            await written(store, *writes, number=number)
            fresh = harness.afresh()
            for name in (*names, "one-2", ""):
                remembered = await store.conversations.branch("o", "context", name)
                assert remembered == await fresh.branch("o", "context", name)


def _some_write(chance: random.Random, branch: Branch, name: str) -> Write:
    ids = [0, *(node.id for node in branch.nodes)]
    some: list[Write] = [
        append(*range(chance.randint(0, 3)), branch=name),
        append("onto", branch=branch.name, onto=chance.choice(ids)),
        append(branch=branch.name, onto=chance.choice(ids)),
        MoveHead("o", "context", branch.name, chance.choice(ids), "moved"),
        Archive("o", "context", branch.name, name),
        Switch("o", "context", name),
    ]
    return chance.choice(some)
