"""A node sends for the accounts that it holds, in order, within a bound, and not a moment longer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from hubbub.bridge.growing import SIGN
from hubbub.core.addresses import Account, Room
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import StoreError
from hubbub.core.messages import Message, Text, text_of
from hubbub.core.ports import Streamed
from hubbub.core.work import Outgoing, Row, State
from hubbub.dispatch.delivery import Patience
from hubbub.dispatch.holding import Holder
from hubbub.dispatch.shared_sender import Place, SharedSender
from hubbub.dispatch.showing import stream_of
from hubbub.dispatch.streams import LocalStreams
from tests.fakes.common_store import CommonLeases, CommonWords
from tests.unit.dispatch.parts import ACCOUNT, FakePlatform

TTL = 1.2


def row(number: int, user: str = "u", state: State = State.QUEUED, delivery: Delivery = Delivery.IDEMPOTENT) -> Row:
    out = Outgoing(Room("fake", "me", "private", user), (Text(f"m{number}"),), delivery=delivery, state=state)
    return Row(number, out, f"k{number}", state, created_at=time.time())


@dataclass
class CommonOutbox:
    """The rows of all nodes. ``mine``: those that this node was handed; ``failing``: settling fails."""

    rows: dict[int, Row] = field(default_factory=dict)
    mine: set[int] = field(default_factory=set)
    owned: frozenset[Account] = frozenset()
    settled: list[int] = field(default_factory=list)
    failing: bool = False
    largest: int = 0
    told: asyncio.Event = field(default_factory=asyncio.Event)
    foreign: set[int] = field(default_factory=set)
    """Another node was handed these."""
    gates: dict[int, asyncio.Event] = field(default_factory=dict)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody waits at a gate."""
    drafts: list[Row] = field(default_factory=list)

    def put(self, *rows: Row) -> None:
        """Another node makes rows."""
        self.rows |= {each.id: each for each in rows}
        self.told.set()

    async def take(self, node: str, accounts: Sequence[Account], limit: int = 1000) -> Sequence[Row]:
        self.told.clear()
        free = sorted(number for number, each in self.rows.items() if number not in self.mine and accounts)
        taken = [each for each in free if self.rows[each].state is State.QUEUED][:limit]
        self.mine.update(taken)
        return [self.rows[each] for each in taken]

    async def waiting(self, timeout: float) -> None:  # noqa: ASYNC109 - as the port says
        await asyncio.wait([asyncio.ensure_future(self.told.wait())], timeout=min(timeout, 0.05))

    def own(self, accounts: Collection[Account]) -> None:
        self.owned = frozenset(accounts)

    async def give_back(self, node: str, accounts: Sequence[Account]) -> None:
        self.mine.difference_update(n for n in list(self.mine) if self.rows[n].state is State.QUEUED)

    async def growing(self, accounts: Sequence[Account]) -> Sequence[Row]:
        return self.drafts

    async def bury(self, node: str) -> None:
        return

    async def begin(self, number: int) -> bool:
        if number in self.gates:
            self.begun.set()
            await self.gates[number].wait()
        if number not in self.mine or number in self.foreign or self.rows[number].state is not State.QUEUED:
            return False
        self._set(number, State.SENDING)
        return True

    def settle(self, number: int, message_id: str) -> asyncio.Future[None]:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.failing:
            done.set_exception(StoreError("away"))
        else:
            self.settled.append(number)
            self._set(number, State.SENT)
            done.set_result(None)
        return done

    async def fail(self, number: int, state: State, error: str, next_at: float = 0.0) -> None:
        self._set(number, state)

    def _set(self, number: int, state: State) -> None:
        self.rows[number] = replace(self.rows[number], state=state)


@dataclass
class Scene:
    outbox: Any
    platform: FakePlatform
    sender: SharedSender
    leases: CommonLeases

    async def until(self, count: int) -> list[str]:
        async with asyncio.timeout(10):
            while len(self.platform.shown) < count:
                await asyncio.sleep(0.005)
        return [text for _, text in self.platform.shown]


@asynccontextmanager
async def scene(patience: Patience | None = None) -> AsyncIterator[Scene]:
    outbox: Any = CommonOutbox()
    platform, leases = FakePlatform(), CommonLeases()
    async with asyncio.TaskGroup() as tasks:
        holder = Holder(leases, CommonWords().node(), "n", TTL)
        place = Place(holder, "n", frozenset(("silent",)), patience or Patience(first=0.05))
        sender = SharedSender(outbox, {"fake": platform}, tasks, place)
        await sender.start("n")
        running = tasks.create_task(sender.run())
        yield Scene(outbox, platform, sender, leases)
        running.cancel()
        sender.end()


