"""A chat with what surrounds it in memory."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from hubbub.chat.answer import Chat
from hubbub.chat.settings import ChatSettings
from hubbub.chat.stop import StopSignal
from hubbub.conversations.contexts import context_of
from hubbub.conversations.limits import NO_LIMITS, Limits, Meter
from hubbub.core.addresses import Room
from hubbub.core.events import Received
from hubbub.core.identities import Author, Role
from hubbub.core.messages import Blob, Media, Message, Text, text_of
from hubbub.core.work import Entry
from hubbub.skills.calling import SkillRules, Skills, Surroundings
from tests.fakes.memory import MemoryConversations, MemoryUsage
from tests.fakes.platform_host import MemoryFiles
from tests.fakes.scripted import ScriptedModels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hubbub.core.ports import Answer, Skill, Streamed
    from hubbub.core.turns import Turn

PRIVATE = Room("test", "bot", "private", "u1")
GROUP = Room("test", "bot", "group", "g1")
OWNER = "test:private:u1"
ENGLISH = ChatSettings(language="en", system_prompt="Be kind.")


class Talk:
    """One person who talks to a chat, with a clock that the test moves."""

    def __init__(
        self,
        models: ScriptedModels | None = None,
        settings: ChatSettings = ENGLISH,
        limits: Limits = NO_LIMITS,
        skills: Sequence[Skill] = (),
        rules: SkillRules | None = None,
        **changes: object,
    ) -> None:
        self.now = 1_769_860_800.0
        self.kept = MemoryConversations(clock=lambda: self.now)
        self.models = models or ScriptedModels()
        self.stop = StopSignal()
        self.pieces: list[Streamed] | None = None
        self.begun = asyncio.Event()
        settings = replace(settings, **changes)  # type: ignore[arg-type]
        meter = Meter(MemoryUsage(self.kept), limits, lambda: self.now, UTC)
        self.role = Role.USER
        self.shows = True
        self.files = MemoryFiles()
        around = Surroundings(lambda _: self.role, lambda _: self.shows, self._fetch, self.files, UTC)
        if skills:
            settings = replace(settings, skills=Skills(skills, rules or SkillRules(), around, meter))
        self.chat = Chat(self.kept, self.models, settings, meter, lambda: "e1")
        self._ids = itertools.count(1)

    def entry(self, message: Message, room: Room = PRIVATE, **fields: object) -> Entry:
        number = next(self._ids)
        event = Received(str(number), room, Author("u1", "Ann"), message, self.now, f"m{number}", addressed=True)
        return Entry(number, room.key, replace(event, **fields))  # type: ignore[arg-type]

    async def _fetch(self, room: Room, media: Media) -> Blob:
        return await self.files.fetch(media)

    async def ask(
        self,
        message: str | Message,
        room: Room = PRIVATE,
        owner: str = OWNER,
        options: Mapping[str, object] | None = None,
    ) -> Answer:
        message = (Text(message),) if isinstance(message, str) else message
        entry = self.entry(message, room, options=dict(options or {}))
        listen = None if self.pieces is None else self._listen
        return self.kept.keep(await self.chat.answer(entry, owner, text_of(message), listen, self.stop))

    async def started(self, text: str = "x") -> asyncio.Task[Answer]:
        """A question whose answer has begun to come."""
        self.pieces = []
        task = asyncio.create_task(self.ask(text))
        await self.begun.wait()
        return task

    def _listen(self, piece: Streamed) -> None:
        assert self.pieces is not None
        self.pieces.append(piece)
        self.begun.set()

    async def retry(self) -> Answer:
        entry = self.entry((Text("/retry"),))
        return self.kept.keep(await self.chat.retry(entry, OWNER, None, self.stop))

    async def turns(self, branch: str = "") -> list[tuple[str, str]]:
        found = context_of(await self.kept.branch(OWNER, "context", branch)).turns
        return [(turn.role, turn.content) for turn in found]

    def asked(self) -> list[tuple[str, str]]:
        """The turns of the last request."""
        return [(turn.role, turn.content) for turn in self.models.requests[-1].turns]

    def last(self) -> Turn:
        """The last turn of the last request."""
        return self.models.requests[-1].turns[-1]


def said(answer: Answer) -> str:
    """The words of an answer."""
    return text_of(answer.message)
