"""Leases, timers, secrets, and the store as a whole."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from hubbub.core.capabilities import Delivery
from hubbub.core.errors import StoreError, Unstorable
from hubbub.core.events import Fired
from hubbub.core.identities import Author
from hubbub.core.store import Token
from hubbub.core.work import Lease, Receipt, State, TimerCancel, TimerSet, Unit
from tests.contract.store_harness import (
    ALL_STATES,
    LANE,
    Ending,
    StoreHarness,
    accepted,
    event,
    in_state,
    out,
    room,
    stored,
    under_way,
    words,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

LONG = 1000.0


class LeaseSuite:
    """Names that one node holds at a time. Inherit it, and give it a fixture ``harness``."""

    async def test_a_name_has_one_holder(self, harness: StoreHarness) -> None:
        leases, before = harness.store.leases, time.time()
        first = await leases.acquire("wire", "a", LONG, "10.0.0.1:80")
        assert first is not None
        assert (first.name, first.node, first.address) == ("wire", "a", "10.0.0.1:80")
        assert before + LONG <= first.until <= time.time() + LONG
        assert await leases.acquire("wire", "b", LONG) is None
        assert await leases.acquire("other", "b", LONG) is not None
        assert [lease.name for lease in await leases.held()] == ["other", "wire"]
        assert first in await leases.held()

    async def test_one_of_many_wins(self, harness: StoreHarness) -> None:
        names = [f"n{number}" for number in range(10)]
        won = await asyncio.gather(*(harness.store.leases.acquire("wire", name, LONG) for name in names))
        assert len([lease for lease in won if lease]) == 1

    async def test_the_holder_extends_its_own(self, harness: StoreHarness) -> None:
        leases = harness.store.leases
        first = await leases.acquire("wire", "a", 10)
        longer = await leases.acquire("wire", "a", LONG, "elsewhere")
        assert first is not None
        assert longer is not None
        assert (longer.fence, longer.address) == (first.fence, "elsewhere")
        assert longer.until > first.until + 900
        assert list(await leases.held()) == [longer]

    async def test_a_lapsed_name_is_anybodys_with_a_higher_fence(self, harness: StoreHarness) -> None:
        leases, fences = harness.store.leases, []
        for node in ("a", "b", "b", "a"):
            lease = await leases.acquire("wire", node, 0.01)
            assert lease is not None
            fences.append(lease.fence)
            await asyncio.sleep(0.015)
            assert not await leases.held()
        assert fences == sorted(set(fences))

    async def test_a_name_given_back_is_free_at_once(self, harness: StoreHarness) -> None:
        leases = harness.store.leases
        first = await leases.acquire("wire", "a", LONG)
        assert first is not None
        await leases.release(first)
        assert not await leases.held()
        second = await leases.acquire("wire", "b", LONG)
        assert second is not None
        assert second.fence > first.fence
        await leases.release(first)
        await leases.release(Lease("wire", "b", first.fence, 0))
        await leases.release(Lease("never", "b", 1, 0))
        assert list(await leases.held()) == [second]

    async def test_a_lease_outlives_the_store(self, harness: StoreHarness) -> None:
        first = await harness.store.leases.acquire("wire", "a", LONG)
        for ending in ("closed", "killed"):
            store = await harness.reopen(ending)
            assert list(await store.leases.held()) == [first]
            assert await store.leases.acquire("wire", "b", LONG) is None


def alarm(name: str, due: float, *, lane: str = LANE, number: int = 0) -> TimerSet:
    fired = Fired(f"{name}#{number}", room(), Author("hub"), due, "reminder", {"text": f"{name} {number}"})
    return TimerSet(name, due, fired, lane)


def rung(receipts: Sequence[Receipt]) -> list[str]:
    return [receipt.entry.event.id for receipt in receipts]


class TimerSuite:
    """Events of the future."""

    async def test_a_timer_fires_once_when_it_is_due(self, harness: StoreHarness) -> None:
        store = harness.store
        assert await store.timers.next_due() is None
        assert not await store.timers.fire(1e12)
        await written(store, alarm("tea", 100.0), alarm("egg", 50.0), number=1)
        assert await store.timers.next_due() == 50.0
        assert not await store.timers.fire(49.9, "a")
        assert rung(await store.timers.fire(50.0, "a")) == ["egg#0"]
        assert await store.timers.next_due() == 100.0
        store = await harness.reopen("killed")
        assert rung(await store.timers.fire(1e9, "a")) == ["tea#0"]
        assert await store.timers.next_due() is None
        assert not await store.timers.fire(1e9, "a")

    async def test_what_fires_is_an_entry_that_is_claimed(self, harness: StoreHarness) -> None:
        timers, inbox = harness.store.timers, harness.store.inbox
        await written(harness.store, alarm("one", 1.0), alarm("two", 2.0), alarm("far", 3.0, lane="far"), number=1)
        one, two, far = await timers.fire(5.0, "a")
        assert one.claim is not None
        assert two.claim is not None
        assert far.claim is not None
        assert (one.claim.fence, one.claim.entries) == (two.claim.fence, (one.entry,))
        assert (far.claim.lane, far.entry.lane, far.duplicate) == ("far", "far", False)
        assert one.entry.event == alarm("one", 1.0).event
        assert one.entry.id < two.entry.id
        await inbox.commit(LANE, one.claim.fence, Unit(done=(one.entry.id, two.entry.id)), release=True)
        store = await harness.reopen("killed")
        assert rung([Receipt(entry) for claim in await store.inbox.claim("a", 9) for entry in claim.entries]) == [
            "far#0"
        ]

    async def test_a_lane_of_another_is_not_claimed(self, harness: StoreHarness) -> None:
        held = await accepted(harness.store, 1, "a")
        await written(harness.store, alarm("tea", 1.0), alarm("egg", 1.0, lane="free"), number=2)
        by_lane = {receipt.entry.lane: receipt.claim for receipt in await harness.store.timers.fire(1.0, "b")}
        assert by_lane[LANE] is None
        assert by_lane["free"] is not None
        await harness.store.inbox.release(LANE, held.fence)
        (claim,) = await harness.store.inbox.claim("a", 9)
        assert [entry.event.id for entry in claim.entries] == ["event-1", "tea#0"]

    async def test_without_a_node_anybody_claims_it(self, harness: StoreHarness) -> None:
        await written(harness.store, alarm("tea", 1.0), number=1)
        (receipt,) = await harness.store.timers.fire(1.0)
        assert receipt.claim is None
        (claim,) = await harness.store.inbox.claim("b", 9)
        assert claim.entries[0].event == receipt.entry.event

    async def test_a_timer_of_the_same_name_is_replaced(self, harness: StoreHarness) -> None:
        store = harness.store
        await written(store, alarm("tea", 10.0), number=1)
        await written(store, alarm("tea", 20.0, lane="new", number=1), number=2)
        assert await store.timers.next_due() == 20.0
        (receipt,) = await store.timers.fire(30.0)
        assert (receipt.entry.event.id, receipt.entry.lane) == ("tea#1", "new")
        await written(store, alarm("tea", 10.0, number=2), alarm("tea", 5.0, number=3), number=3)
        assert rung(await store.timers.fire(30.0)) == ["tea#3"]

    async def test_a_cancelled_timer_does_not_fire(self, harness: StoreHarness) -> None:
        await written(harness.store, alarm("tea", 10.0), alarm("egg", 10.0), number=1)
        await written(harness.store, TimerCancel("tea"), TimerCancel("never set"), number=2)
        assert rung(await harness.store.timers.fire(30.0)) == ["egg#0"]
        await written(harness.store, alarm("x", 1.0), TimerCancel("x"), TimerCancel("y"), alarm("y", 1.0), number=3)
        assert rung(await harness.store.timers.fire(30.0)) == ["y#0"]

    async def test_many_who_fire_fire_each_once(self, harness: StoreHarness) -> None:
        names = [f"t{number:02}" for number in range(40)]
        await written(harness.store, *(alarm(name, 1.0, lane=name) for name in names), number=1)
        fired = await asyncio.gather(*(harness.store.timers.fire(2.0, node) for node in "abcde"))
        assert sorted(rung([receipt for some in fired for receipt in some])) == [f"{name}#0" for name in names]

    async def test_the_earliest_fire_first_and_no_more_than_asked(self, harness: StoreHarness) -> None:
        await written(harness.store, *(alarm(f"t{9 - n}", float(n), lane="one") for n in range(10)), number=1)
        first = await harness.store.timers.fire(100.0, "a", 3)
        rest = await harness.store.timers.fire(100.0, "a")
        assert rung([*first, *rest]) == [f"t{9 - n}#0" for n in range(10)]
        assert len(first) == 3

    async def test_an_event_that_is_known_does_not_fire_again(self, harness: StoreHarness) -> None:
        await written(harness.store, alarm("tea", 1.0), number=1)
        assert len(await harness.store.timers.fire(1.0)) == 1
        await written(harness.store, alarm("tea", 2.0), alarm("egg", 2.0), number=2)
        assert rung(await harness.store.timers.fire(2.0)) == ["egg#0"]
        assert await harness.store.timers.next_due() is None

    @pytest.mark.parametrize("ending", ["killed", "unheard"])
    async def test_firing_is_whole_or_not_at_all(self, harness: StoreHarness, ending: Ending) -> None:
        await written(harness.store, alarm("tea", 1.0), alarm("egg", 1.0), number=1)
        firing = asyncio.ensure_future(harness.store.timers.fire(1.0, "a"))
        harness.hold()
        await under_way(firing)
        store = await harness.reopen(ending)
        firing.cancel()
        waiting = [entry.event.id for claim in await store.inbox.claim("a", 9) for entry in claim.entries]
        again = rung(await store.timers.fire(1.0, "a"))
        assert (waiting, again) == (([], ["egg#0", "tea#0"]) if ending == "killed" else (["egg#0", "tea#0"], []))

    async def test_a_timer_set_anew_while_it_fires_is_not_lost(self, harness: StoreHarness) -> None:
        timers, fired = harness.store.timers, list[str]()
        for number in range(20):
            await written(harness.store, alarm("tea", 1.0, number=2 * number), number=2 * number)
            firing = asyncio.ensure_future(timers.fire(2.0))
            for _ in range(number % 4):
                await asyncio.sleep(0)
            await written(harness.store, alarm("tea", 1.0, number=2 * number + 1), number=2 * number + 1)
            fired = rung(await firing) + rung(await timers.fire(2.0))
            assert fired[-1] == f"tea#{2 * number + 1}"
            assert len(fired) == len(set(fired))

    async def test_whoever_stops_waiting_leaves_what_fired_to_others(self, harness: StoreHarness) -> None:
        await written(harness.store, alarm("tea", 1.0), number=1)
        harness.hold()
        firing = asyncio.ensure_future(harness.store.timers.fire(1.0, "a"))
        await asyncio.sleep(0.02)
        firing.cancel()
        harness.let_go()
        await asyncio.wait_for(harness.store.inbox.work(60), 30)
        (claim,) = await harness.store.inbox.claim("b", 9)
        assert claim.entries[0].event.id == "tea#0"

    @pytest.mark.parametrize("due", [float("nan"), float("inf")])
    async def test_a_timer_needs_a_time(self, harness: StoreHarness, due: float) -> None:
        with pytest.raises(StoreError):
            await written(harness.store, alarm("tea", due), number=1)
        assert await harness.store.timers.next_due() is None


class NoteSuite:
    """What is noted of owners. Inherit it, and give it a fixture ``harness``."""

    async def test_a_note_is_changed_only_as_it_was_seen(self, harness: StoreHarness) -> None:
        notes = harness.store.notes
        assert await notes.get("n") is None
        assert not await notes.change("n", "something", "never", "o")
        assert await notes.change("n", None, "one 📝", "o")
        assert not await notes.change("n", None, "never", "o")
        told = await asyncio.gather(*(notes.change("n", "one 📝", f"two {number}", "o") for number in range(8)))
        assert told.count(True) == 1
        for bad in (("\ud800", "", "o"), ("n", "\ud800", "o"), ("n", "", "\ud800")):
            with pytest.raises(Unstorable):
                await notes.change(bad[0], None, *bad[1:])
        notes = (await harness.reopen("killed")).notes
        assert await notes.get("n") == f"two {told.index(True)}"

    async def test_notes_go_with_their_owner(self, harness: StoreHarness) -> None:
        store = harness.store
        for owner in ("me", "you"):
            assert await store.notes.change(f"of {owner}", None, "x", owner)
        await store.forget("me")
        assert [await store.notes.get(f"of {owner}") for owner in ("me", "you")] == [None, "x"]

    async def test_notes_that_do_not_change_go(self, harness: StoreHarness) -> None:
        store = harness.store
        for number in range(5):
            assert await store.notes.change(f"n{number}", None, "x", "o")
        await asyncio.sleep(0.01)
        then = time.time()
        assert await store.notes.change("n2", "x", "y", "o")
        assert [await store.prune(then, 3), await store.prune(then, 3)] == [3, 1]
        assert [await store.notes.get(f"n{number}") for number in range(5)] == [None, None, "y", None, None]


class SecretSuite:
    """The hub's own facts and tokens."""

    async def test_a_value_is_kept_until_it_is_set_anew(self, harness: StoreHarness) -> None:
        secrets = harness.store.secrets
        assert await secrets.get("admin") is None
        await secrets.put("admin", "one")
        await secrets.put("admin", "two 🔑")
        await secrets.put("other", "")
        secrets = (await harness.reopen("killed")).secrets
        assert [await secrets.get(key) for key in ("admin", "other", "none")] == ["two 🔑", "", None]

    async def test_a_value_is_changed_only_as_it_was_seen(self, harness: StoreHarness) -> None:
        secrets = harness.store.secrets
        assert not await secrets.change("fact", "something", "never")
        assert await secrets.change("fact", None, "")
        assert not await secrets.change("fact", None, "never")
        assert await secrets.change("fact", "", "one 🔑")
        assert not await secrets.change("fact", "", "never")
        told = await asyncio.gather(*(secrets.change("fact", "one 🔑", f"two {number}") for number in range(8)))
        assert told.count(True) == 1
        secrets = (await harness.reopen("killed")).secrets
        assert await secrets.get("fact") == f"two {told.index(True)}"

    async def test_tokens_are_found_by_their_digest(self, harness: StoreHarness) -> None:
        secrets = harness.store.secrets
        young = Token("t2", "phone", ("chat", "admin"), "o", created_at=20.0, expires_at=21.0, per_minute=60)
        old = Token("t1", "script", (), created_at=10.0)
        await secrets.token_add(young, "digest-2")
        await secrets.token_add(old, "digest-1")
        secrets = (await harness.reopen("killed")).secrets
        assert await secrets.token_find("digest-1") == old
        assert await secrets.token_find("digest-2") == young
        assert await secrets.token_find("t1") is None
        assert list(await secrets.tokens()) == [old, young]

    async def test_a_dropped_token_is_gone(self, harness: StoreHarness) -> None:
        secrets = harness.store.secrets
        await secrets.token_add(Token("t1", "script", ("chat",)), "digest")
        assert await secrets.token_drop("t1") is True
        assert await secrets.token_drop("t1") is False
        assert await secrets.token_find("digest") is None
        assert not await secrets.tokens()

    async def test_a_token_is_never_two(self, harness: StoreHarness) -> None:
        secrets = harness.store.secrets
        await secrets.token_add(Token("t1", "first", ("chat",)), "digest")
        for token, digest in ((Token("t1", "again", ()), "another"), (Token("t2", "again", ()), "digest")):
            with pytest.raises(StoreError):
                await secrets.token_add(token, digest)
        assert [token.name for token in await secrets.tokens()] == ["first"]


