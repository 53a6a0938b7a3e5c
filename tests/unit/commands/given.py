"""Somebody gives a command."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from hubbub.commands.command import CommandContext
from hubbub.commands.registry import Commands
from hubbub.core.addresses import Room
from hubbub.core.events import Received
from hubbub.core.identities import Author, Role
from hubbub.core.messages import Message, Text, text_of
from hubbub.core.ports import Answer
from hubbub.core.status import HubStatus
from hubbub.core.work import Entry
from tests.fakes.memory import MemoryConversations

if TYPE_CHECKING:
    from hubbub.commands.command import Asking, Means

PRIVATE = Room("test", "100", "private", "u1")
GROUP = Room("test", "100", "group", "g1")
NOW = 1_769_860_800.0


def received(message: str | Message, room: Room = PRIVATE, *, addressed: bool = False) -> Received:
    message = (Text(message),) if isinstance(message, str) else message
    return Received("1", room, Author("u1", "Ann"), message, NOW, "m1", addressed=addressed or room.direct)


@dataclass
class FakeControl:
    """Remembers who was stopped."""

    running: set[str] = field(default_factory=set)
    found: HubStatus = HubStatus("0.1.0", NOW - 90_000, True, (), "main", "set in the config", 0, 0, 0)  # noqa: RUF009

    async def stop(self, owner: str) -> bool:
        found = owner in self.running
        self.running.discard(owner)
        return found

    def status(self) -> HubStatus:
        return self.found

    async def resend(self, row: int) -> bool:
        raise NotImplementedError

    async def cancel(self, row: int) -> bool:
        raise NotImplementedError


@dataclass
class FakeMeans:
    """What commands use, in memory; what no test here needs is left out."""

    conversations: MemoryConversations
    control: FakeControl
    zone: None = None
    personas: dict[str, str] = field(default_factory=dict)

    def clock(self) -> float:
        return NOW


class Person:
    """Gives commands in one room, in one language."""

    def __init__(
        self, commands: Commands | None = None, role: Role = Role.USER, language: str = "en", room: Room = PRIVATE
    ) -> None:
        self.commands = commands or Commands()
        self.control = FakeControl()
        self.kept = MemoryConversations(clock=lambda: NOW)
        self.role = role
        self.spoken = language
        self.room = room
        self.asked_language = 0
        self.retried = 0

    async def gives(self, text: str, addressed: bool = True) -> Answer | None:
        event = received(text, self.room, addressed=addressed)
        call = self.commands.find(event, text)
        if call is None:
            return None
        answer = await self.commands.run(call, self.context(event))
        self.kept.keep(answer)
        return answer

    async def reads(self, text: str) -> str:
        """What the person reads after giving a command."""
        answer = await self.gives(text)
        assert answer is not None
        return text_of(answer.message)

    def context(self, event: Received) -> CommandContext:
        means = cast("Means", FakeMeans(self.kept, self.control))
        asking = cast("Asking", self)
        return CommandContext(Entry(1, "lane", event), event, "test:private:u1", self.role, means, asking)

    async def language(self) -> str:
        self.asked_language += 1
        return self.spoken

    async def retry(self) -> Answer:
        self.retried += 1
        return Answer((Text("again"),))
