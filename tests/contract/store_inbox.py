"""The inbox: each event is handled once, in order within its lane, by one node at a time."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from hubbub.core.addresses import Room
from hubbub.core.errors import Fenced, Overloaded, StoreError, Unstorable
from hubbub.core.identities import owner_of
from hubbub.core.messages import Forward, Node, Text
from hubbub.core.work import Append, Claim, Receipt, State, Unit
from tests.contract.store_harness import (
    ALL_STATES,
    LANE,
    Ending,
    StoreHarness,
    accepted,
    event,
    out,
    room,
    runs,
    under_way,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from hubbub.core.messages import Message
    from hubbub.core.store import Store

ENDINGS: tuple[Ending, ...] = ("closed", "killed")


def ids(claims: Sequence[Claim]) -> dict[str, list[str]]:
    """What each claim holds, by lane."""
    return {claim.lane: [entry.event.id for entry in claim.entries] for claim in claims}


async def untouched(store: Store) -> None:
    """Nothing of a refused unit was stored."""
    assert not await store.outbox.deliveries(ALL_STATES)
    assert not await store.conversations.owners("context")


LONELY = Room(
    "test", "bot", "private", '"room":{"platform":"test","account":"bot","kind":"group","id":"g","thread":""}'
)
WORK = {"sends": (out("refused"),), "writes": (Append("o", "context", "default", ("refused",)),)}


class AcceptanceSuite:
    """What comes in. Inherit it, and give it a fixture ``harness``."""

    async def test_what_was_said_in_a_group_can_be_looked_up(self, harness: StoreHarness) -> None:
        inbox = harness.store.inbox
        for number, name in enumerate(("g", "other", "g", "g:x")):
            where = Room("test", "bot", "group", name)
            said = replace(event(number), room=where)
            await inbox.accept(said, owner_of(where, "u"))
        group = Room("test", "bot", "group", "g")
        for number in range(4, 8):  # one of them is said in the group, by somebody whose lane is another
            await inbox.accept(replace(event(number), room=group if number == 5 else LONELY), "somebody's own")
        last = await inbox.accept(event(9), LANE)
        more = await inbox.said(group, last.entry.id, 2, ["nobody's", "somebody's own"])
        assert [each.id for each in more] == ["event-5", "event-2"]
        found = await inbox.said(group, last.entry.id, 10)
        assert [each.id for each in found] == ["event-2", "event-0"]
        assert [each.id for each in await inbox.said(group, last.entry.id, 1)] == ["event-2"]
        assert not await inbox.said(group, 0, 10)
        assert not await inbox.said(replace(group, account="another"), last.entry.id, 10)

    async def test_what_was_accepted_is_there_whatever_happens(self, harness: StoreHarness) -> None:
        for number, ending in enumerate(ENDINGS):
            receipt = await harness.store.inbox.accept(event(number), LANE)
            assert (receipt.entry.event, receipt.entry.lane, receipt.entry.attempts) == (event(number), LANE, 0)
            assert not receipt.duplicate
            await harness.reopen(ending)
        (claim,) = await harness.store.inbox.claim("a", 10)
        assert [entry.event for entry in claim.entries] == [event(0), event(1)]

    async def test_nothing_is_told_before_it_is_stored(self, harness: StoreHarness) -> None:
        held = await accepted(harness.store, 1)
        harness.hold()
        receipt = asyncio.ensure_future(harness.store.inbox.accept(event(2, "other"), room("other").key, "a"))
        unit = Unit(done=(held.entries[0].id,), sends=(out("answer"),))
        committed = asyncio.ensure_future(harness.store.inbox.commit(held.lane, held.fence, unit))
        await under_way(receipt)
        await under_way(committed)
        harness.let_go()
        assert (await receipt).entry.id
        assert words((await committed).rows) == ["answer"]

    async def test_what_was_not_told_may_be_lost(self, harness: StoreHarness) -> None:
        harness.hold()
        await under_way(harness.store.inbox.accept(event(1), LANE, "a"))
        store = await harness.reopen("killed")
        assert not await store.inbox.claim("a", 10)
        assert not (await store.inbox.accept(event(1), LANE)).duplicate

    async def test_what_was_stored_and_not_told_is_known_when_it_comes_again(self, harness: StoreHarness) -> None:
        harness.hold()
        await under_way(harness.store.inbox.accept(event(1), LANE, "a"))
        store = await harness.reopen("unheard")
        assert (await store.inbox.accept(event(1), LANE, "a")).duplicate
        assert ids(await store.inbox.claim("a", 10)) == {LANE: ["event-1"]}

    async def test_numbers_rise_in_the_order_of_the_calls(self, harness: StoreHarness) -> None:
        calls = [harness.store.inbox.accept(event(number), LANE) for number in range(50)]
        receipts = [await call for call in calls]
        numbers = [receipt.entry.id for receipt in receipts]
        assert numbers == sorted(set(numbers))
        store = await harness.reopen("killed")
        assert (await store.inbox.accept(event(50), LANE)).entry.id > numbers[-1]
        (claim,) = await store.inbox.claim("a", 10)
        assert [entry.event.id for entry in claim.entries] == [f"event-{number}" for number in range(51)]

    async def test_a_repeated_event_has_one_entry(self, harness: StoreHarness) -> None:
        inbox = harness.store.inbox
        receipts: list[Receipt] = await asyncio.gather(*(inbox.accept(event(1), LANE, "a") for _ in range(20)))
        assert [receipt.duplicate for receipt in receipts] == [False] + [True] * 19
        assert len({receipt.entry.id for receipt in receipts}) == 1
        assert [receipt.claim is None for receipt in receipts] == [False] + [True] * 19
        assert (await inbox.accept(event(1), LANE, "a")).duplicate

    async def test_a_repeated_event_is_known_while_done_and_in_another_run(self, harness: StoreHarness) -> None:
        claim = await accepted(harness.store, 1)
        first = claim.entries[0].id
        await harness.store.inbox.commit(claim.lane, claim.fence, Unit(done=(first,)), release=True)
        async for store in runs(harness, "closed", "killed"):
            again = await store.inbox.accept(event(1), LANE, "a")
            assert (again.duplicate, again.claim, again.entry.id) == (True, None, first)
            assert (again.entry.lane, again.entry.event) == (LANE, event(1))
            assert not await store.inbox.claim("a", 10)

    async def test_what_comes_again_under_a_known_id_is_told_what_came_first(self, harness: StoreHarness) -> None:
        await accepted(harness.store, 1)
        other = event(1, text="something else")
        async for store in runs(harness, "closed"):
            again = await store.inbox.accept(other, LANE, "a")
            assert (again.duplicate, again.entry.event) == (True, event(1))

    async def test_events_of_two_accounts_are_two(self, harness: StoreHarness) -> None:
        first = await harness.store.inbox.accept(event(1, account="one"), LANE)
        second = await harness.store.inbox.accept(event(1, account="two"), LANE)
        assert not second.duplicate
        assert first.entry.id != second.entry.id

    async def test_without_a_node_nothing_is_claimed(self, harness: StoreHarness) -> None:
        assert (await harness.store.inbox.accept(event(1), LANE)).claim is None
        assert ids(await harness.store.inbox.claim("a", 10)) == {LANE: ["event-1"]}

    async def test_a_node_claims_a_free_lane_and_goes_on_in_its_own(self, harness: StoreHarness) -> None:
        first, second = await accepted(harness.store, 1), await accepted(harness.store, 2)
        assert ids([first]) == {LANE: ["event-1"]}
        assert ids([second]) == {LANE: ["event-2"]}
        assert first.fence == second.fence > 0
        assert not await harness.store.inbox.claim("b", 10)

    async def test_nobody_gets_into_a_lane_of_another(self, harness: StoreHarness) -> None:
        await accepted(harness.store, 1, "a")
        assert (await harness.store.inbox.accept(event(2), LANE, "b")).claim is None
        assert (await accepted(harness.store, 3, "b", "elsewhere")).lane != LANE

    async def test_a_free_lane_with_older_work_is_not_claimed_by_a_newer_event(self, harness: StoreHarness) -> None:
        await harness.store.inbox.accept(event(1), LANE)
        assert (await harness.store.inbox.accept(event(2), LANE, "a")).claim is None
        assert ids(await harness.store.inbox.claim("a", 10)) == {LANE: ["event-1", "event-2"]}

    async def test_a_holder_is_not_handed_an_event_before_one_it_was_not_handed(self, harness: StoreHarness) -> None:
        inbox = harness.store.inbox
        held = await accepted(harness.store, 1)
        assert (await inbox.accept(event(2), LANE)).claim is None
        assert (await inbox.accept(event(3), LANE, "a")).claim is None
        done = Unit(done=(held.entries[0].id,))
        assert not (await inbox.commit(LANE, held.fence, done, release=True)).released
        await inbox.release(LANE, held.fence)
        assert ids(await inbox.claim("a", 10)) == {LANE: ["event-2", "event-3"]}

    async def test_whoever_stops_waiting_leaves_the_event_to_others(self, harness: StoreHarness) -> None:
        harness.hold()
        waiting = asyncio.ensure_future(harness.store.inbox.accept(event(1), LANE, "a"))
        await asyncio.sleep(0)
        waiting.cancel()
        harness.let_go()
        await asyncio.wait_for(harness.store.inbox.work(60), 30)
        assert ids(await harness.store.inbox.claim("a", 10)) == {LANE: ["event-1"]}

    async def test_too_much_at_once_is_refused_at_the_call(self, harness: StoreHarness) -> None:
        harness.hold()
        calls: list[Awaitable[Receipt]] = []

        def flood() -> None:
            for number in range(100_000):
                calls.append(harness.store.inbox.accept(event(number), f"lane-{number}"))  # noqa: PERF401 - how far

        with pytest.raises(Overloaded) as refused:
            flood()
        assert refused.value.retry_after > 0
        harness.let_go()
        assert len([await call for call in calls]) == len(calls) > 100
        assert not (await harness.store.inbox.accept(event(-1), LANE)).duplicate

    @pytest.mark.parametrize(
        "message",
        [(Text("half \ud83d a character"),), (Forward(),)],
        ids=["half a character", "bundles without end"],
    )
    async def test_what_no_store_can_keep_harms_nobody_else(self, harness: StoreHarness, message: Message) -> None:
        if isinstance(message[0], Forward):
            for _ in range(200):
                message = (Forward((Node("a", "b", message),)),)
        inbox = harness.store.inbox
        bad: Any = event(1)
        bad = type(bad)(bad.id, bad.room, bad.author, message, bad.time, bad.message_id)
        good, refused, better = inbox.accept(event(0), LANE), inbox.accept(bad, LANE), inbox.accept(event(2), LANE)
        with pytest.raises(Unstorable):
            await refused
        assert [(await good).entry.id > 0, (await better).entry.id > 0] == [True, True]
        store = await harness.reopen("killed")
        assert ids(await store.inbox.claim("a", 10)) == {LANE: ["event-0", "event-2"]}


class ClaimSuite:
    """Who works on what."""

    async def test_claims_are_bounded_and_take_each_lane_once(self, harness: StoreHarness) -> None:
        for number in range(10):
            await harness.store.inbox.accept(event(number, f"r{number % 5}"), room(f"r{number % 5}").key)
        inbox = harness.store.inbox
        assert not await inbox.claim("a", 0)
        first, second, third = await asyncio.gather(inbox.claim("a", 2), inbox.claim("b", 2), inbox.claim("a", 9))
        assert [len(first), len(second), len(third)] == [2, 2, 1]
        held = ids([*first, *second, *third])
        assert held == {room(f"r{n}").key: [f"event-{n}", f"event-{n + 5}"] for n in range(5)}
        assert not await inbox.claim("b", 10)

    async def test_lanes_that_waited_longest_come_first(self, harness: StoreHarness) -> None:
        for number, name in enumerate(("z", "m", "a")):
            await harness.store.inbox.accept(event(number, name), name)
        store = await harness.reopen()
        assert list(ids(await store.inbox.claim("a", 2))) == ["z", "m"]

    @pytest.mark.parametrize("ending", ENDINGS)
    async def test_what_a_dead_process_left_is_claimed_once(self, harness: StoreHarness, ending: Ending) -> None:
        first, second = await accepted(harness.store, 1), await accepted(harness.store, 2)
        done = Unit(done=(first.entries[0].id,))
        await harness.store.inbox.commit(first.lane, first.fence, done)
        store = await harness.reopen(ending)
        (claim,) = await store.inbox.claim("b", 10)
        assert claim.entries[0].id == second.entries[0].id
        assert ids([claim]) == {LANE: ["event-2"]}
        assert not await store.inbox.claim("a", 10)

    async def test_fences_rise_with_every_claim_and_run(self, harness: StoreHarness) -> None:
        store, fences = harness.store, [(await accepted(harness.store, 1)).fence]
        for ending in ("closed", "killed", None):
            if ending:
                store = await harness.reopen(ending)
            else:
                await store.inbox.release(LANE, fences[-1])
            fences.append((await store.inbox.claim("a", 1))[0].fence)
        assert fences == sorted(set(fences))

    async def test_attempts_rise_with_every_claim(self, harness: StoreHarness) -> None:
        claim = await accepted(harness.store, 1)
        assert claim.entries[0].attempts == 0
        for attempts in (1, 2, 3):
            await harness.store.inbox.release(claim.lane, claim.fence)
            if attempts == 2:
                await harness.reopen("killed")
            (claim,) = await harness.store.inbox.claim("a", 1)
            assert claim.entries[0].attempts == attempts

    async def test_how_often_handling_was_begun_is_known_after_a_crash(self, harness: StoreHarness) -> None:
        claim = await accepted(harness.store, 1)
        other = await accepted(harness.store, 2, name="other")
        for before in (0, 1, 2):
            assert await harness.store.inbox.begin(claim.entries[0].id) == before
            await harness.reopen("killed")
        assert await harness.store.inbox.begin(other.entries[0].id) == 0
        assert await harness.store.inbox.begin(2**62) == 0, "there is no such entry"

    async def test_what_was_given_up_is_listed(self, harness: StoreHarness) -> None:
        began = time.time()
        claims = [await accepted(harness.store, number, name=f"lane-{number}") for number in range(4)]
        for claim, dead in zip(claims[:3], (True, False, True), strict=True):
            entry = claim.entries[0].id
            unit = Unit(dead=((entry, f"it broke: {claim.lane}"),)) if dead else Unit(done=(entry,))
            await harness.store.inbox.commit(claim.lane, claim.fence, unit, release=True)
        store = await harness.reopen("killed")
        first, second = await store.inbox.given_up()
        assert [first.event, second.event] == [claims[0].entries[0].event, claims[2].entries[0].event]
        assert (first.id, first.lane, first.error) == (
            claims[0].entries[0].id,
            claims[0].lane,
            f"it broke: {claims[0].lane}",
        )
        assert began - 1 <= first.time <= time.time() + 1
        assert await store.inbox.given_up(1) == [first]
        assert await store.inbox.given_up(10, first.id) == [second]
        assert not await store.inbox.given_up(10, second.id)

    @pytest.mark.parametrize("accept_first", [True, False])
    async def test_events_that_come_during_a_claim_come_behind_it(
        self, harness: StoreHarness, accept_first: bool
    ) -> None:
        """Whatever reaches the claimer first is the older."""
        inbox, reached = harness.store.inbox, list[str]()

        def note(claim: Claim | None) -> None:
            reached.extend(entry.event.id for entry in claim.entries if claim) if claim else None

        async def claim() -> None:
            for each in await inbox.claim("a", 10):
                note(each)

        async def accept(number: int) -> None:
            note((await inbox.accept(event(number), LANE, "a")).claim)

        await inbox.accept(event(1), LANE)
        await inbox.accept(event(2), LANE)
        harness.hold()
        calls = [accept(3), claim(), accept(4)] if accept_first else [claim(), accept(3), accept(4)]
        tasks = [asyncio.ensure_future(call) for call in calls]
        await asyncio.sleep(0.01)
        tasks.append(asyncio.ensure_future(accept(5)))
        await asyncio.sleep(0)
        harness.let_go()
        await asyncio.gather(*tasks)
        assert reached == [f"event-{number}" for number in range(1, 6)]

    async def test_a_claim_that_nobody_waits_for_is_given_back(self, harness: StoreHarness) -> None:
        await harness.store.inbox.accept(event(1), LANE)
        harness.hold()
        claiming = asyncio.ensure_future(harness.store.inbox.claim("a", 10))
        await asyncio.sleep(0)
        claiming.cancel()
        harness.let_go()
        await asyncio.wait_for(harness.store.inbox.work(60), 30)
        assert ids(await harness.store.inbox.claim("b", 10)) == {LANE: ["event-1"]}

    async def test_a_claim_of_what_is_being_finished_is_none(self, harness: StoreHarness) -> None:
        inbox = harness.store.inbox
        claim = await accepted(harness.store, 1)
        harness.hold()
        committing = inbox.commit(claim.lane, claim.fence, Unit(done=(claim.entries[0].id,)))
        abandoning = asyncio.ensure_future(inbox.abandon("a"))
        claiming = asyncio.ensure_future(inbox.claim("b", 10))
        await asyncio.sleep(0)
        harness.let_go()
        assert (await committing).rows == ()
        await abandoning
        assert not await claiming
        assert (await inbox.accept(event(2), LANE, "b")).claim is not None

    async def test_work_returns_when_there_may_be_some(self, harness: StoreHarness) -> None:
        inbox = harness.store.inbox
        await accepted(harness.store, 1)
        started = time.monotonic()
        await inbox.work(0.05)
        assert time.monotonic() - started >= 0.04
        waiting = asyncio.ensure_future(inbox.work(30))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        await inbox.accept(event(2, "free"), "free")
        await asyncio.wait_for(waiting, 20)
        await asyncio.wait_for(inbox.work(30), 20)
        await inbox.claim("a", 10)
        waiting = asyncio.ensure_future(inbox.work(30))
        await inbox.abandon("a")
        await asyncio.wait_for(waiting, 20)

    async def test_an_abandoned_node_leaves_its_lanes_and_no_others(self, harness: StoreHarness) -> None:
        inbox = harness.store.inbox
        lost, kept = await accepted(harness.store, 1, "a", "one"), await accepted(harness.store, 2, "b", "two")
        await inbox.abandon("a")
        assert ids(await inbox.claim("c", 10)) == {lost.lane: ["event-1"]}
        assert (await inbox.commit(kept.lane, kept.fence, Unit(done=(kept.entries[0].id,)), release=True)).released
        await inbox.abandon("nobody")

    async def test_released_work_is_somebody_elses(self, harness: StoreHarness) -> None:
        inbox = harness.store.inbox
        claim = await accepted(harness.store, 1, "a")
        await inbox.release(claim.lane, claim.fence)
        (taken,) = await inbox.claim("b", 10)
        await inbox.release(claim.lane, claim.fence)
        await inbox.release("no such lane", 1)
        assert not await inbox.claim("a", 10), "a stale release took the lane from its holder"
        assert (await inbox.commit(taken.lane, taken.fence, Unit(done=(taken.entries[0].id,)), release=True)).released
        assert not await inbox.claim("a", 10)

    async def test_a_lane_is_claimed_anew_after_an_idle_release(self, harness: StoreHarness) -> None:
        claim = await accepted(harness.store, 1, "a")
        done = Unit(done=(claim.entries[0].id,))
        assert not (await harness.store.inbox.commit(claim.lane, claim.fence, done)).released
        await harness.store.inbox.release(claim.lane, claim.fence)
        assert (await accepted(harness.store, 2, "b")).fence > claim.fence


class UnitSuite:
    """What handling changes: all of it, once, by the newest claim."""

    async def test_what_is_done_is_not_handed_out_again(self, harness: StoreHarness) -> None:
        claims = [await accepted(harness.store, number) for number in (1, 2, 3)]
        first, second, third = (claim.entries[0].id for claim in claims)
        unit = Unit(done=(first,), dead=((third, "it broke"),))
        await harness.store.inbox.commit(LANE, claims[0].fence, unit)
        await harness.store.inbox.release(LANE, claims[0].fence)
        (claim,) = await harness.store.inbox.claim("b", 10)
        assert [entry.id for entry in claim.entries] == [second]
        store = await harness.reopen("killed")
        (claim,) = await store.inbox.claim("b", 10)
        assert [entry.id for entry in claim.entries] == [second]

    async def test_the_lane_is_given_back_when_nothing_waits(self, harness: StoreHarness) -> None:
        inbox = harness.store.inbox
        first, second = await accepted(harness.store, 1), await accepted(harness.store, 2)
        unit = Unit(done=(first.entries[0].id,))
        assert not (await inbox.commit(LANE, first.fence, unit, release=True)).released
        unit = Unit(done=(second.entries[0].id,))
        assert (await inbox.commit(LANE, first.fence, unit, release=True)).released
        with pytest.raises(Fenced):
            await inbox.commit(LANE, first.fence, Unit())
        assert (await accepted(harness.store, 3, "b")).fence > first.fence

    async def test_an_event_on_its_way_keeps_the_lane(self, harness: StoreHarness) -> None:
        """Tail check: what was accepted before the unit is handed to the holder, not forgotten with the claim."""
        inbox = harness.store.inbox
        claim = await accepted(harness.store, 1)
        arriving = inbox.accept(event(2), LANE, "a")
        unit = Unit(done=(claim.entries[0].id,))
        committed = await inbox.commit(LANE, claim.fence, unit, release=True)
        second = (await arriving).claim
        assert not committed.released
        assert second is not None
        unit = Unit(done=(second.entries[0].id,))
        assert (await inbox.commit(LANE, second.fence, unit, release=True)).released

    async def test_an_event_behind_the_release_starts_a_new_claim(self, harness: StoreHarness) -> None:
        inbox = harness.store.inbox
        claim = await accepted(harness.store, 1)
        committing = inbox.commit(LANE, claim.fence, Unit(done=(claim.entries[0].id,)), release=True)
        arriving = inbox.accept(event(2), LANE, "b")
        assert (await committing).released
        second = (await arriving).claim
        assert second is not None
        assert second.fence > claim.fence

    @pytest.mark.parametrize("taken", [True, False])
    @pytest.mark.parametrize("how", ["abandoned", "released"])
    async def test_a_stale_claim_changes_nothing(self, harness: StoreHarness, how: str, taken: bool) -> None:
        inbox = harness.store.inbox
        claim = await accepted(harness.store, 1, "a")
        if how == "abandoned":
            await inbox.abandon("a")
        else:
            await inbox.release(claim.lane, claim.fence)
        newer = (await inbox.claim("b", 10))[0] if taken else None
        unit = Unit(done=(claim.entries[0].id,), **WORK)  # type: ignore[arg-type]  # a unit's own fields
        with pytest.raises(Fenced):
            await inbox.commit(claim.lane, claim.fence, unit, release=True)
        await untouched(harness.store)
        if newer is None:
            (newer,) = await inbox.claim("b", 10)
        assert newer.entries[0].id == claim.entries[0].id
        assert (await inbox.commit(newer.lane, newer.fence, unit, release=True)).released

    @pytest.mark.parametrize(("lane", "fence"), [(LANE, 10**15), (LANE, 0), ("no such lane", 1)])
    async def test_a_claim_that_never_was_changes_nothing(self, harness: StoreHarness, lane: str, fence: int) -> None:
        await accepted(harness.store, 1)
        with pytest.raises(Fenced):
            await harness.store.inbox.commit(lane, fence, Unit(**WORK))  # type: ignore[arg-type]
        await untouched(harness.store)

    async def test_what_was_committed_before_the_node_was_given_up_counts(self, harness: StoreHarness) -> None:
        claim = await accepted(harness.store, 1)
        unit = Unit(done=(claim.entries[0].id,), sends=(out("in time"),))
        committing = harness.store.inbox.commit(claim.lane, claim.fence, unit, release=True)
        await harness.store.inbox.abandon("a")
        assert words((await committing).rows) == ["in time"]
        assert not await harness.store.inbox.claim("b", 10)

    @pytest.mark.parametrize("ending", ["killed", "unheard"])
    async def test_a_unit_is_stored_whole_or_not_at_all(self, harness: StoreHarness, ending: Ending) -> None:
        claim = await accepted(harness.store, 1)
        harness.hold()
        writes = (Append("o", "context", "default", ("one", "two")),)
        unit = Unit(done=(claim.entries[0].id,), sends=(out("one"), out("two")), writes=writes)
        await under_way(harness.store.inbox.commit(claim.lane, claim.fence, unit))
        store = await harness.reopen(ending)
        whole = ending == "unheard"
        assert words(await store.outbox.deliveries(ALL_STATES)) == (["one", "two"] if whole else [])
        branch = await store.conversations.branch("o", "context")
        assert [node.body for node in branch.nodes] == (["one", "two"] if whole else [])
        assert len(await store.inbox.claim("a", 10)) == (0 if whole else 1)

    @pytest.mark.parametrize(
        "unit",
        [
            Unit(sends=(out("whole"), out("half \ud83d"))),
            Unit(sends=(out("whole"),), writes=(Append("o", "context", "default", ({1, 2},)),)),
            Unit(sends=(out("whole"),), writes=(Append("\ud83d", "context", "default", ("x",)),)),
        ],
        ids=["message", "body", "owner"],
    )
    async def test_a_unit_that_cannot_be_stored_harms_nobody_else(self, harness: StoreHarness, unit: Unit) -> None:
        inbox = harness.store.inbox
        claim, other = await accepted(harness.store, 1), await accepted(harness.store, 2, name="other")
        unit = Unit((claim.entries[0].id,), unit.sends, unit.writes)
        refused = inbox.commit(claim.lane, claim.fence, unit)
        good = inbox.commit(other.lane, other.fence, Unit(done=(other.entries[0].id,), sends=(out("good"),)))
        with pytest.raises(Unstorable):
            await refused
        assert words((await good).rows) == ["good"]
        assert words(await harness.store.outbox.deliveries(ALL_STATES)) == ["good"]
        gave_up = Unit(dead=((claim.entries[0].id, "half \ud83d a reason"),))
        assert (await inbox.commit(claim.lane, claim.fence, gave_up, release=True)).released

    async def test_replies_are_what_was_kept_once_the_entry_is_done(self, harness: StoreHarness) -> None:
        inbox = harness.store.inbox
        claim = await accepted(harness.store, 1)
        entry = claim.entries[0].id
        assert await inbox.replies(entry) is None
        kept = Unit(sends=(out("one", state=State.KEPT, entry=entry), out("sent", entry=entry)))
        await inbox.commit(claim.lane, claim.fence, kept)
        assert await inbox.replies(entry) is None
        last = Unit(done=(entry,), sends=(out("two", state=State.KEPT, entry=entry), out("else", state=State.KEPT)))
        await inbox.commit(claim.lane, claim.fence, last, release=True)
        async for store in runs(harness, "killed"):
            rows = await store.inbox.replies(entry)
            assert rows is not None
            assert words(rows) == ["one", "two"]
            assert {row.state for row in rows} == {State.KEPT}

    async def test_no_reply_is_not_no_answer_yet(self, harness: StoreHarness) -> None:
        for number, unit in enumerate((Unit(done=(0,)), Unit(dead=((0, "why"),)))):
            claim = await accepted(harness.store, number)
            entry = claim.entries[0].id
            unit = Unit((entry,)) if unit.done else Unit(dead=((entry, "why"),))
            await harness.store.inbox.commit(claim.lane, claim.fence, unit, release=True)
            replies = await harness.store.inbox.replies(entry)
            assert replies is not None
            assert not replies
        with pytest.raises(StoreError):
            await harness.store.inbox.replies(987)