class StoreWholeSuite:
    """Opening, closing, counting, forgetting."""

    async def test_closing_commits_what_waits(self, harness: StoreHarness) -> None:
        waiting = harness.store.inbox.accept(event(1), LANE)
        store = await harness.reopen("closed")
        assert (await waiting).entry.id
        assert len(await store.inbox.claim("a", 9)) == 1

    async def test_a_closed_store_refuses_at_once(self, harness: StoreHarness) -> None:
        held = await accepted(harness.store, 1)
        store = harness.store
        await harness.reopen("closed")
        calls = [
            store.inbox.accept(event(2), LANE),
            store.inbox.commit(LANE, held.fence, Unit(sends=(out("late"),))),
            store.outbox.deliveries(ALL_STATES),
            store.outbox.begin(1),
            store.secrets.put("k", "v"),
            store.secrets.get("k"),
        ]
        for call in calls:
            with pytest.raises(StoreError):
                await asyncio.wait_for(call, 20)
        assert not await harness.store.outbox.deliveries(ALL_STATES)

    async def test_stats_count_what_is_open(self, harness: StoreHarness) -> None:
        store = harness.store
        before = await store.stats()
        assert {name: before[name] for name in ("inbox_waiting", "outbox_queued", "outbox_unknown")} == {
            "inbox_waiting": 0.0,
            "outbox_queued": 0.0,
            "outbox_unknown": 0.0,
        }
        for number, state in enumerate(ALL_STATES):
            await in_state(store, state, Delivery.BLIND, number)
        await accepted(store, 100)
        after = await store.stats()
        open_rows = {name: after[f"outbox_{name}"] for name in ("queued", "sending", "unknown", "dead")}
        assert open_rows == dict.fromkeys(open_rows, 1.0)
        assert after["inbox_waiting"] == 1
        assert after["commits"] > before["commits"]

    async def test_only_what_is_over_and_old_is_forgotten(self, harness: StoreHarness) -> None:
        store = harness.store
        for number, state in enumerate(ALL_STATES):
            await in_state(store, state, Delivery.BLIND, number)
        kept = {State.QUEUED, State.SENDING, State.UNKNOWN, State.DEAD}
        waiting = await accepted(store, 100)
        assert await store.prune(time.time() - 60) == 0
        await asyncio.sleep(0.002)
        between = time.time()
        await asyncio.sleep(0.002)
        await stored(store, out("young", state=State.KEPT), number=200)
        over = len(ALL_STATES) + len(ALL_STATES) - len(kept)
        assert await store.prune(between) == over
        assert await store.prune(between) == 0
        rows = await store.outbox.deliveries(ALL_STATES)
        assert {row.state for row in rows[:-1]} == kept
        assert words(rows[-1:]) == ["young"]
        assert (await store.inbox.accept(event(200, "stored-200"), "x")).duplicate
        assert not (await store.inbox.accept(event(0, "stored-0"), "x")).duplicate
        store = await harness.reopen()
        lanes = {claim.lane: [entry.event.id for entry in claim.entries] for claim in await store.inbox.claim("a", 9)}
        assert lanes == {waiting.lane: ["event-100"], "x": ["event-0"]}

    async def test_forgetting_is_bounded_and_says_when_it_is_through(self, harness: StoreHarness) -> None:
        for number in range(10):
            await stored(harness.store, out("x", state=State.KEPT), number=number)
        await asyncio.sleep(0.002)
        now = time.time()
        await stored(harness.store, out("x", state=State.KEPT), number=10)
        assert [await harness.store.prune(now, 7) for _ in range(4)] == [7, 7, 6, 0]

    async def test_numbers_are_not_given_again_when_all_is_forgotten(self, harness: StoreHarness) -> None:
        (row,) = await stored(harness.store, out("x", state=State.KEPT))
        await harness.store.prune(time.time() + 60)
        store = await harness.reopen()
        (later,) = await stored(store, out("y"), number=2)
        assert later.id > row.id
        assert later.key != row.key
        assert later.out.entry > row.out.entry

    async def test_a_clock_that_is_set_back_misleads_nobody(
        self, harness: StoreHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        real = time.time
        store, rows = harness.store, []
        lease = await store.leases.acquire("wire", "a", 10)
        for number, offset in enumerate((0.0, -86_400.0 * 30, -86_400.0)):
            monkeypatch.setattr(time, "time", lambda offset=offset: real() + offset)
            rows += await stored(store, out(str(number), state=State.KEPT), number=number)
            await accepted(store, 100 + number)
            assert await store.leases.acquire("wire", "b", 10) is None
        assert [row.id for row in rows] == sorted({row.id for row in rows})
        store = await harness.reopen()
        assert words(await store.outbox.deliveries(ALL_STATES)) == ["0", "1", "2"]
        (claim,) = await store.inbox.claim("a", 9)
        assert [entry.event.id for entry in claim.entries] == ["event-100", "event-101", "event-102"]
        assert await store.prune(real() - 86_400.0 * 8) <= 2
        assert (await store.inbox.accept(event(0, "stored-0"), "x")).duplicate
        monkeypatch.setattr(time, "time", real)
        again = await store.leases.acquire("wire", "a", 10)
        assert lease is not None
        assert again is not None
        assert again.fence == lease.fence
