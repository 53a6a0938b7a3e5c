"""A hub's middle whose platform shows answers while they are written, and models that go on when a test says so."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from hubbub.bridge.growing import SIGN
from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.errors import DeliveryError
from hubbub.core.events import Received
from hubbub.core.messages import Text, text_of
from hubbub.core.turns import Delta
from hubbub.core.work import State
from hubbub.dispatch.drafting import DraftRules
from tests.unit.commands.hub import Models, Person, Setting, ShownPlatform, World, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from hubbub.core.addresses import Room
    from hubbub.core.messages import Message
    from hubbub.core.work import Row
    from tests.fakes.scripted import Step

STREAMS = Capabilities(
    delivery=Delivery.EDITABLE, markdown="commonmark", images=True, quotes=True, streams=True, edit_every=0.0
)
AT_ONCE = DraftRules(after=0.0, least=5, every=0.0)
DONE = Delta(finish="stop", model="m-1")
ALL = tuple(State)


@dataclass
class EditingPlatform(ShownPlatform):
    """``screen``: what is to be seen, by id. ``edits``: every new content. ``edit_faults`` are raised first."""

    screen: dict[str, str] = field(default_factory=dict)
    edits: list[str] = field(default_factory=list)
    edit_faults: list[DeliveryError] = field(default_factory=list)
    held: asyncio.Event | None = None
    holding: asyncio.Event = field(default_factory=asyncio.Event)

    @override
    async def send(self, row: Row) -> str:
        found = await super().send(row)
        self.screen[found] = text_of(row.out.message) or "(picture)"
        return found

    async def edit(self, room: Room, message_id: str, message: Message) -> None:
        if self.held is not None:
            self.holding.set()
            await self.held.wait()
        if self.edit_faults:
            raise self.edit_faults.pop(0)
        if message_id not in self.screen:
            raise DeliveryError("message to edit not found", certain=True, permanent=True)
        self.screen[message_id] = text_of(message)
        self.edits.append(text_of(message))

    async def delete(self, room: Room, message_id: str) -> None:
        if self.screen.pop(message_id, None) is None:
            raise DeliveryError("message to delete not found", certain=True, permanent=True)

    @property
    def seen(self) -> list[str]:
        return list(self.screen.values())


class Writing:
    """A model that writes the words of `writes`, one after another, each when it is told to."""

    def __init__(self, *last: Step) -> None:
        self.gates = [asyncio.Event() for _ in range(8)]
        self._last = last or (DONE,)

    def script(self, *words: str) -> list[Step]:
        steps: list[Step] = []
        for gate, word in zip(self.gates, words, strict=False):
            steps += [word, gate]
        return [*steps, *self._last]

    def go_on(self, number: int = 0) -> None:
        self.gates[number].set()


@dataclass
class Stage:
    hub: World
    platform: EditingPlatform
    person: Person

    def asks(self, text: str = "tell me") -> asyncio.Task[list[Row]]:
        return asyncio.create_task(self.person.sends(text))

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(10):
            while not condition():
                await asyncio.sleep(0.002)

    async def shows(self, text: str) -> None:
        """Wait until somebody sees exactly this."""
        await self.until(lambda: text in self.platform.seen)

    async def rows(self) -> list[Row]:
        """All of them, once it is stored what became of each: that is not waited for by who sends."""
        async with asyncio.timeout(10):
            while True:
                rows = list(await self.hub.store.outbox.deliveries(ALL, 1000))
                if not any(row.state in (State.QUEUED, State.SENDING) for row in rows):
                    return rows
                await asyncio.sleep(0.002)

    async def facts(self) -> list[tuple[str, State, bool, bool]]:
        """Of every row: its words, state, whether it is a draft, whether it takes the place of one."""
        rows = await self.rows()
        return [(text_of(row.out.message), row.state, row.out.draft, bool(row.out.edits)) for row in rows]


def growing_text(text: str) -> str:
    return f"{text} {SIGN}"


@asynccontextmanager
async def stage(
    folder: Path,
    models: Models,
    rules: DraftRules = AT_ONCE,
    can: Capabilities = STREAMS,
    setting: Setting | None = None,
) -> AsyncIterator[Stage]:
    async with world(folder, replace(setting or Setting(), capabilities=can), models) as hub:
        platform = EditingPlatform("fake", can)
        given: Any = hub.ways.platforms
        given["fake"] = hub.platforms["fake"] = platform
        hub.road.drafts.commit = hub.dispatcher.meanwhile
        hub.sender.shows.streams = hub.ways.streams
        hub.ways = replace(hub.ways, drafts=rules)
        hub.road.use(hub.ways)
        yield Stage(hub, platform, hub.person())


def question(person: Person, number: int, text: str = "tell me") -> Received:
    return Received(f"q{number}", person.room, person.author, (Text(text),), 1.0, f"m{number}", addressed=True)
