"""Several processes on one PostgreSQL database: one effect of everything, and nobody in another's way."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from typing import TYPE_CHECKING, Any

import pytest

from hubbub.core.addresses import Account
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import Fenced, StoreError
from hubbub.core.store import SharedLeases, SharedOutbox
from hubbub.core.work import Append, Claim, Committed, Entry, Lease, Outgoing, State, TimerSet, Unit
from hubbub.dispatch.dispatcher import Bounds, Dispatcher
from hubbub.storage.postgres import inbox
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from tests.contract.store_harness import ALL_STATES, LANE, accepted, event, out, room, stored, the_row, words, written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from hubbub.chat.stop import StopSignal
    from hubbub.core.events import Event

TTL = 0.6
LOADED = 3.0
"""Seconds that a busy machine may be late."""
BOT = Account("test", "bot")


@contextlib.asynccontextmanager
async def opened(dsn: str, *names: str, ttl: float = 10.0) -> AsyncIterator[list[PostgresStore]]:
    """A store for each node."""
    stores = [PostgresStore(dsn, Member(name, f"{name}.example:1", ttl)) for name in names]
    for store in stores:
        await store.open()
        await hearing(store)
    try:
        yield stores
    finally:
        await asyncio.gather(*(store.close() for store in stores))


async def hearing(store: PostgresStore) -> None:
    """Until the store hears the others; what was said before it did is forgotten."""
    async with asyncio.timeout(30):
        await store._signals.rows.wait()
    store._signals.rows.clear()


def fall_silent(store: PostgresStore) -> None:
    """The process hangs, or is cut off: it says nothing more, but does not know that."""
    presence: Any = store._presence
    presence._stay = presence._look_around = _nothing


async def _nothing(**_: object) -> None:
    return


async def claimed(store: PostgresStore, node: str, *, within: float = 20.0) -> Claim:
    """What a dispatcher does: wait for work, and claim it."""
    async with asyncio.timeout(within):
        while True:
            await store.inbox.work(within)
            for claim in await store.inbox.claim(node, 10):
                return claim


class TestClaims:
    async def test_an_event_that_one_accepts_another_handles(self, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(inbox, "POLL", 60.0)  # it has to be heard of, not found by looking
        async with opened(dsn, "gateway", "worker") as (gateway, worker):
            waiting = asyncio.ensure_future(worker.inbox.work(30))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            receipt = await gateway.inbox.accept(event(1), LANE)
            await asyncio.wait_for(waiting, 20)
            (claim,) = await worker.inbox.claim("worker", 10)
            assert claim.entries[0].id == receipt.entry.id
            unit = Unit(done=(receipt.entry.id,), sends=(out("hello", state=State.KEPT, entry=receipt.entry.id),))
            assert (await worker.inbox.commit(claim.lane, claim.fence, unit, release=True)).released
            replies = await gateway.inbox.replies(receipt.entry.id)
            assert replies is not None
            assert words(replies) == ["hello"]

    async def test_work_that_nobody_told_of_is_found(self, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            monkeypatch.setattr(a._signals, "_say", lambda word: None)
            waiting = asyncio.ensure_future(b.inbox.work(30))
            await asyncio.sleep(0)
            await a.inbox.accept(event(1), LANE)
            await asyncio.wait_for(waiting, 20)

    async def test_nobody_is_told_who_is_not_there(self, dsn: str) -> None:
        async with opened(dsn, "a", ttl=0.2) as (a,):
            await asyncio.sleep(0.2)
            assert not a._presence.others
            async with opened(dsn, "b", ttl=0.2):
                await asyncio.sleep(0.2)
                assert a._presence.others

    async def test_many_claim_each_lane_once(self, dsn: str) -> None:
        async with opened(dsn, "a", "b", "c") as stores:
            names = [f"lane-{number}" for number in range(60)]
            for number, name in enumerate(names):
                await stores[0].inbox.accept(event(number, name), name)
            found: list[str] = []

            async def take(store: PostgresStore, node: str) -> None:
                while len(found) < len(names):
                    found.extend(claim.lane for claim in await store.inbox.claim(node, 7))

            async with asyncio.timeout(40):
                await asyncio.gather(*(take(store, node) for store, node in zip(stores, "abc", strict=True)))
            assert sorted(found) == sorted(names)

    async def test_a_lane_that_another_process_holds_is_not_claimed(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            held = await accepted(a, 1, "a")
            assert (await b.inbox.accept(event(2), LANE, "b")).claim is None
            assert not await b.inbox.claim("b", 10)
            # The holder was not handed the second event, so it must not be handed a third one before it.
            assert (await a.inbox.accept(event(3), LANE, "a")).claim is None
            done = Unit(done=(held.entries[0].id,))
            assert not (await a.inbox.commit(LANE, held.fence, done, release=True)).released
            await a.inbox.release(LANE, held.fence)
            claim = await claimed(b, "b")
            assert [entry.event.id for entry in claim.entries] == ["event-2", "event-3"]

    async def test_redeliveries_to_two_gateways_at_once_have_one_effect(self, dsn: str) -> None:
        chance = random.Random(1)
        async with opened(dsn, "a", "b") as stores:
            calls = [(number, store) for number in range(100) for store in stores for _ in range(3)]
            chance.shuffle(calls)
            names = dict(zip(stores, "ab", strict=True))
            receipts = await asyncio.gather(
                *(s.inbox.accept(event(n, f"r{n % 7}"), f"r{n % 7}", names[s]) for n, s in calls)
            )
            fresh = [receipt for receipt in receipts if not receipt.duplicate]
            assert len(fresh) == 100
            assert {receipt.entry.event.id for receipt in fresh} == {f"event-{number}" for number in range(100)}
            ids: dict[str, set[int]] = {}
            for receipt in receipts:
                ids.setdefault(receipt.entry.event.id, set()).add(receipt.entry.id)
            assert {len(some) for some in ids.values()} == {1}

    @pytest.mark.parametrize("accepting", [("a", "b"), ("", "")], ids=["as workers", "as gateways"])
    async def test_what_several_do_at_once_keeps_order_and_is_done_once(
        self, dsn: str, accepting: tuple[str, str]
    ) -> None:
        """Each event causes one row; rows of a lane come in the order in which its events were accepted."""
        lanes, each = [f"lane-{number}" for number in range(5)], 60
        record = Record(len(lanes) * each)
        async with opened(dsn, "a", "b", "c") as stores:
            async with asyncio.timeout(40), asyncio.TaskGroup() as tasks:
                dispatchers = [
                    Dispatcher(store.inbox, record, tasks, node, Bounds(conversations=4))
                    for store, node in zip(stores, "abc", strict=True)
                ]
                workers = [tasks.create_task(dispatcher.claims()) for dispatcher in dispatchers]
                entrances = [
                    dispatcher.accept if node else store.inbox.accept
                    for dispatcher, store, node in zip(dispatchers, stores, accepting, strict=False)
                ]
                await asyncio.gather(
                    *(offer(entrance, lanes, range(n, each, 2)) for n, entrance in enumerate(entrances))
                )
                await record.complete.wait()
                for task in workers:
                    task.cancel()
                for dispatcher in dispatchers:
                    await dispatcher.drain(5)
                    dispatcher._crew.end()
            rows = await stores[0].outbox.deliveries(ALL_STATES, 10_000)
        assert len(rows) == len(lanes) * each
        for lane in lanes:
            causes = [row.out.entry for row in rows if row.out.room == room(lane)]
            assert causes == sorted(set(causes)) == record.handled[lane]


async def offer(entrance: Any, lanes: Sequence[str], numbers: Iterable[int]) -> None:
    """Events of all lanes, each lane's one after the other."""
    dispatched = isinstance(getattr(entrance, "__self__", None), Dispatcher)
    for number in numbers:
        events = [(event(number * len(lanes) + place, lane), lane) for place, lane in enumerate(lanes)]
        await asyncio.gather(*(entrance(each) if dispatched else entrance(each, lane) for each, lane in events))


