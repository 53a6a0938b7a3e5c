"""What the sender does with a platform's failures, on a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, cast

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import DeliveryError, StoreError
from hubbub.core.messages import Text
from hubbub.core.work import Outgoing, Row, State, Unit
from hubbub.dispatch.delivery import Patience
from tests.unit.dispatch.parts import ACCOUNT, World, message, uncertain, world


async def states(w: World) -> list[State]:
    return [row.state for row in await w.store.outbox.deliveries(list(State))]


async def test_a_message_in_doubt_is_listed_and_not_sent_again(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.platform.faults = [uncertain()]
        await w.dispatcher.accept(message(0))
        await w.dispatcher.accept(message(1))
        await w.settle()
        assert await states(w) == [State.UNKNOWN, State.SENT]
        assert [text for _, text in w.platform.shown] == ["m1"]
        doubt = (await w.store.outbox.deliveries([State.UNKNOWN]))[0]
        assert doubt.error == "cut off"
        assert await w.sender.resend(doubt.id)
        await w.settle()
        assert [text for _, text in w.platform.shown] == ["m1", "m0"]
        assert not await w.sender.resend(doubt.id)


async def test_an_idempotent_message_is_sent_again_with_the_same_key(tmp_path: Path) -> None:
    async with world(tmp_path, delivery=Delivery.IDEMPOTENT) as w:
        w.platform.faults = [uncertain(), uncertain()]
        await w.dispatcher.accept(message(0))
        await w.settle()
        assert await states(w) == [State.SENT]


async def test_a_certain_failure_is_tried_again_in_order(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.platform.faults = [DeliveryError("busy", certain=True, retry_after=0.05)]
        for n in range(5):
            await w.dispatcher.accept(message(n))
        await w.settle()
        assert [text for _, text in w.platform.shown] == [f"m{n}" for n in range(5)]


async def test_one_rooms_wait_does_not_hold_up_another(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.platform.faults = [DeliveryError("busy", certain=True, retry_after=0.3)]
        await w.dispatcher.accept(message(0, "slow"))
        await asyncio.sleep(0.05)
        await w.dispatcher.accept(message(0, "quick"))
        await asyncio.sleep(0.1)
        assert [room for room, _ in w.platform.shown] == ["quick"]
        await w.settle()
        assert [room for room, _ in w.platform.shown] == ["quick", "slow"]


async def test_a_permanent_failure_is_dead_at_once(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.platform.faults = [DeliveryError("no such group", certain=True, permanent=True)]
        await w.dispatcher.accept(message(0))
        await w.settle()
        assert await states(w) == [State.DEAD]


async def test_what_never_succeeds_is_given_up_and_listed(tmp_path: Path) -> None:
    async with world(tmp_path, patience=Patience(first=0.01, longest=0.02, give_up=0.1)) as w:
        w.platform.faults = [DeliveryError("down", certain=True) for _ in range(100)]
        await w.dispatcher.accept(message(0))
        await w.settle()
        assert await states(w) == [State.DEAD]


async def test_a_fault_of_the_adapter_is_a_doubt(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.platform.faults = [ZeroDivisionError()]
        await w.dispatcher.accept(message(0))
        await w.settle()
        assert await states(w) == [State.UNKNOWN]


async def test_a_sending_that_somebody_else_cancelled_is_a_doubt(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        send, others = w.platform.send, asyncio.get_running_loop().create_future()
        others.cancel()

        async def waiting(row: Row) -> str:
            return await (others if row.id == 1 else send(row))

        w.platform.send = waiting  # type: ignore[method-assign]
        await w.dispatcher.accept(message(0))
        await w.dispatcher.accept(message(1))
        await w.settle()
        assert await states(w) == [State.UNKNOWN, State.SENT]


async def test_a_message_that_its_adapter_always_fails_over_does_not_hold_up_its_room(tmp_path: Path) -> None:
    async with world(tmp_path, delivery=Delivery.IDEMPOTENT) as w:
        send = w.platform.send

        async def failing(row: Row) -> str:
            if row.id == 1:
                raise ZeroDivisionError
            return await send(row)

        w.platform.send = failing  # type: ignore[method-assign]
        await w.dispatcher.accept(message(0))
        await w.dispatcher.accept(message(1))
        await w.settle()
        assert await states(w) == [State.DEAD, State.SENT]


async def test_messages_wait_for_an_account_and_go_when_it_comes(tmp_path: Path) -> None:
    async with world(tmp_path, patience=Patience(first=30), up=False) as w:
        w.platform.faults = [DeliveryError("not connected", certain=True)]
        await w.dispatcher.accept(message(0))
        await asyncio.sleep(0.1)
        assert await states(w) == [State.QUEUED]
        w.sender.connected(ACCOUNT)
        await w.settle(2)
        assert await states(w) == [State.SENT]


async def test_a_crash_while_sending_is_a_doubt_but_what_waited_is_sent(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.platform.held = asyncio.Event()
        await w.dispatcher.accept(message(0))
        await w.dispatcher.accept(message(1))
        await asyncio.sleep(0.1)
        assert await states(w) == [State.SENDING, State.QUEUED]
    async with world(tmp_path) as w:
        await w.settle()
        assert await states(w) == [State.UNKNOWN, State.SENT]
        assert [text for _, text in w.platform.shown] == ["m1"]


async def test_a_dropped_message_is_not_sent(tmp_path: Path) -> None:
    async with world(tmp_path, patience=Patience(first=30), up=False) as w:
        w.platform.faults = [DeliveryError("not connected", certain=True)]
        await w.dispatcher.accept(message(0))
        await w.dispatcher.accept(message(1))
        await asyncio.sleep(0.1)
        first = (await w.store.outbox.deliveries([State.QUEUED]))[0]
        assert await w.sender.cancel(first.id)
        assert not await w.sender.cancel(first.id)
        w.sender.connected(ACCOUNT)
        await w.settle(2)
        assert await states(w) == [State.DROPPED, State.SENT]


async def stored(w: World, number: int, states: tuple[State, ...]) -> tuple[Row, ...]:
    """Rows that are in the store and not yet told to the sender."""
    event = message(number)
    receipt = await w.store.inbox.accept(event, f"lane {number}", "node")
    assert receipt.claim is not None
    sends = tuple(Outgoing(event.room, event.message, state=state, entry=receipt.entry.id) for state in states)
    unit = Unit((receipt.entry.id,), sends)
    return (await w.store.inbox.commit(f"lane {number}", receipt.claim.fence, unit)).rows


async def test_rows_go_out_in_the_order_of_their_numbers_however_the_lane_came_and_went(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        room = message(0).room
        assert w.sender.first_state(room, Delivery.BLIND, 1) is State.SENDING
        assert w.sender.first_state(room, Delivery.BLIND, 2) is State.QUEUED
        first, second = await stored(w, 0, (State.SENDING,)), await stored(w, 1, (State.QUEUED,))
        w.sender.push(first)
        await w.settle()
        # The lane is gone, and the second row has not come yet: the third one finds an empty lane.
        assert w.sender.first_state(room, Delivery.BLIND, 3) is State.SENDING
        third = await stored(w, 2, (State.SENDING,))
        w.sender.push(second)
        w.sender.push(third)
        await w.settle()
        assert [text for _, text in w.platform.shown] == ["m0", "m1", "m2"]
        assert await states(w) == [State.SENT] * 3


async def test_a_row_that_was_dropped_behind_the_senders_back_is_not_sent(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        rows = await stored(w, 0, (State.QUEUED, State.QUEUED))
        assert await w.store.outbox.drop(rows[0].id)
        w.sender.push(rows)
        await w.settle()
        assert await states(w) == [State.DROPPED, State.SENT]
        assert len(w.platform.shown) == 1


async def test_more_rows_than_memory_holds_go_out_in_order(tmp_path: Path) -> None:
    async with world(tmp_path, patience=Patience(first=30, rows=10), up=False) as w:
        w.platform.faults = [DeliveryError("not connected", certain=True)]
        for n in range(60):
            await w.dispatcher.accept(message(n))
        await asyncio.sleep(0.2)
        assert w.sender.waiting <= 10
        w.sender.connected(ACCOUNT)
        async with asyncio.timeout(5):
            while len(w.platform.shown) < 60:
                await asyncio.sleep(0.01)
        assert [text for _, text in w.platform.shown] == [f"m{n}" for n in range(60)]


async def test_a_platform_that_the_store_fails_leaves_a_doubt_and_no_second_message(tmp_path: Path) -> None:
    """Stored as being sent, it would be looked for by nobody; sent at once, it could be sent twice."""
    async with world(tmp_path) as w:
        w.platform.held = asyncio.Event()
        await w.dispatcher.accept(message(0))
        await w.dispatcher.accept(message(1))
        async with asyncio.timeout(5):
            while w.sender.waiting < 2:
                await asyncio.sleep(0.005)
        w.platform.faults = [StoreError("away"), StoreError("away")]
        w.platform.held.set()
        await w.settle()
        assert await states(w) == [State.UNKNOWN, State.UNKNOWN]


async def test_what_had_no_room_is_taken_up_though_it_could_not_be_read_at_first(tmp_path: Path) -> None:
    async with world(tmp_path, patience=Patience(first=0.02, rows=5)) as w:
        outbox: Any = w.store.outbox
        deliveries, failures = outbox.deliveries, [StoreError("busy")]

        async def failing(*asked: Any) -> Any:
            if failures:
                raise failures.pop()
            return await deliveries(*asked)

        w.platform.held = asyncio.Event()
        for n in range(20):
            await w.dispatcher.accept(message(n))
        async with asyncio.timeout(5):
            while w.dispatcher.held:
                await asyncio.sleep(0.005)
            outbox.deliveries = failing
            w.platform.held.set()
            while len(w.platform.shown) < 20:
                await asyncio.sleep(0.005)
        assert [text for _, text in w.platform.shown] == [f"m{n}" for n in range(20)]


async def test_what_waits_for_a_platform_that_is_off_goes_on_waiting(tmp_path: Path) -> None:
    async with world(tmp_path, patience=Patience(first=30, rows=5), up=False) as w:
        w.platform.faults = [DeliveryError("not connected", certain=True)]
        for n in range(10):
            await w.dispatcher.accept(message(n))
        elsewhere = Outgoing(Room("off", "me", "private", "u"), (Text("later"),), delivery=Delivery.BLIND)
        claim = (await w.store.inbox.accept(message(10, "other"), "other", "node")).claim
        assert claim is not None
        unit = Unit(done=(claim.entries[0].id,), sends=(elsewhere,))
        w.sender.push((await w.store.inbox.commit("other", claim.fence, unit, release=True)).rows)
        async with asyncio.timeout(5):
            while w.dispatcher.held:
                await asyncio.sleep(0.005)
        w.sender.connected(ACCOUNT)
        await w.settle()
        waiting = await w.store.outbox.deliveries([State.QUEUED])
        assert [row.out.room.platform for row in waiting] == ["off"]
        assert len(w.platform.shown) == 10


async def test_what_is_sent_again_while_memory_is_full_goes_out_and_nothing_twice(tmp_path: Path) -> None:
    async with world(tmp_path, patience=Patience(first=30, rows=10), delivery=Delivery.IDEMPOTENT) as w:
        w.platform.faults = [DeliveryError("no such group", certain=True, permanent=True)]
        await w.dispatcher.accept(message(0, "again"))
        await w.settle()
        quick, slow, sent = asyncio.Event(), asyncio.Event(), list[int]()

        async def send(row: Row) -> str:
            await (slow if row.out.room.id == "slow" else quick).wait()
            sent.append(row.id)
            return f"sent-{row.id}"

        w.platform.send = send  # type: ignore[method-assign]
        for n in range(4):
            await w.dispatcher.accept(message(n, "slow"))
        for n in range(6):
            await w.dispatcher.accept(message(n))
        async with asyncio.timeout(5):
            while w.sender.waiting < 10:
                await asyncio.sleep(0.005)
        assert await w.sender.resend(1)
        for n in range(6, 20):
            await w.dispatcher.accept(message(n))
        quick.set()
        async with asyncio.timeout(5):
            while len(sent) < 21:
                await asyncio.sleep(0.005)
        slow.set()
        await w.settle()
        assert sorted(sent) == list(range(1, 26))
        assert set(await states(w)) == {State.SENT}


async def test_what_was_sent_is_marked_so_as_soon_as_the_store_works_again(tmp_path: Path) -> None:
    """Else the next start would send it once more, or call it in doubt."""
    async with world(tmp_path, delivery=Delivery.IDEMPOTENT) as w:
        outbox: Any = w.store.outbox
        settle, failures = outbox.settle, [2]

        def failing(row: int, message_id: str) -> Awaitable[None]:
            if not failures[0]:
                return cast("Awaitable[None]", settle(row, message_id))
            failures[0] -= 1
            failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            failed.set_exception(StoreError("the disk is full"))
            return failed

        outbox.settle = failing
        await w.dispatcher.accept(message(0))
        await w.dispatcher.accept(message(1))
        async with asyncio.timeout(10):
            while set(await states(w)) != {State.SENT}:
                await asyncio.sleep(0.01)
        assert [text for _, text in w.platform.shown] == ["m0", "m1"]
    async with world(tmp_path, delivery=Delivery.IDEMPOTENT) as w:
        await w.settle()
        assert not w.platform.shown
