"""Changes beside units, the trail of branches, and calls of models: the same on every engine."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hubbub.core.calls import CallQuery, ModelCall
from hubbub.core.errors import Unstorable
from hubbub.core.work import Append, Archive, LogCall, MoveHead, Switch
from tests.contract.store_harness import runs, written

if TYPE_CHECKING:
    from hubbub.core.store import Conversations
    from tests.contract.store_harness import StoreHarness


def append(*bodies: object, branch: str = "default", owner: str = "o") -> Append:
    return Append(owner, "context", branch, bodies)


async def bodies(conversations: Conversations, name: str = "", owner: str = "o") -> list[object]:
    return [node.body for node in (await conversations.branch(owner, "context", name)).nodes]


class ChangeSuite:
    """Inherit it, and give it a fixture ``harness``."""

    async def test_a_change_is_seen_at_once_and_stays(self, harness: StoreHarness) -> None:
        conversations = harness.store.conversations
        assert await bodies(conversations) == []
        assert await conversations.change(
            [append("a", "b"), append("x", branch="other"), Switch("o", "context", "other")]
        )
        assert await bodies(conversations) == ["x"]
        assert await bodies(conversations, "default") == ["a", "b"]
        async for store in runs(harness, "killed"):
            assert await bodies(store.conversations) == ["x"]
            assert await bodies(store.conversations, "default") == ["a", "b"]

    async def test_what_changed_meanwhile_is_not_overwritten(self, harness: StoreHarness) -> None:
        conversations = harness.store.conversations
        empty = await conversations.branch("o", "context", "default")
        assert await conversations.change([append("a")], [empty])
        assert not await conversations.change([append("b"), append("c", branch="other")], [empty])
        assert await bodies(conversations, "default") == ["a"]
        assert await bodies(conversations, "other") == []
        now = await conversations.branch("o", "context", "default")
        await written(harness.store, append("by a unit"), number=1)
        assert not await conversations.change([append("b")], [now])
        assert await conversations.change([append("b")], [await conversations.branch("o", "context")])
        assert await bodies(conversations) == ["a", "by a unit", "b"]

    async def test_of_many_at_once_none_is_lost(self, harness: StoreHarness) -> None:
        conversations = harness.store.conversations

        async def add(number: int) -> None:
            while True:
                seen = await conversations.branch("o", "context")
                if await conversations.change([append(number)], [seen]):
                    return

        await asyncio.gather(*(add(number) for number in range(12)))
        assert sorted(map(str, await bodies(conversations))) == sorted(map(str, range(12)))

    async def test_a_refused_change_harms_nobody(self, harness: StoreHarness) -> None:
        conversations = harness.store.conversations
        with pytest.raises(Unstorable):
            await conversations.change([append("\ud800")])
        assert await conversations.change([append("good")])
        assert await bodies(conversations) == ["good"]

    async def test_branches_that_do_not_count_make_nobody_an_owner(self, harness: StoreHarness) -> None:
        conversations = harness.store.conversations
        await conversations.change([append("a"), append("b", branch=".b", owner="p"), append("c", branch=".c")])
        assert list(await conversations.owners("context")) == ["o", "p"]
        assert list(await conversations.owners("context", ".")) == ["o"]
        assert list(await conversations.owners("context", ".c")) == ["o", "p"]

    async def test_the_trail_leads_back(self, harness: StoreHarness) -> None:
        conversations = harness.store.conversations
        await conversations.change([append("a", "b", "c")])
        old = await conversations.branch("o", "context")
        first = old.nodes[0].id
        await conversations.change([MoveHead("o", "context", "default", first, "withdraw")])
        await conversations.change([Archive("o", "context", "default", "aside")])
        async for store in runs(harness, "killed"):
            steps = await store.conversations.trail("o", "context")
            assert [(step.name, step.head, step.reason) for step in steps] == [
                ("default", first, "archived as aside"),
                ("default", old.head, "withdraw"),
            ]
            assert steps[0].time >= steps[1].time >= old.updated_at > 1_700_000_000
            assert not await store.conversations.trail("o", "context", steps[0].time + 60)
            assert not await store.conversations.trail("o", "prompt")
            assert not await store.conversations.trail("somebody", "context")
            found = await store.conversations.chain("o", old.head)
            assert [node.body for node in found] == ["a", "b", "c"]
            assert tuple(found) == old.nodes
            for head in (0, -1, 10**30, old.head + 1000):
                assert not await store.conversations.chain("o", head)
            assert not await store.conversations.chain("somebody", old.head)


CALL = ModelCall("o", "m-1", 1000.5, {"id": "c", "chunk_times": [3, 1, 2], "user_name": "你好", "z": None, "a": 1})


class CallSuite:
    """Inherit it, and give it a fixture ``harness``."""

    async def test_calls_come_back_in_the_order_of_their_times(self, harness: StoreHarness) -> None:
        late, early = replace(CALL, at=2000.0), replace(CALL, at=1.0, owner="p", model="m-2")
        await written(harness.store, LogCall(late), LogCall(CALL), number=1)
        assert await harness.store.calls.add([early]) == 1
        async for store in runs(harness, "killed"):
            found = await store.calls.find(CallQuery())
            assert [each.call for each in found] == [early, CALL, late]
            assert list(found[1].call.record) == list(CALL.record)

    async def test_calls_are_found_by_who_what_and_when(self, harness: StoreHarness) -> None:
        calls = harness.store.calls
        await calls.add(
            [
                replace(CALL, at=float(at), owner=owner, model=model)
                for at in range(5)
                for owner in "ab"
                for model in "xy"
            ]
        )

        async def found(**query: object) -> list[str]:
            rows = await calls.find(CallQuery(**query))  # type: ignore[arg-type]
            return [f"{each.call.owner}{each.call.model}{each.call.at:g}" for each in rows]

        assert len(await found()) == 20
        assert await found(owner="a", model="y", since=1.0, until=3.0) == ["ay1", "ay2"]
        assert await found(owner="nobody") == []
        assert await found(limit=0) == []
        first = await calls.find(CallQuery(owner="b", limit=3))
        rest = await calls.find(CallQuery(owner="b", after=first[-1].place))
        assert len(rest) == 7
        assert not {each.id for each in first} & {each.id for each in rest}

    async def test_the_same_call_is_added_once(self, harness: StoreHarness) -> None:
        calls = harness.store.calls
        assert await calls.add([CALL, CALL, replace(CALL, owner="p")]) == 2
        assert await calls.add([CALL, replace(CALL, record={})]) == 1
        assert await calls.add([]) == 0
        assert len(await calls.find(CallQuery())) == 3
        with pytest.raises(Unstorable):
            await calls.add([replace(CALL, at=float("nan"))])

    async def test_old_calls_and_too_many_are_forgotten(self, harness: StoreHarness) -> None:
        calls = harness.store.calls
        await calls.add([replace(CALL, at=float(at)) for at in range(10)])
        assert await calls.prune(3.0, 100) == 3
        assert await calls.prune(3.0, 100) == 0
        assert await calls.prune(0.0, 2) == 5
        assert [each.call.at for each in await calls.find(CallQuery())] == [8.0, 9.0]

    async def test_a_forgotten_owners_calls_are_gone(self, harness: StoreHarness) -> None:
        await harness.store.calls.add([CALL, replace(CALL, owner="p")])
        await harness.store.forget("o")
        assert [each.call.owner for each in await harness.store.calls.find(CallQuery())] == ["p"]