class Record:
    """Handles entries with one row each, and remembers what was stored."""

    def __init__(self, expected: int) -> None:
        self.handled: dict[str, list[int]] = {}
        self.complete = asyncio.Event()
        self._left = expected

    def lane_of(self, given: Event) -> str:
        return given.room.id

    async def handle(self, entry: Entry, stop: StopSignal) -> Unit:
        await asyncio.sleep(0)
        return Unit(done=(entry.id,), sends=(Outgoing(room(entry.lane), (), entry=entry.id),))

    async def resumed(self, entry: Entry) -> None:
        pass

    def recalled(self, entry: Entry) -> Unit:
        return Unit(done=(entry.id,))

    def stored(self, entry: Entry, committed: Committed | None) -> None:
        if committed is not None:
            self.handled.setdefault(entry.lane, []).append(entry.id)
            self._left -= 1
            if not self._left:
                self.complete.set()

    def refused(self, entry: Entry, error: Exception) -> Unit:
        raise AssertionError(error)


class TestDeath:
    async def test_the_lanes_of_a_dead_process_are_taken_over_and_it_is_fenced_out(self, dsn: str) -> None:
        async with opened(dsn, "a", "b", ttl=TTL) as (a, b):
            held, idle = await accepted(a, 1, "a"), await accepted(a, 2, "a", "idle")
            done = Unit(done=(idle.entries[0].id,))
            await a.inbox.commit(idle.lane, idle.fence, done)
            fall_silent(a)
            started = time.monotonic()
            claim = await claimed(b, "b")
            assert TTL / 2 < time.monotonic() - started < TTL + 1 + LOADED
            assert (claim.lane, claim.entries[0].event.id, claim.entries[0].attempts) == (LANE, "event-1", 1)
            assert claim.fence > held.fence
            for stale in (held, idle):
                with pytest.raises(Fenced):
                    await a.inbox.commit(stale.lane, stale.fence, Unit(sends=(out("stale"),)))
            assert not await b.outbox.deliveries(ALL_STATES)
            unit = Unit(done=(claim.entries[0].id,))
            assert (await b.inbox.commit(claim.lane, claim.fence, unit, release=True)).released

    async def test_who_was_late_but_not_replaced_goes_on(self, dsn: str) -> None:
        async with opened(dsn, "a", ttl=TTL) as (a,):
            fall_silent(a)
            held = await accepted(a, 1, "a")
            await asyncio.sleep(TTL * 1.2)
            assert (await a.inbox.commit(LANE, held.fence, Unit(done=(held.entries[0].id,)), release=True)).released

    async def test_who_was_taken_for_dead_lives_on_under_another_number(self, dsn: str) -> None:
        async with opened(dsn, "a", "b", ttl=TTL) as (a, b):
            before = a._presence.identity
            held = await accepted(a, 1, "a")
            alive: Any = a._presence
            stay, look = alive._stay, alive._look_around
            fall_silent(a)
            await claimed(b, "b")
            # Not knowing that it is dead, it still accepts; nobody is kept from the work for long.
            assert (await a.inbox.accept(event(2, "other"), room("other").key, "a")).claim is not None
            alive._stay, alive._look_around = stay, look
            async with asyncio.timeout(30):
                while a._presence.identity in (before, ""):
                    await asyncio.sleep(0.02)
            claim = await claimed(b, "b")
            assert claim.lane == room("other").key
            with pytest.raises(Fenced):
                await a.inbox.commit(LANE, held.fence, Unit())
            assert (await accepted(a, 3, "a", "new")).fence > held.fence

    async def test_a_process_that_ends_in_good_order_leaves_its_lanes_at_once(self, dsn: str) -> None:
        async with opened(dsn, "b", ttl=30) as (b,):
            async with opened(dsn, "a", ttl=30) as (a,):
                await accepted(a, 1, "a")
            started = time.monotonic()
            assert (await claimed(b, "b")).lane == LANE
            assert time.monotonic() - started < 15, "nobody waited for its lease"
            assert isinstance(b.leases, SharedLeases)
            assert [lease.node for lease in await b.leases.nodes()] == ["b"]

    async def test_a_new_process_of_the_same_name_takes_its_place(self, dsn: str) -> None:
        async with opened(dsn, "a", ttl=30) as (old,):
            held = await accepted(old, 1, "a")
            async with opened(dsn, "a", ttl=30) as (new,):
                assert (await new.inbox.claim("a", 10))[0].lane == LANE
                with pytest.raises(Fenced):
                    await old.inbox.commit(LANE, held.fence, Unit())
                with contextlib.suppress(StoreError):
                    await old._presence._stay()
                assert old._presence.identity == ""
                assert (await old.inbox.accept(event(2, "x"), "x", "a")).claim is None
                assert not await old.inbox.claim("a", 10)
                assert [claim.lane for claim in await new.inbox.claim("a", 10)] == ["x"]

    async def test_a_tool_holds_nothing_and_is_no_node(self, dsn: str) -> None:
        async with opened(dsn, "a", "") as (a, tool):
            assert (await tool.inbox.accept(event(1), LANE)).claim is None
            assert not await tool.inbox.claim("", 10)
            found = await a.leases.nodes()
            assert [(lease.name, lease.node, lease.address) for lease in found] == [("node:a", "a", "a.example:1")]
            assert isinstance(found[0], Lease)
            assert not await a.leases.held()


