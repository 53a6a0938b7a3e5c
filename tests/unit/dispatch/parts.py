"""A real store with a handler and a platform that tests steer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hubbub.chat.stop import StopSignal
from hubbub.core.addresses import Account, Room
from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.errors import DeliveryError
from hubbub.core.events import Event, Received
from hubbub.core.identities import Author
from hubbub.core.messages import Text
from hubbub.core.ports import Route
from hubbub.core.work import Committed, Entry, Outgoing, Row, Unit
from hubbub.dispatch.delivery import Patience, Sender
from hubbub.dispatch.dispatcher import Bounds, Dispatcher
from hubbub.storage.sqlite.store import SqliteStore

ACCOUNT = Account("fake", "me")


def message(number: int, user: str = "u", text: str = "") -> Received:
    """The number-th message of a user, in private."""
    room = Room("fake", "me", "private", user)
    said = (Text(text or f"m{number}"),)
    return Received(f"e{user}-{number}", room, Author(user), said, 1.0, f"{user}-{number}", addressed=True)


@dataclass
class FakePlatform:
    """Remembers what it sent; ``faults`` are raised first, one a call."""

    delivery: Delivery = Delivery.BLIND
    shown: list[tuple[str, str]] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    held: asyncio.Event | None = None
    name: str = "fake"
    routes: tuple[Route, ...] = ()

    def capabilities(self, room: Room) -> Capabilities:
        return Capabilities(delivery=self.delivery)

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def send(self, row: Row) -> str:
        if self.held is not None:
            await self.held.wait()
        if self.faults:
            raise self.faults.pop(0)
        first = row.out.message[0]
        assert isinstance(first, Text)
        self.shown.append((row.out.room.id, first.text))
        return f"sent-{row.id}"


@dataclass
class Echo:
    """Answers each message with its text; ``work`` may take its time first."""

    sender: Sender
    platform: FakePlatform
    work: Callable[[Entry, StopSignal], object] | None = None
    apologies: bool = True
    handled: list[int] = field(default_factory=list)
    again: list[int] = field(default_factory=list)

    def lane_of(self, event: Event) -> str:
        return event.author.id

    async def handle(self, entry: Entry, stop: StopSignal) -> Unit:
        self.handled.append(entry.id)
        if self.work is not None:
            waiting = self.work(entry, stop)
            if asyncio.iscoroutine(waiting):
                await waiting
        event = entry.event
        if not isinstance(event, Received):
            return Unit(done=(entry.id,))
        caps = self.platform.capabilities(event.room)
        state = self.sender.first_state(event.room, caps.promise, entry.id)
        out = Outgoing(event.room, event.message, delivery=caps.promise, state=state, entry=entry.id)
        return Unit(done=(entry.id,), sends=(out,))

    async def resumed(self, entry: Entry) -> None:
        self.again.append(entry.id)

    def recalled(self, entry: Entry) -> Unit:
        return Unit(done=(entry.id,))

    def refused(self, entry: Entry, error: Exception) -> Unit:
        self.sender.unreserve(entry.event.room, entry.id)
        sorry = Outgoing(entry.event.room, (Text("sorry" if self.apologies else "\ud800"),), entry=entry.id)
        return Unit(done=(entry.id,), sends=(sorry,))

    def stored(self, entry: Entry, committed: Committed | None) -> None:
        if committed is not None:
            self.sender.push(committed.rows)
        self.sender.unreserve(entry.event.room, entry.id)


@dataclass
class World:
    """All of it, running."""

    store: SqliteStore
    platform: FakePlatform
    sender: Sender
    handler: Echo
    dispatcher: Dispatcher

    async def settle(self, seconds: float = 5.0) -> None:
        """Until nothing is under way."""
        async with asyncio.timeout(seconds):
            while self.dispatcher.held or self.sender.waiting:
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.02)


@asynccontextmanager
async def world(
    folder: Path,
    bounds: Bounds = Bounds(),  # noqa: B008 - frozen
    patience: Patience = Patience(first=0.02, longest=0.05),  # noqa: B008 - frozen
    delivery: Delivery = Delivery.BLIND,
    *,
    up: bool = True,
) -> AsyncIterator[World]:
    """A hub's middle on a real store; what is under way is cut off when the block ends."""
    store = SqliteStore(folder)
    await store.open()
    try:
        async with asyncio.TaskGroup() as tasks:
            platform = FakePlatform(delivery)
            sender = Sender(store.outbox, {"fake": platform}, tasks, patience)
            if up:
                sender.connected(ACCOUNT)
            handler = Echo(sender, platform)
            dispatcher = Dispatcher(store.inbox, handler, tasks, "node", bounds)
            await sender.start("node")
            claims = tasks.create_task(dispatcher.claims())
            try:
                yield World(store, platform, sender, handler, dispatcher)
            finally:
                claims.cancel()
                dispatcher.end()
                sender.end()
    finally:
        await store.close()


def uncertain() -> DeliveryError:
    """Nobody knows whether it arrived."""
    return DeliveryError("cut off", certain=False)