async def test_rows_are_sent_once_the_account_is_connected_here() -> None:
    async with scene() as s:
        s.outbox.put(row(1), row(2))
        await asyncio.sleep(0.1)
        assert not s.platform.shown
        s.sender.connected(ACCOUNT)
        s.outbox.put(row(3))
        assert await s.until(3) == ["m1", "m2", "m3"]
        assert s.outbox.owned == {ACCOUNT}
        s.sender.disconnected(ACCOUNT, "gone")
        await asyncio.sleep(0)
        await asyncio.sleep(0.05)
        assert s.outbox.owned == frozenset()
        assert s.sender.first_state(row(4).out.room, Delivery.BLIND, 1) is State.QUEUED


async def test_rows_for_accounts_elsewhere_are_left_to_others() -> None:
    async with scene() as s:
        s.sender.push([row(1)])
        assert s.sender.waiting == 0
        s.sender.connected(Account("silent", "me"))
        await asyncio.sleep(0.05)
        assert not s.leases.leases


async def test_nothing_is_sent_with_a_lease_that_is_over() -> None:
    async with scene() as s:
        s.sender.connected(ACCOUNT)
        s.outbox.put(row(1))
        await s.until(1)
        s.leases.away = True
        await asyncio.sleep(TTL)
        s.outbox.put(row(2))
        s.outbox.mine.add(2)
        s.sender.push([row(2)])
        await asyncio.sleep(0.2)
        assert len(s.platform.shown) == 1


async def test_an_account_that_comes_back_is_sent_for_in_order() -> None:
    """What was at work when it was lost does not go ahead of what others had meanwhile."""
    async with scene() as s:
        s.outbox.foreign, s.outbox.gates = {1, 2}, {3: asyncio.Event()}
        s.sender.connected(ACCOUNT)
        s.outbox.put(*(row(number, delivery=Delivery.BLIND) for number in range(1, 6)))
        await asyncio.wait_for(s.outbox.begun.wait(), 10)
        s.sender.disconnected(ACCOUNT, "gone")
        async with asyncio.timeout(10):
            while s.outbox.owned:
                await asyncio.sleep(0.005)
        s.outbox.foreign.clear()
        s.sender.connected(ACCOUNT)
        await asyncio.sleep(0.2)
        s.outbox.gates.pop(3).set()
        assert await s.until(5) == [f"m{number}" for number in range(1, 6)]
        assert s.sender.waiting == 0


async def test_a_lease_that_lapses_for_a_moment_changes_no_order() -> None:
    async with scene() as s:
        s.sender.connected(ACCOUNT)
        async with asyncio.timeout(10):
            while not s.outbox.owned:
                await asyncio.sleep(0.005)
        leases: Any = s.sender._leases
        holds, lapses = leases.holds, [True, True]
        leases.holds = lambda account: not lapses.pop() if lapses else holds(account)
        s.outbox.put(*(row(number, delivery=Delivery.BLIND) for number in range(1, 4)))
        assert await s.until(3) == ["m1", "m2", "m3"]
        assert not lapses


async def test_what_is_handed_over_after_the_account_is_lost_is_not_kept() -> None:
    async with scene() as s:
        take, asked, go = s.outbox.take, asyncio.Event(), asyncio.Event()

        async def slow(*given: Any) -> Sequence[Row]:
            found: Sequence[Row] = await take(*given)
            if found:
                asked.set()
                await go.wait()
            return found

        s.sender.connected(ACCOUNT)
        async with asyncio.timeout(10):
            while not s.outbox.owned:
                await asyncio.sleep(0.005)
        s.outbox.take = slow
        s.outbox.put(row(1), row(2))
        await asyncio.wait_for(asked.wait(), 10)
        s.sender.disconnected(ACCOUNT, "gone")
        async with asyncio.timeout(10):
            while s.outbox.owned:
                await asyncio.sleep(0.005)
        go.set()
        await asyncio.sleep(0.05)
        assert s.sender.waiting == 0
        s.sender.connected(ACCOUNT)
        assert await s.until(2) == ["m1", "m2"]


