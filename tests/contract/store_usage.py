"""What owners used, and forgetting them: counted once, summed by day; gone for good, for them alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hubbub.core.capabilities import Delivery
from hubbub.core.errors import Unstorable
from hubbub.core.events import Received
from hubbub.core.messages import Text
from hubbub.core.work import Append, Archive, MoveHead, Outgoing, Spend, Spent, State, Switch, TimerSet, Unit
from tests.contract.store_harness import ALL_STATES, event, room, runs, written

if TYPE_CHECKING:
    from hubbub.core.store import Store
    from hubbub.core.work import Row
    from tests.contract.store_harness import StoreHarness

ME, YOU = "test:private:me", "test:private:you"


def counts(found: Spent) -> tuple[int, int, int]:
    return found.messages, found.prompt_tokens, found.completion_tokens


class UsageSuite:
    """Inherit it, and give it a fixture ``harness``."""

    async def test_nobody_used_anything(self, harness: StoreHarness) -> None:
        assert await harness.store.usage.spent(ME, "2026-01-01", "2026-12-31") == Spent(ME)
        assert not await harness.store.usage.spenders()

    async def test_what_is_spent_is_summed_by_day(self, harness: StoreHarness) -> None:
        await written(harness.store, Spend(ME, "2026-01-31", 1, 10, 3), Spend(ME, "2026-01-31", 2, 5), number=1)
        await written(harness.store, Spend(ME, "2026-02-01", 1, 1, 1), Spend(YOU, "2026-01-31", 7), number=2)
        await harness.store.usage.add(Spend(ME, "2026-02-02", 1, 2, 3))
        async for store in runs(harness, "killed"):
            assert counts(await store.usage.spent(ME, "2026-01-31", "2026-01-31")) == (3, 15, 3)
            assert counts(await store.usage.spent(ME, "2026-02-01", "2026-02-28")) == (2, 3, 4)
            whole = await store.usage.spent(ME, "2026-01-01", "2026-12-31")
            assert (counts(whole), whole.tokens) == ((5, 18, 7), 25)
            assert whole.last_at > 1_700_000_000
            assert counts(await store.usage.spent(ME, "2025-01-01", "2025-12-31")) == (0, 0, 0)

    async def test_who_spent_last_comes_first(self, harness: StoreHarness) -> None:
        store = harness.store
        for number, owner in enumerate(("a", "b", "c", "a")):
            await written(store, Spend(owner, f"2026-01-0{number + 1}", 1, number, 0, f"room-{owner}"), number=number)
        found = await store.usage.spenders()
        assert [(each.owner, each.messages, each.prompt_tokens, each.room) for each in found] == [
            ("a", 2, 3, "room-a"),
            ("c", 1, 2, "room-c"),
            ("b", 1, 1, "room-b"),
        ]
        assert [each.owner for each in await store.usage.spenders(1)] == ["a"]

    async def test_a_room_stays_known(self, harness: StoreHarness) -> None:
        for number, known in enumerate(("first", "", "second", "")):
            await written(harness.store, Spend(ME, "2026-01-01", 1, room=known), number=number)
        assert [each.room for each in await harness.store.usage.spenders()] == ["second"]

    async def test_what_cannot_be_counted_is_refused_alone(self, harness: StoreHarness) -> None:
        store = harness.store
        for bad in (Spend("\ud800", "2026-01-01"), Spend(ME, "2026-01-01", -1), Spend(ME, "2026-01-01", 1, 1 << 60)):
            with pytest.raises(Unstorable):
                await store.usage.add(bad)
        with pytest.raises(Unstorable):
            await written(store, Spend(ME, "2026-01-01", -1), number=1)
        assert await store.usage.spent(ME, "2026-01-01", "2026-01-01") == Spent(ME)


async def said(store: Store, owner: str, number: int, *sends: Outgoing) -> tuple[int, list[Row]]:
    """Handle a message of an owner that is answered so; the entry and its rows."""
    claim = (await store.inbox.accept(event(number, owner, text=f"secret of {owner}"), owner, "a")).claim
    assert claim is not None
    entry = claim.entries[0].id
    unit = Unit(done=(entry,), sends=tuple(replace(each, entry=entry) for each in sends))
    committed = await store.inbox.commit(owner, claim.fence, unit, release=True)
    return entry, list(committed.rows)


def reply(owner: str, state: State = State.QUEUED, text: str = "") -> Outgoing:
    words = (Text(text or f"answer to {owner}"),)
    return Outgoing(room(owner), words, "quoted", Delivery.BLIND, state)


class ForgetSuite:
    """Inherit it, and give it a fixture ``harness``."""

    async def test_all_that_an_owner_keeps_is_gone(self, harness: StoreHarness) -> None:
        store = harness.store
        for number, owner in enumerate((ME, YOU)):
            nodes = (Append(owner, "context", "default", ("a", "b")), Append(owner, "context", "default", ("c",), 0))
            more = (Append(owner, "prompt", "default", ("be kind",)), Append(owner, "config", "default", ({"k": 1},)))
            moved = (MoveHead(owner, "context", "x", 0, "why"), Archive(owner, "context", "default", "old"))
            again = (Append(owner, "context", "work", ("w",)), Switch(owner, "context", "work"))
            await written(store, *nodes, *more, *moved, *again, number=number)
        await store.forget(ME)
        async for each in runs(harness, "killed"):
            for kind in ("context", "prompt", "config"):
                assert not await each.conversations.branches(ME, kind)
                assert (await each.conversations.branch(ME, kind)).nodes == ()
                assert (await each.conversations.branch(ME, kind)).name == "default"
                assert await each.conversations.owners(kind) == [YOU]
            assert [node.body for node in (await each.conversations.branch(YOU, "context", "old")).nodes] == ["c"]
            assert (await each.conversations.branch(YOU, "context")).name == "work"

    async def test_what_was_said_is_blanked_and_what_is_open_given_up(self, harness: StoreHarness) -> None:
        store = harness.store
        rows: dict[str, list[Row]] = {}
        for number, owner in enumerate((ME, YOU)):
            sends = [reply(owner), reply(owner, State.SENDING), reply(owner, State.KEPT), *[reply(owner)] * 3]
            _, rows[owner] = await said(store, owner, number, *sends)
            _, sent, _, unknown, dead, _ = rows[owner]
            await store.outbox.settle(sent.id, f"id-{owner}")
            for row, state in ((unknown, State.UNKNOWN), (dead, State.DEAD)):
                assert await store.outbox.begin(row.id)
                await store.outbox.fail(row.id, state, "why not")
        await store.forget(ME)
        async for each in runs(harness, "killed"):
            found = {row.id: row for row in await each.outbox.deliveries(ALL_STATES)}
            mine, yours = ([found[row.id] for row in rows[owner]] for owner in (ME, YOU))
            queued, *blank, also = mine
            assert [row.state for row in (queued, also)] == [State.QUEUED] * 2
            assert all(row.out.message for row in (queued, also))
            assert [row.state for row in blank] == [State.SENT, State.KEPT, State.DROPPED, State.DROPPED]
            assert all((row.out.message, row.error, row.out.reply_to) == ((), "", "") for row in blank)
            assert all(row.out.message == (Text(f"answer to {YOU}"),) for row in yours)
        left = await harness.store.outbox.deliveries([State.UNKNOWN, State.DEAD])
        assert {row.out.room for row in left} == {room(YOU)}

    async def test_a_repeated_message_is_still_known(self, harness: StoreHarness) -> None:
        entry, _ = await said(harness.store, ME, 1, reply(ME, State.KEPT))
        await harness.store.forget(ME)
        async for store in runs(harness, "closed"):
            again = await store.inbox.accept(event(1, ME), ME, "a")
            assert again.duplicate
            assert again.entry.id == entry
            assert [row.out.message for row in await store.inbox.replies(entry) or ()] == [()]

    async def test_what_waits_and_what_comes_afterwards_stays(self, harness: StoreHarness) -> None:
        store = harness.store
        for number, lane in ((1, ME), (2, f"{ME}\n!")):
            await store.inbox.accept(event(number, ME, text="still to be answered"), lane)
        await store.forget(ME)
        await written(store, Append(ME, "context", "default", ("new",)), number=3)
        await store.forget(YOU)
        async for each in runs(harness, "killed"):
            assert [node.body for node in (await each.conversations.branch(ME, "context")).nodes] == ["new"]
        claims = await harness.store.inbox.claim("b", 10)
        waiting = [entry.event for claim in claims for entry in claim.entries]
        assert [each.message for each in waiting if isinstance(each, Received)] == [(Text("still to be answered"),)] * 2

    async def test_an_urgent_lane_belongs_to_its_owner(self, harness: StoreHarness) -> None:
        store = harness.store
        claim = (await store.inbox.accept(event(1, ME), f"{ME}\n!", "a")).claim
        assert claim is not None
        unit = Unit(done=(claim.entries[0].id,), sends=(replace(reply(ME, State.KEPT), entry=claim.entries[0].id),))
        (row,) = (await store.inbox.commit(claim.lane, claim.fence, unit)).rows
        await store.forget(ME)
        (found,) = await store.outbox.deliveries([State.KEPT], 1, row.id - 1)
        assert found.out.message == ()

    async def test_timers_of_an_owner_do_not_fire(self, harness: StoreHarness) -> None:
        store = harness.store
        due = (TimerSet(f"of {owner}", 5.0, event(number, owner), owner) for number, owner in enumerate((ME, YOU), 10))
        await written(store, *due, number=1)
        await store.forget(ME)
        assert [receipt.entry.lane for receipt in await store.timers.fire(10.0)] == [YOU]

    async def test_only_the_counts_of_the_newest_day_stay(self, harness: StoreHarness) -> None:
        store = harness.store
        spends = [Spend(owner, day, 1, room="r") for owner in (ME, YOU) for day in ("2026-01-01", "2026-01-02")]
        await written(store, *spends, number=1)
        await store.forget(ME)
        found = {each.owner: (each.messages, each.room) for each in await store.usage.spenders()}
        assert found == {ME: (1, ""), YOU: (2, "r")}

    async def test_nobody_is_forgotten_twice_or_in_vain(self, harness: StoreHarness) -> None:
        store = harness.store
        await store.forget("nobody")
        await store.forget("")
        await said(store, ME, 1, reply(ME))
        await store.forget(ME)
        await store.forget(ME)
        with pytest.raises(Unstorable):
            await store.forget("\ud800")
        assert await store.prune(0.0) == 0
