"""Order, bounds, stopping and survival of the dispatcher, on a real store."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from hubbub.chat.stop import StopSignal
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import Fenced, Overloaded, StoreError
from hubbub.core.events import Deleted, Received
from hubbub.core.messages import Text, text_of
from hubbub.core.work import Entry, GivenUp, Outgoing, State, Unit
from hubbub.dispatch.dispatcher import Bounds
from hubbub.dispatch.handling import SUSPECT_BEGINNINGS, SUSPECT_CLAIMS
from hubbub.storage.sqlite.lanes import Lanes
from tests.unit.dispatch.parts import message, world


async def test_messages_of_one_user_are_answered_in_order(tmp_path: Path) -> None:
    async with world(tmp_path) as w:

        async def slower_first(entry: Entry, _: StopSignal) -> None:
            await asyncio.sleep(0.02 if entry.id % 2 else 0)

        w.handler.work = slower_first
        await asyncio.gather(*(w.dispatcher.accept(message(n)) for n in range(20)))
        await w.settle()
        assert [text for _, text in w.platform.shown] == [f"m{n}" for n in range(20)]


async def test_many_conversations_are_answered_at_once(tmp_path: Path) -> None:
    async with world(tmp_path, Bounds(conversations=50)) as w:
        at_once = most = 0

        async def count(_: Entry, __: StopSignal) -> None:
            nonlocal at_once, most
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.05)
            at_once -= 1

        w.handler.work = count
        await asyncio.gather(*(w.dispatcher.accept(message(0, f"u{n}")) for n in range(120)))
        await w.settle()
        assert most == 50
        assert len(w.platform.shown) == 120


async def test_a_full_hub_says_so_and_takes_more_later(tmp_path: Path) -> None:
    async with world(tmp_path, Bounds(accepted=3)) as w:
        hold = asyncio.Event()
        w.handler.work = lambda entry, stop: hold.wait()
        for n in range(3):
            await w.dispatcher.accept(message(n))
        with pytest.raises(Overloaded) as refused:
            await w.dispatcher.accept(message(3))
        assert refused.value.retry_after > 0
        hold.set()
        await w.settle()
        await w.dispatcher.accept(message(3))
        await w.settle()
        assert len(w.platform.shown) == 4


async def test_a_repeated_event_is_handled_once(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        receipts = await asyncio.gather(*(w.dispatcher.accept(message(1)) for _ in range(10)))
        await w.settle()
        again = await w.dispatcher.accept(message(1))
        await w.settle()
        assert sorted(receipt.duplicate for receipt in receipts) == [False] + [True] * 9
        assert again.duplicate
        assert {receipt.entry.id for receipt in receipts} == {again.entry.id}
        assert len(w.platform.shown) == 1


async def test_what_was_under_way_is_handled_by_the_next_run(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.handler.work = lambda entry, stop: asyncio.Event().wait()
        await asyncio.gather(*(w.dispatcher.accept(message(n, f"u{n % 3}")) for n in range(9)))
        await asyncio.sleep(0.05)
        assert w.platform.shown == []
    async with world(tmp_path) as w:
        await asyncio.sleep(0.05)
        await w.settle()
        for user in ("u0", "u1", "u2"):
            said = [text for room, text in w.platform.shown if room == user]
            assert said == sorted(said)
            assert len(said) == 3


async def test_a_fault_in_one_lane_leaves_the_others_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with world(tmp_path) as w:

        def fail(entry: Entry, _: StopSignal) -> None:
            if entry.lane == "bad":
                raise ZeroDivisionError

        w.handler.work = fail
        await w.dispatcher.accept(message(0, "bad"))
        await w.dispatcher.accept(message(0, "good"))
        async with asyncio.timeout(5):
            while not w.platform.shown:
                await asyncio.sleep(0.005)
        assert w.platform.shown == [("good", "m0")]
        assert caplog.text.count("lane bad fell over") == 1


async def test_a_unit_is_stored_as_soon_as_the_store_works_again(tmp_path: Path) -> None:
    async with world(tmp_path, Bounds(retry=(0.01, 0.02))) as w:
        commit = w.store.inbox.commit
        failures = 3

        def failing(*args: object, **more: object) -> object:
            nonlocal failures
            if failures:
                failures -= 1
                future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
                future.set_exception(StoreError("disk full"))
                return future
            return cast("object", commit(*args, **more))  # type: ignore[arg-type]  # passed through

        w.store.inbox.commit = failing  # type: ignore[method-assign,assignment]  # the store fails for a while
        await w.dispatcher.accept(message(0))
        await w.settle()
        assert failures == 0
        assert w.platform.shown == [("u", "m0")]


async def test_a_handler_that_the_store_fails_is_asked_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with world(tmp_path, Bounds(retry=(0.01, 0.02))) as w:

        def fail(entry: Entry, _: StopSignal) -> None:
            if w.handler.handled.count(entry.id) < 3:
                raise StoreError("the disk is away")

        w.handler.work = fail
        await w.dispatcher.accept(message(0))
        await w.settle()
        assert w.platform.shown == [("u", "m0")]
        assert caplog.text.count("the disk is away") == 1


async def test_what_somebody_else_cancelled_is_handled_again(tmp_path: Path) -> None:
    """Such as the start of a model that two wait for: whoever began it goes away, and both are cancelled."""
    async with world(tmp_path, Bounds(retry=(0.01, 0.02))) as w:

        def fail(entry: Entry, _: StopSignal) -> None:
            if w.handler.handled == [entry.id]:
                raise asyncio.CancelledError

        w.handler.work = fail
        await w.dispatcher.accept(message(0))
        async with asyncio.timeout(5):
            while not w.platform.shown:
                await asyncio.sleep(0.005)
        await w.dispatcher.accept(message(1))
        await w.settle()
        assert [text for _, text in w.platform.shown] == ["m0", "m1"]


async def test_a_lane_that_fell_over_is_not_tried_without_a_pause(tmp_path: Path) -> None:
    async with world(tmp_path, Bounds(retry=(0.01, 0.1))) as w:

        def fail(entry: Entry, _: StopSignal) -> None:
            if len(w.handler.handled) < 3:
                raise ZeroDivisionError

        w.handler.work = fail
        await w.dispatcher.accept(message(0))
        await asyncio.sleep(0.15)
        assert len(w.handler.handled) == 2
        await asyncio.sleep(0.15)
        await w.settle()
        assert w.platform.shown == [("u", "m0")]


@pytest.mark.parametrize("apologies", [True, False])
async def test_what_can_never_be_stored_blocks_nothing(tmp_path: Path, *, apologies: bool) -> None:
    async with world(tmp_path) as w:
        w.handler.apologies = apologies
        with_half_a_character = replace(message(0), message=(Text("fine"),))

        async def spoil(entry: Entry, _: StopSignal) -> None:
            if entry.id == 1:
                object.__setattr__(entry.event, "message", (Text("half \ud800"),))

        w.handler.work = spoil
        await w.dispatcher.accept(with_half_a_character)
        await w.dispatcher.accept(message(1))
        await w.settle()
        assert w.platform.shown == ([("u", "sorry")] if apologies else []) + [("u", "m1")]
        assert (await w.store.stats())["inbox_waiting"] == 0


async def test_stop_reaches_what_runs_and_nothing_else(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        reasons: list[str | None] = []

        async def until_stopped(_: Entry, stop: StopSignal) -> None:
            with stop:
                try:
                    await asyncio.sleep(5)
                except asyncio.CancelledError:
                    if not stop.absorb():
                        raise
            reasons.append(stop.reason)

        w.handler.work = until_stopped
        assert not w.dispatcher.stop("u")
        await w.dispatcher.accept(message(0))
        await asyncio.sleep(0.02)
        assert not w.dispatcher.stop("somebody else")
        assert w.dispatcher.stop("u")
        await w.settle()
        assert reasons == ["stop"]
        assert len(w.platform.shown) == 1


async def test_a_recalled_message_is_not_answered(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        hold = asyncio.Event()
        w.handler.work = lambda entry, stop: hold.wait()
        for n in range(3):
            await w.dispatcher.accept(message(n))
        queued = message(1)
        await w.dispatcher.accept(Deleted("d1", queued.room, queued.author, 2.0, queued.message_id))
        await asyncio.sleep(0.02)
        hold.set()
        await w.settle()
        assert [text for _, text in w.platform.shown] == ["m0", "m2"]


async def test_a_message_taken_back_before_a_restart_is_not_answered(tmp_path: Path) -> None:
    asked = message(0)
    async with world(tmp_path) as w:
        w.handler.work = lambda entry, stop: asyncio.sleep(60)
        await w.dispatcher.accept(asked)
        await w.dispatcher.accept(message(1))
        await w.dispatcher.accept(Deleted("d", asked.room, asked.author, 1.0, message(1).message_id))
        await asyncio.sleep(0.05)
    async with world(tmp_path) as w:
        async with asyncio.timeout(5):
            while not w.platform.shown:
                await asyncio.sleep(0.005)
        await w.settle()
        assert w.platform.shown == [("u", "m0")]


async def test_the_search_for_work_can_be_ended_at_the_moment_that_work_comes() -> None:
    lanes = Lanes()
    looking = asyncio.create_task(lanes.work(60))
    await asyncio.sleep(0)
    lanes.count_in([("lane", 1)])
    looking.cancel()
    await asyncio.wait((looking,))
    assert looking.cancelled()


async def test_draining_lets_work_end_and_refuses_more(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.handler.work = lambda entry, stop: asyncio.sleep(0.05)
        await w.dispatcher.accept(message(0))
        await w.dispatcher.drain(5)
        assert not w.dispatcher.held
        with pytest.raises(Overloaded):
            await w.dispatcher.accept(message(1))
        await w.settle()
        assert [row.state for row in await w.store.outbox.deliveries(list(State))] == [State.SENT]


async def test_draining_has_an_end(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.handler.work = lambda entry, stop: asyncio.Event().wait()
        await w.dispatcher.accept(message(0))
        async with asyncio.timeout(2):
            await w.dispatcher.drain(0.05)
        assert w.dispatcher.held == 1


@pytest.mark.parametrize("times", [1, 3])
async def test_a_lane_that_was_lost_and_comes_back_is_worked_on_once(tmp_path: Path, times: int) -> None:
    """Others took this node for dead, and it claims what it is still at: the old claim counts no more."""
    async with world(tmp_path) as w:
        hold = asyncio.Event()
        w.handler.work = lambda entry, stop: hold.wait()
        for n in range(3):
            await w.dispatcher.accept(message(n))
        came = asyncio.Event()
        take = w.dispatcher.take
        w.dispatcher.take = lambda claim: (came.set(), take(claim))[1]  # type: ignore[method-assign,func-returns-value]
        for _ in range(times):
            await w.store.inbox.abandon("node")
            await asyncio.wait_for(came.wait(), 5)
            came.clear()
        hold.set()
        await w.settle()
        await w.dispatcher.accept(message(3))
        await w.settle()
        assert [text for _, text in w.platform.shown] == ["m0", "m1", "m2", "m3"]
        assert (await w.store.stats())["inbox_waiting"] == 0


async def test_a_lane_is_given_back_as_soon_as_the_store_works_again(tmp_path: Path) -> None:
    async with world(tmp_path, Bounds(retry=(0.01, 0.02))) as w:
        release, failures = w.store.inbox.release, [StoreError("away"), StoreError("away")]

        async def failing(lane: str, fence: int) -> None:
            if failures:
                raise failures.pop()
            await release(lane, fence)

        w.store.inbox.release = failing  # type: ignore[method-assign]  # the store fails for a while

        def fail(entry: Entry, _: StopSignal) -> None:
            if len(w.handler.handled) < 2:
                raise ZeroDivisionError

        w.handler.work = fail
        await w.dispatcher.accept(message(0))
        async with asyncio.timeout(5):
            while not w.platform.shown:
                await asyncio.sleep(0.005)
        assert not failures
        assert w.platform.shown == [("u", "m0")]


async def test_nothing_new_goes_ahead_of_a_lane_that_is_not_given_back_yet(tmp_path: Path) -> None:
    async with world(tmp_path, bounds=Bounds(retry=(0.05, 0.1))) as w:
        release, refused = w.store.inbox.release, asyncio.Event()

        async def failing(lane: str, fence: int) -> None:
            if len(w.handler.handled) > 1 or refused.is_set():
                return await release(lane, fence)
            refused.set()
            raise StoreError("away")

        def fail(entry: Entry, _: StopSignal) -> None:
            if w.handler.handled == [entry.id]:
                raise ZeroDivisionError

        w.store.inbox.release = failing  # type: ignore[method-assign]
        w.handler.work = fail
        await w.dispatcher.accept(message(0))
        await asyncio.wait_for(refused.wait(), 5)
        await w.dispatcher.accept(message(1))
        async with asyncio.timeout(5):
            while len(w.platform.shown) < 2:
                await asyncio.sleep(0.005)
        assert [text for _, text in w.platform.shown] == ["m0", "m1"]
        await w.settle()
        assert (await w.store.stats())["inbox_waiting"] == 0


async def test_what_a_lost_lane_was_at_is_ended_when_it_comes_back(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        reasons: list[str | None] = []

        async def once(_: Entry, stop: StopSignal) -> None:
            if reasons:
                return
            with stop:
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    if not stop.absorb():
                        raise
            reasons.append(stop.reason)

        w.handler.work = once
        await w.dispatcher.accept(message(0))
        await asyncio.sleep(0.02)
        await w.store.inbox.abandon("node")
        await w.settle()
        assert reasons == ["recall"]
        assert [text for _, text in w.platform.shown] == ["m0"]


async def test_what_ends_the_process_each_time_is_given_up_and_nothing_else(tmp_path: Path) -> None:
    """The message that is at work at each end is known after a few, and those that wait beside it are answered."""
    told: list[tuple[str, str]] = []
    dying = asyncio.Event()
    given_up: Sequence[GivenUp] = ()

    def work(entry: Entry, stop: StopSignal) -> object:
        return killed() if text_of(cast("Received", entry.event).message) == "poison" else None

    async def killed() -> None:
        dying.set()
        await asyncio.Event().wait()

    lives = 0
    while not given_up and lives < 20:
        lives += 1
        dying.clear()
        async with asyncio.timeout(30), world(tmp_path, Bounds(calm=(0, 0)), delivery=Delivery.IDEMPOTENT) as hub:
            hub.handler.work, hub.platform.shown = work, told
            if lives == 1:
                await hub.dispatcher.accept(message(1, "ann", "poison"))
                for event in (message(2, "ann"), message(1, "bob"), message(1, "eve")):
                    await hub.store.inbox.accept(event, hub.handler.lane_of(event))
            while not dying.is_set() and not given_up:
                await asyncio.sleep(0.005)
                given_up = await hub.store.inbox.given_up()
            if given_up:
                await hub.settle(30)
    assert lives == 1 + SUSPECT_CLAIMS + SUSPECT_BEGINNINGS
    assert [text_of(cast("Received", each.event).message) for each in given_up] == ["poison"]
    assert f"{SUSPECT_BEGINNINGS} times" in given_up[0].error
    # What was on its way at an end may be shown twice.
    assert sorted(set(told)) == [("ann", "m2"), ("ann", "sorry"), ("bob", "m1"), ("eve", "m1")]


async def test_a_hub_that_is_killed_at_once_each_time_blames_no_message(tmp_path: Path) -> None:
    for _ in range(8):
        async with world(tmp_path, Bounds(calm=(60, 60))) as hub:
            hub.handler.work = lambda entry, stop: asyncio.Event().wait()
            await hub.dispatcher.accept(message(1))
            await asyncio.sleep(0.01)
    assert not await begun(tmp_path)
    async with world(tmp_path, Bounds(calm=(0, 0))) as hub:
        async with asyncio.timeout(20):
            while not hub.platform.shown:
                await asyncio.sleep(0.01)
        assert not await hub.store.inbox.given_up()


async def test_what_cannot_even_be_apologised_for_is_given_up_too(tmp_path: Path) -> None:
    async with world(tmp_path, Bounds(retry=(0.01, 0.02), calm=(0.0, 0.0))) as w:

        def fail(entry: Entry, _: StopSignal) -> None:
            if entry.id == 1:
                raise ZeroDivisionError

        w.handler.work = fail
        w.handler.refused = lambda entry, error: 1 / 0  # type: ignore[method-assign,assignment,return-value]
        await w.dispatcher.accept(message(0))
        await w.dispatcher.accept(message(1))
        async with asyncio.timeout(5):
            while not w.platform.shown:
                await asyncio.sleep(0.005)
        assert w.platform.shown == [("u", "m1")]
        assert [each.id for each in await w.store.inbox.given_up()] == [1]


async def begun(folder: Path) -> int:
    """How often handling was noted to begin, of all entries."""
    with contextlib.closing(sqlite3.connect(folder / "hubbub.db")) as db:
        return int(db.execute("SELECT sum(begun) FROM inbox").fetchone()[0])


async def test_what_an_entry_causes_meanwhile_is_stored_while_it_is_at_work(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        hold, begun, found = asyncio.Event(), asyncio.Event(), list[Entry]()

        async def work(entry: Entry, _: StopSignal) -> None:
            found.append(entry)
            begun.set()
            await hold.wait()

        w.handler.work = work
        event = message(1)
        await w.dispatcher.accept(event)
        await begun.wait()
        interim = Unit(sends=(Outgoing(event.room, (Text("meanwhile"),), entry=found[0].id),))
        committed = await w.dispatcher.meanwhile(found[0], interim)
        assert not committed.released
        w.sender.push(committed.rows)
        hold.set()
        await w.settle()
        assert [text for _, text in w.platform.shown] == ["meanwhile", "m1"]
        with pytest.raises(Fenced):
            await w.dispatcher.meanwhile(found[0], interim)
        assert w.handler.again == []


async def test_what_was_begun_before_is_looked_for_first(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.handler.work = lambda entry, stop: asyncio.Event().wait()
        await w.dispatcher.accept(message(1))
    async with world(tmp_path) as w:
        await w.settle()
        assert w.handler.again == w.handler.handled
        assert len(w.handler.again) == 1