async def test_more_than_has_room_is_sent_in_order_all_the_same() -> None:
    async with scene(Patience(first=0.05, rows=10)) as s:
        s.platform.held = asyncio.Event()
        s.sender.connected(ACCOUNT)
        while not s.outbox.owned:
            await asyncio.sleep(0.005)
        made = [row(number) for number in range(1, 41)]
        for each in made:
            s.outbox.put(each)
            s.outbox.mine.add(each.id)
            s.sender.push([each])
            await asyncio.sleep(0)
        assert s.sender.waiting == 10
        assert s.outbox.owned == frozenset(), "rows made now are nobody's"
        s.platform.held.set()
        assert await s.until(40) == [f"m{number}" for number in range(1, 41)]
        assert s.outbox.owned == {ACCOUNT}


async def test_what_was_sent_while_the_store_was_away_is_marked_later() -> None:
    async with scene() as s:
        s.sender.connected(ACCOUNT)
        s.outbox.failing = True
        s.outbox.put(row(1), row(2))
        await s.until(2)
        assert not s.outbox.settled
        s.outbox.failing = False
        async with asyncio.timeout(10):
            while s.outbox.settled != [1, 2]:
                await asyncio.sleep(0.01)
        assert len(s.platform.shown) == 2


async def test_an_answer_that_is_being_written_goes_on_growing_where_its_account_is_now() -> None:
    async with scene() as s:
        edits: list[tuple[str, str]] = []

        async def edit(room: Room, message_id: str, message: Message) -> None:
            edits.append((message_id, text_of(message)))

        s.platform.edit = edit  # type: ignore[attr-defined]
        streams = s.sender.shows.streams = LocalStreams()
        draft = row(1, state=State.SENT)
        draft = replace(draft, out=replace(draft.out, draft=True), message_id="sent-elsewhere")
        s.outbox.drafts = [draft]
        s.sender.connected(ACCOUNT)
        async with asyncio.timeout(10):
            while not streams.listened(stream_of(draft)):
                await asyncio.sleep(0.005)
            streams.publish(stream_of(draft), Streamed("m1 and more"))
            while not edits:
                await asyncio.sleep(0.005)
        assert edits == [("sent-elsewhere", f"m1 and more {SIGN}")]


async def test_an_account_that_comes_back_at_once_is_sent_for() -> None:
    """Its lease is still held by what was just told to end."""
    async with scene() as s:
        s.sender.connected(ACCOUNT)
        async with asyncio.timeout(10):
            while not s.outbox.owned:
                await asyncio.sleep(0.005)
        s.sender.disconnected(ACCOUNT, "another connection came")
        s.sender.connected(ACCOUNT)
        await asyncio.sleep(0.05)
        s.outbox.put(row(1))
        assert await s.until(1) == ["m1"]


async def test_what_was_to_be_sent_at_once_waits_where_its_account_was_lost_meanwhile() -> None:
    """Left as being sent, it would never be, and keep what follows in its room back wherever the account is."""
    async with scene() as s:
        s.sender.connected(ACCOUNT)
        async with asyncio.timeout(10):
            while not s.outbox.owned:
                await asyncio.sleep(0.005)
        made = row(1, delivery=Delivery.BLIND, state=State.SENDING)
        assert s.sender.first_state(made.out.room, Delivery.BLIND, 7) is State.SENDING
        s.outbox.put(made)
        s.outbox.mine.add(1)
        s.sender.disconnected(ACCOUNT, "gone")
        async with asyncio.timeout(10):
            while s.outbox.owned:
                await asyncio.sleep(0.005)
            s.sender.push([made])
            s.sender.unreserve(made.out.room, 7)
            while s.outbox.rows[1].state is State.SENDING or s.sender.waiting:
                await asyncio.sleep(0.005)
        assert s.outbox.rows[1].state is State.QUEUED
        assert not s.platform.shown
        s.sender.connected(ACCOUNT)
        assert await s.until(1) == ["m1"]


async def test_a_draft_that_waits_for_its_turn_does_not_keep_an_account_from_coming_back() -> None:
    async with scene() as s:
        s.sender.connected(ACCOUNT)
        async with asyncio.timeout(10):
            while not s.outbox.owned:
                await asyncio.sleep(0.005)
        draft = row(1, delivery=Delivery.EDITABLE)
        draft = replace(draft, out=replace(draft.out, draft=True))
        s.sender._pace._rooms[draft.out.room.key] = asyncio.get_running_loop().time() + 3600
        s.outbox.put(draft)
        async with asyncio.timeout(10):
            while not s.sender.waiting:
                await asyncio.sleep(0.005)
            s.sender.disconnected(ACCOUNT, "gone")
            while s.outbox.owned:
                await asyncio.sleep(0.005)
        s.sender.connected(ACCOUNT)
        s.outbox.put(row(2, "another"))
        assert await s.until(1) == ["m2"]
        assert s.outbox.rows[1].state is State.QUEUED
