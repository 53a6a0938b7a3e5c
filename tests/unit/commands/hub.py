"""People who talk to a hub's middle: the real store, road and dispatcher, platforms that show what was sent."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import TYPE_CHECKING

from typing_extensions import override

from hubbub.bridge.triggers import Triggers
from hubbub.chat.answer import Chat
from hubbub.chat.settings import ChatSettings
from hubbub.commands.access.gate import Gate
from hubbub.commands.access.rules import AccessRules
from hubbub.commands.manners.board import Board
from hubbub.commands.manners.rules import MannersRules
from hubbub.commands.registry import Commands
from hubbub.conversations.limits import NO_LIMITS, Limits, Meter
from hubbub.conversations.people.directory import Directory
from hubbub.core.addresses import Account, Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.events import Event, Received
from hubbub.core.identities import Author, owner_of
from hubbub.core.messages import Text, text_of
from hubbub.core.phrases import Phrase
from hubbub.core.status import HubStatus
from hubbub.core.turns import ModelInfo
from hubbub.dispatch.control import HubControl
from hubbub.dispatch.delivery import Patience, Sender
from hubbub.dispatch.dispatcher import Bounds, Dispatcher
from hubbub.dispatch.means import HubMeans
from hubbub.dispatch.road import Road
from hubbub.dispatch.streams import LocalStreams
from hubbub.dispatch.ways import Ways
from hubbub.storage.sqlite.store import SqliteStore
from tests.fakes.scripted import ScriptedModels

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from hubbub.core.identities import RoomRole
    from hubbub.core.messages import Message, Segment
    from hubbub.core.models import ModelSpec
    from hubbub.core.ports import Platform, Route
    from hubbub.core.work import Row

ME = "me"
ENGLISH = ChatSettings(language="en", system_prompt="Be kind.")
EVERYTHING = Capabilities(markdown="commonmark", files=True, images=True, quotes=True)
PLATFORMS = ("fake", "other")


class Models(ScriptedModels):
    """Scripted models that also say of themselves what commands ask."""

    reason = "a test says so"

    @property
    def infos(self) -> Sequence[ModelInfo]:
        return [ModelInfo(spec.name, spec.provider, spec.id, note=spec.note) for spec in self.specs]

    @override
    def find(self, name: str) -> ModelSpec | None:
        return next((spec for spec in self.specs if name.lower() in (spec.name.lower(), spec.type)), None)


@dataclass
class ShownPlatform:
    """Remembers what it sent, and takes what its capabilities say."""

    name: str
    can: Capabilities
    shown: list[Row] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    routes: tuple[Route, ...] = ()

    def capabilities(self, room: Room) -> Capabilities:
        return self.can

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def send(self, row: Row) -> str:
        if self.faults:
            raise self.faults.pop(0)
        self.shown.append(row)
        return f"sent-{row.id}"


@dataclass(frozen=True)
class Setting:
    """What a test's hub is set to."""

    chat: ChatSettings = ENGLISH
    triggers: Triggers = field(default_factory=Triggers)
    access: AccessRules = field(default_factory=AccessRules)
    capabilities: Capabilities = EVERYTHING
    limits: Limits = NO_LIMITS
    manners: MannersRules = field(default_factory=MannersRules)


