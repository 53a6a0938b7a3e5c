"""A hub in memory behind the real web server: a store of what the doors need, and a worker that answers.

Strict where the contracts are: an event is accepted once by its key, rows belong to entries, the end of an answer is
told after its rows are there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import aiohttp

from hubbub.api.auth import Access
from hubbub.api.repeater_parts import RepeaterParts
from hubbub.api.server import WebServer
from hubbub.api.services import ApiSettings, Services
from hubbub.commands.access.gate import Gate
from hubbub.conversations.limits import NO_LIMITS, Limits, Meter
from hubbub.core.addresses import Account, Room
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import Overloaded, StoreError
from hubbub.core.events import Event, Received, event_key
from hubbub.core.messages import Message, Text, text_of
from hubbub.core.phrases import Sentence
from hubbub.core.ports import Host, Route, Streamed
from hubbub.core.quotas import Reservation, Shortage
from hubbub.core.status import AccountStatus, HubStatus
from hubbub.core.store import Store, Token
from hubbub.core.turns import ModelInfo
from hubbub.core.work import Entry, GivenUp, Outgoing, Receipt, Row, Spend, Spent, State
from hubbub.platforms.http.adapter import HttpPlatform
from hubbub.platforms.http.settings import HttpSettings
from hubbub.words import say
from tests.fakes.memory import MemoryConversations
from tests.fakes.people import MemoryPeople
from tests.fakes.platform_host import FakeHost
from tests.fakes.registry import FakeRegistry
from tests.fakes.repeater import MemoryCalls, MemoryFiles, parts
from tests.fakes.reserving import Reserved


@dataclass
class MemorySecrets:
    values: dict[str, str] = field(default_factory=dict)
    by_digest: dict[str, Token] = field(default_factory=dict)
    looked: int = 0

    async def get(self, key: str) -> str | None:
        return self.values.get(key)

    async def put(self, key: str, value: str) -> None:
        self.values[key] = value

    async def change(self, key: str, seen: str | None, value: str) -> bool:
        changed = self.values.get(key) == seen
        if changed:
            self.values[key] = value
        return changed

    async def token_add(self, token: Token, digest: str) -> None:
        self.by_digest[digest] = token

    async def token_find(self, digest: str) -> Token | None:
        self.looked += 1
        return self.by_digest.get(digest)

    async def tokens(self) -> Sequence[Token]:
        return list(self.by_digest.values())

    async def token_drop(self, token_id: str) -> bool:
        for digest, token in list(self.by_digest.items()):
            if token.id == token_id:
                del self.by_digest[digest]
                return True
        return False


@dataclass
class MemoryOutbox:
    rows: dict[int, Row] = field(default_factory=dict)

    async def deliveries(self, states: Sequence[State], limit: int = 100, after: int = 0) -> Sequence[Row]:
        found = [row for _, row in sorted(self.rows.items()) if row.state in states and row.id > after]
        return found[:limit]

    def put(self, room: Room, message: Message, state: State = State.KEPT, entry: int = 0) -> Row:
        number = len(self.rows) + 1
        row = Row(number, Outgoing(room, message, delivery=Delivery.WINDOW, entry=entry), f"row/{number}", state)
        self.rows[number] = row
        return row


@dataclass
class MemoryInbox:
    dead: list[GivenUp] = field(default_factory=list)

    async def given_up(self, limit: int = 100, after: int = 0) -> Sequence[GivenUp]:
        return [each for each in self.dead if each.id > after][:limit]


@dataclass
class MemoryUsage:
    counted: list[Spend] = field(default_factory=list)
    reserved: Reserved = field(default_factory=Reserved)

    async def add(self, spend: Spend) -> None:
        self.counted.append(spend)
        self.reserved.counted(spend)

    async def reserve(self, wanted: Reservation) -> Shortage | None:
        return self.reserved.ask(wanted, self.counted)

    async def release(self, hold: str) -> None:
        self.reserved.holds.pop(hold, None)

    async def spent(self, owner: str, first: str, last: str) -> Spent:
        mine = [spend for spend in self.counted if spend.owner == owner and first <= spend.day <= last]
        tokens = [(spend.messages, spend.prompt_tokens, spend.completion_tokens) for spend in mine]
        return Spent(owner, *(sum(column) for column in zip(*tokens, strict=True))) if mine else Spent(owner)


class MemoryStore:
    """Only the parts that the doors use; the others are missing on purpose."""

    def __init__(self) -> None:
        self.secrets = MemorySecrets()
        self.inbox = MemoryInbox()
        self.outbox = MemoryOutbox()
        self.usage = MemoryUsage()
        self.conversations = MemoryConversations()
        self.files = MemoryFiles()
        self.calls = MemoryCalls()
        self.broken = False

    async def stats(self) -> Mapping[str, float]:
        if self.broken:
            raise StoreError("the disk is gone")
        return {"entries_waiting": 2, "rows.unknown": 1, "commits_total": 7}


class MemoryStreams:
    def __init__(self) -> None:
        self.listeners: dict[str, list[tuple[asyncio.Queue[Streamed], bool]]] = {}
        self.lose_ends = False

    @asynccontextmanager
    async def subscribe(self, key: str, *, pieces: bool = True) -> AsyncIterator[AsyncIterator[Streamed]]:
        listener = (asyncio.Queue[Streamed](100), pieces)
        self.listeners.setdefault(key, []).append(listener)
        try:
            yield self._read(listener[0])
        finally:
            self.listeners[key].remove(listener)
            if not self.listeners[key]:
                del self.listeners[key]

    def listened(self, key: str) -> bool:
        return any(pieces for _, pieces in self.listeners.get(key, ()))

    def publish(self, key: str, piece: Streamed) -> None:
        for queue, pieces in self.listeners.get(key, ()):
            if pieces or piece.end:
                queue.put_nowait(piece)

    @staticmethod
    async def _read(queue: asyncio.Queue[Streamed]) -> AsyncIterator[Streamed]:
        while not (piece := await queue.get()).end:
            yield piece


def echo(event: Received) -> Message:
    return (Text(f"echo: {text_of(event.message)}"),)


@dataclass
class MemoryHub:
    """``answer`` makes the reply, ``hold`` keeps answers back until it is set, ``overloaded`` refuses acceptance."""

    answer: Callable[[Received], Message] = echo
    pieces: Sequence[str] = ()
    overloaded: bool = False
    lose_ends: bool = False
    people: MemoryPeople = field(default_factory=MemoryPeople)
    ready: bool = True
    go: asyncio.Event = field(default_factory=asyncio.Event)
    store: MemoryStore = field(default_factory=MemoryStore)
    streams: MemoryStreams = field(default_factory=MemoryStreams)
    entries: dict[str, Entry] = field(default_factory=dict)
    done: dict[int, tuple[Row, ...]] = field(default_factory=dict)
    accepted: int = 0
    calls: list[tuple[str, int]] = field(default_factory=list)
    up: dict[str, str | None] = field(default_factory=dict)
    elsewhere: Iterable[Room] = ()
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    limits: Limits = NO_LIMITS
    gate: Gate | None = None
    repeater: RepeaterParts | None = None

    def __post_init__(self) -> None:
        self.go.set()

    @property
    def host(self) -> Host:
        return replace(
            FakeHost().host,
            accept=self.accept,
            streams=self.streams,
            replies=self.replies,
            sent=self._sent,
            connected=self._connected,
            disconnected=self._disconnected,
        )

    async def accept(self, event: Event) -> Receipt:
        if self.overloaded:
            raise Overloaded("10000 messages wait", retry_after=3)
        if self.store.broken:
            raise StoreError("the disk is gone")
        key = event_key(event)
        await asyncio.sleep(0)
        first = self.entries.get(key)
        if first is not None:
            return Receipt(first, duplicate=True)
        self.accepted += 1
        entry = self.entries[key] = Entry(self.accepted, event.room.key, event)
        task = asyncio.create_task(self._work(entry))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return Receipt(entry)

    async def _work(self, entry: Entry) -> None:
        event = entry.event
        assert isinstance(event, Received)
        key = event_key(event)
        for piece in self.pieces:
            self.streams.publish(key, Streamed(piece))
        await self.go.wait()
        put = self.store.outbox.put
        rows = [put(room, (Text("for another room"),), State.QUEUED, entry.id) for room in self.elsewhere]
        reply = self.answer(event)
        if reply:
            rows.append(put(event.room, reply, entry=entry.id))
        self.done[entry.id] = tuple(rows)
        if not self.lose_ends:
            self.streams.publish(key, Streamed(end=True))

    async def replies(self, entry: int) -> Sequence[Row] | None:
        return self.done.get(entry)

    async def _sent(self, room: Room, message_id: str) -> bool:
        return False

    def _connected(self, account: Account) -> None:
        self.up[account.key] = None

    def _disconnected(self, account: Account, reason: Sentence) -> None:
        self.up[account.key] = say(reason, "en")

    # --- Control

    async def stop(self, owner: str) -> bool:
        return False

    def status(self) -> HubStatus:
        accounts = (AccountStatus("http", "local", True, 1.0),)
        return HubStatus("0.1.0", 1.5, self.ready, accounts, "demo <model>", "no key is set", 1, 2, 3)

    async def resend(self, row: int) -> bool:
        return self._change("resend", row, (State.UNKNOWN, State.DEAD, State.DROPPED))

    async def cancel(self, row: int) -> bool:
        return self._change("cancel", row, (State.QUEUED, State.UNKNOWN, State.DEAD))

    def _change(self, what: str, row: int, states: tuple[State, ...]) -> bool:
        self.calls.append((what, row))
        return row in self.store.outbox.rows and self.store.outbox.rows[row].state in states


async def until(done: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.005)


@dataclass
class Doors:
    """Everything of one running server."""

    hub: MemoryHub
    access: Access
    server: WebServer
    platform: HttpPlatform
    client: aiohttp.ClientSession
    url: str

    async def token(
        self, *scopes: str, owner: str = "", expires_at: float | None = None, per_minute: int = 0
    ) -> dict[str, str]:
        """The header of a new token."""
        _, secret = await self.access.issue("test", scopes, owner=owner, expires_at=expires_at, per_minute=per_minute)
        return {"Authorization": f"Bearer {secret}"}

    async def admin(self) -> dict[str, str]:
        return await self.token("admin")


MODELS = [ModelInfo("demo", "embedded", "SmolLM2-135M", note="English only")]


def services(hub: MemoryHub, platform: HttpPlatform, settings: ApiSettings, access: Access | None = None) -> Services:
    store = cast("Store", hub.store)
    counters: Callable[[], dict[str, float]] = lambda: {"messages_total": 5, "lanes": 3}  # noqa: E731
    chosen = access or Access(hub.store.secrets, public_names=("hub.example",))
    return Services(
        store,
        platform,
        hub,
        lambda: MODELS,
        chosen,
        settings,
        counters=counters,
        registry=hub.registry,
        meter=Meter(store.usage, hub.limits, time.time),
        people=hub.people,
        gate=hub.gate,
        repeater=hub.repeater or parts(hub.store.conversations),
    )


@asynccontextmanager
async def doors(
    hub: MemoryHub | None = None,
    *,
    routes: Sequence[Route] = (),
    http: HttpSettings | None = None,
    trusted: Sequence[str] = ("127.0.0.0/8", "::1/128"),
    **settings: Any,
) -> AsyncIterator[Doors]:
    """A server on a free port of loopback with a client."""
    hub = hub or MemoryHub()
    platform = HttpPlatform(http or HttpSettings(), hub.host)
    access = Access(hub.store.secrets, trusted_networks=trusted, public_names=("hub.example",))
    given = ApiSettings(**({"port": 0, "stop_seconds": 2} | settings))
    server = WebServer(services(hub, platform, given, access), routes)
    server.bind()
    async with asyncio.TaskGroup() as group, aiohttp.ClientSession() as client:
        running = group.create_task(server.run())
        looking = group.create_task(platform.run())
        try:
            await server.listening.wait()
            yield Doors(hub, access, server, platform, client, server.url)
        finally:
            hub.go.set()
            server.stop()
            await running
            looking.cancel()