class TestOutbox:
    async def _sending(self, store: PostgresStore, node: str, delivery: Delivery, number: int) -> int:
        claim = await accepted(store, number, node, f"{node}-{number}")
        sends = (out(f"{node} {delivery}", delivery=delivery, state=State.SENDING),)
        unit = Unit(done=(claim.entries[0].id,), sends=sends)
        committed = await store.inbox.commit(claim.lane, claim.fence, unit, release=True)
        return committed.rows[0].id

    async def test_recovery_leaves_the_rows_of_the_living_alone(self, dsn: str) -> None:
        async with opened(dsn, "a", "b", "c", ttl=TTL) as (a, b, c):
            number, rows = 0, dict[tuple[str, Delivery], int]()
            for store, node in ((a, "a"), (b, "b")):
                for delivery in (Delivery.BLIND, Delivery.IDEMPOTENT):
                    number += 1
                    rows[node, delivery] = await self._sending(store, node, delivery, number)
            (queued,) = await stored(b, out("b's own"), number=99)
            assert not await c.outbox.recover("c")
            fall_silent(a)
            await asyncio.sleep(TTL * 1.1)
            recovered = await c.outbox.recover("c")
            assert [row.id for row in recovered] == [rows["a", Delivery.IDEMPOTENT]]
            states = {row.id: row.state for row in await c.outbox.deliveries(ALL_STATES)}
            assert states == {
                rows["a", Delivery.BLIND]: State.UNKNOWN,
                rows["a", Delivery.IDEMPOTENT]: State.QUEUED,
                rows["b", Delivery.BLIND]: State.SENDING,
                rows["b", Delivery.IDEMPOTENT]: State.SENDING,
                queued.id: State.QUEUED,
            }
            # The dead one comes back and reports: what was sent was sent, what failed is not its business any more.
            await a.outbox.fail(rows["a", Delivery.IDEMPOTENT], State.DEAD, "late")
            await a.outbox.settle(rows["a", Delivery.BLIND], "7")
            assert (await the_row(c, rows["a", Delivery.IDEMPOTENT])).state is State.QUEUED
            assert (await the_row(c, rows["a", Delivery.BLIND])).state is State.SENT

    async def test_rows_go_to_who_holds_their_account(self, dsn: str) -> None:
        async with opened(dsn, "worker", "gateway") as (worker, gateway):
            assert isinstance(gateway.outbox, SharedOutbox)
            assert not await gateway.outbox.take("gateway", [BOT])
            waiting = asyncio.ensure_future(gateway.outbox.waiting(30))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            others = [Outgoing(room("r", account), (), delivery=Delivery.BLIND) for account in ("bot2", "bo", "bot/")]
            rows = await stored(worker, out("one"), *others, out("two"), number=1)
            await asyncio.wait_for(waiting, 20)
            found = await gateway.outbox.take("gateway", [BOT])
            assert words(found) == ["one", "two"]
            assert not await gateway.outbox.take("gateway", [BOT]), "they are its own already"
            assert not await worker.outbox.begin(found[0].id), "another process was handed the row"
            assert await gateway.outbox.begin(found[0].id)
            await gateway.outbox.settle(found[0].id, "1")
            (left,) = await gateway.outbox.take("gateway", [Account("test", "bot/")])
            assert left.id == rows[3].id
            # The connection moves: what is left goes along.
            (moved,) = await worker.outbox.take("worker", [BOT, Account("test", "none")])
            assert moved.id == rows[4].id
            assert not await gateway.outbox.begin(moved.id)
            assert await worker.outbox.begin(moved.id)

    async def test_no_more_rows_are_taken_than_asked(self, dsn: str) -> None:
        async with opened(dsn, "worker", "gateway") as (worker, gateway):
            await stored(worker, *(out(str(number)) for number in range(5)), number=1)
            assert words(await gateway.outbox.take("gateway", [BOT], 3)) == ["0", "1", "2"]
            await asyncio.wait_for(gateway.outbox.waiting(30), 20)
            assert words(await gateway.outbox.take("gateway", [BOT], 3)) == ["3", "4"]

    async def test_a_retry_tells_who_sends(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            (row,) = await stored(a, out("one"), number=1)
            assert await a.outbox.begin(row.id)
            await a.outbox.fail(row.id, State.UNKNOWN, "cut off")
            await b.outbox.take("b", [BOT])
            waiting = asyncio.ensure_future(b.outbox.waiting(30))
            await asyncio.sleep(0.05)
            assert await a.outbox.retry(row.id)
            await asyncio.wait_for(waiting, 20)
            assert words(await b.outbox.take("b", [BOT])) == ["one"]


class TestTheRest:
    async def test_timers_fire_once_wherever(self, dsn: str) -> None:
        names = [f"t{number:03}" for number in range(200)]
        async with opened(dsn, "a", "b", "c", "d") as stores:
            timers = [TimerSet(name, 1.0, event(number, name), name) for number, name in enumerate(names)]
            await written(stores[0], *timers, number=10_000)
            fired: list[str] = []

            async def fire(store: PostgresStore, node: str) -> None:
                while receipts := await store.timers.fire(5.0, node, 7):
                    fired.extend(receipt.entry.event.id for receipt in receipts)

            async with asyncio.timeout(40):
                await asyncio.gather(*(fire(store, node) for store, node in zip(stores, "abcd", strict=True)))
            assert sorted(fired) == sorted(f"event-{number}" for number in range(len(names)))
            assert await stores[1].timers.next_due() is None

    async def test_what_one_writes_the_others_read_at_once(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            for number in range(6):
                store, other = (a, b) if number % 2 else (b, a)
                await written(store, Append("o", "context", "default", (number, "more")), number=number)
                branch = await other.conversations.branch("o", "context")
                assert [node.body for node in branch.nodes][::2] == list(range(number + 1))
                assert branch == await store.conversations.branch("o", "context")

    async def test_appends_of_two_lanes_to_one_branch_lose_nothing(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):

            async def write(store: PostgresStore, node: str, first: int) -> None:
                for number in range(first, first + 20):
                    claim = await accepted(store, number, node, f"{node}{number}")
                    unit = Unit((claim.entries[0].id,), writes=(Append("o", "context", "default", (number,)),))
                    await store.inbox.commit(claim.lane, claim.fence, unit, release=True)

            await asyncio.gather(write(a, "a", 0), write(b, "b", 100))
            branch = await a.conversations.branch("o", "context")
        assert sorted(node.body for node in branch.nodes) == [*range(20), *range(100, 120)]  # type: ignore[type-var]
        assert [node.parent for node in branch.nodes] == [0, *(node.id for node in branch.nodes[:-1])]

    async def test_one_of_many_holds_a_lease(self, dsn: str) -> None:
        async with opened(dsn, "a", "b", "c") as stores:
            won = await asyncio.gather(
                *(store.leases.acquire("wire", node, 30) for store, node in zip(stores, "abc", strict=True))
            )
            assert len([lease for lease in won if lease]) == 1

    async def test_a_clock_that_runs_wrong_here_takes_no_lease(self, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
        real = time.time
        async with opened(dsn, "a", "b", ttl=TTL) as (a, b):
            first = await a.leases.acquire("wire", "a", 30)
            monkeypatch.setattr(time, "time", lambda: real() + 86_400)
            assert await b.leases.acquire("wire", "b", 30) is None
            held = await accepted(a, 1, "a")
            await asyncio.sleep(TTL * 1.5)
            assert not await b.inbox.claim("b", 10)
            assert list(await b.leases.held()) == [first]
            assert (await a.inbox.commit(LANE, held.fence, Unit(done=(held.entries[0].id,)), release=True)).released

    async def test_many_open_a_new_database_at_once(self, new: str) -> None:
        async with contextlib.AsyncExitStack() as stack:
            stores = [PostgresStore(new, Member(name)) for name in "abcd"]
            await asyncio.gather(*(store.open() for store in stores))
            for store in stores:
                stack.push_async_callback(store.close)
            assert len({store._writer.hub for store in stores}) == 1
            await accepted(stores[0], 1, "a")
            assert (await stores[3].inbox.accept(event(1), LANE, "d")).duplicate

    async def test_stats_tell_of_all(self, dsn: str) -> None:
        async with opened(dsn, "a", "b") as (a, b):
            held = await accepted(a, 1, "a")
            await a.inbox.accept(event(2, "free"), "free")
            with pytest.raises(Fenced):
                await b.inbox.commit(LANE, held.fence + 1, Unit())
            found = await b.stats()
            names = ("inbox_waiting", "lanes_held", "lanes_free", "nodes", "fenced")
            assert {name: found[name] for name in names} == dict(zip(names, (2.0, 1.0, 1.0, 2.0, 1.0), strict=True))
            assert 0 < found["lag_seconds"] < 60