class World:
    """A hub's middle, with a clock that a test can set forward."""

    def __init__(self, store: SqliteStore, tasks: asyncio.TaskGroup, setting: Setting, models: Models) -> None:
        self.store = store
        self.models = models
        self.later = 0.0
        self.reloads = 0
        self.platforms = {name: ShownPlatform(name, setting.capabilities) for name in PLATFORMS}
        given: dict[str, Platform] = dict(self.platforms)
        self.sender = Sender(store.outbox, given, tasks, Patience(first=0.02, longest=0.05))
        for name in PLATFORMS:
            self.sender.connected(Account(name, ME))
        known = asyncio.Event()
        known.set()
        self.gate = Gate(store.conversations, setting.access, setting.limits, self.clock)
        self.board = Board(store.conversations, setting.manners, self.clock)
        self.people = Directory(store.conversations)
        self.gate.know(self.people)
        setting.triggers.people = self.people
        meter = Meter(store.usage, setting.limits, self.clock, UTC, self.gate.limits)
        chosen = replace(setting.chat, room_language=self.gate.language)
        chat = Chat(store.conversations, models, chosen, meter, lambda: "e1")
        means = HubMeans(
            store=store,
            chat=chat,
            platforms=given,
            models=models,
            meter=meter,
            gate=self.gate,
            people=self.people,
            board=self.board,
            controls=lambda: self.control,
            zone=UTC,
            personas=setting.chat.personas,
            reloading=self.reload,
        )
        self.ways = ways = Ways(
            commands=Commands(),
            chat=chat,
            triggers=setting.triggers,
            platforms=given,
            streams=LocalStreams(),
            means=means,
            models_known=known,
            language=setting.chat.language,
        )
        self.road = Road(ways, self.sender)
        self.dispatcher = Dispatcher(store.inbox, self.road, tasks, "node", Bounds())
        self.control = HubControl(self.dispatcher, self.sender, self.status)
        self._run = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    async def reload(self) -> Sequence[Phrase]:
        self.reloads += 1
        return [Phrase("command.reload.help")]

    def clock(self) -> float:
        return time.time() + self.later

    def status(self) -> HubStatus:
        return HubStatus("0", 0.0, True, self.sender.accounts, "main", "", 0, 0, 0)

    async def take(self, event: Event) -> list[Row]:
        """Accept an event and wait until nothing is under way; all that was sent since, to whichever room."""
        before = {name: len(platform.shown) for name, platform in self.platforms.items()}
        await self.dispatcher.accept(event)
        async with asyncio.timeout(10):
            while self.dispatcher.held or self.sender.waiting:
                await asyncio.sleep(0.001)
        return [row for name, platform in self.platforms.items() for row in platform.shown[before[name] :]]

    def person(self, user: str = "ann", platform: str = "fake", **more: object) -> Person:
        return Person(self, Room(platform, ME, "private", user), Author(user, user.title()), **more)  # type: ignore[arg-type]

    def member(self, user: str = "ann", group: str = "g1", role: RoomRole = "member") -> Person:
        return Person(self, Room("fake", ME, "group", group), Author(user, user.title(), role))

    def number(self) -> str:
        """Unlike that of any event before, also of an earlier run."""
        return f"{self._run}-{next(self._numbers)}"


@dataclass(frozen=True)
class Person:
    """Somebody in a room; ``locale`` is what their platform says of them."""

    world: World
    room: Room
    author: Author
    locale: str = ""
    owner_named: str = ""
    branch: str = ""

    @property
    def owner(self) -> str:
        return self.owner_named or owner_of(self.room, self.author.id)

    async def sends(self, message: str | Message, *, addressed: bool = True) -> list[Row]:
        number = self.world.number()
        message = (Text(message),) if isinstance(message, str) else message
        event = Received(
            f"e{number}",
            self.room,
            self.author,
            message,
            time.time(),
            f"m{number}",
            addressed=addressed,
            locale=self.locale,
            owner=self.owner_named,
            branch=self.branch,
        )
        return await self.world.take(event)

    async def reads(self, message: str | Message, *, addressed: bool = True) -> str:
        """The words of what comes back into the room."""
        rows = await self.sends(message, addressed=addressed)
        return "\n".join(text_of(row.out.message) for row in rows if row.out.room == self.room)

    async def segments(self, message: str) -> list[Segment]:
        """All segments of what comes back into the room."""
        return [each for row in await self.sends(message) if row.out.room == self.room for each in row.out.message]

    def within(self, branch: str) -> Person:
        """The same person with a program that names the conversation itself."""
        return replace(self, branch=branch)


@asynccontextmanager
async def world(folder: Path, setting: Setting | None = None, models: Models | None = None) -> AsyncIterator[World]:
    """A running hub's middle on a real store."""
    store = SqliteStore(folder)
    await store.open()
    try:
        async with asyncio.TaskGroup() as tasks:
            made = World(store, tasks, setting or Setting(), models or Models())
            await made.gate.load()
            await made.people.load()
            await made.sender.start("node")
            claims = tasks.create_task(made.dispatcher.claims())
            try:
                yield made
            finally:
                claims.cancel()
                made.dispatcher.end()
                made.sender.end()
    finally:
        await store.close()
