"""A thousand chats whose answers grow at once, on a platform that counts how often it is called.

Some calls are refused here that would not be elsewhere: while the store's threads work, the clock jumps between the
turn of a call and the call.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.errors import DeliveryError
from hubbub.core.events import Received
from hubbub.core.messages import Text
from hubbub.core.turns import Delta
from hubbub.core.work import State
from hubbub.dispatch.drafting import DraftRules
from tests.fakes.jumping import jumping
from tests.unit.commands.hub import ENGLISH, Models, Setting, World, world
from tests.unit.dispatch.streaming import ALL, EditingPlatform

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hubbub.core.addresses import Room
    from hubbub.core.messages import Message
    from hubbub.core.turns import ChatRequest
    from hubbub.core.work import Row
    from tests.fakes.scripted import Step

CAN = Capabilities(
    delivery=Delivery.EDITABLE, markdown="commonmark", streams=True, edit_every=1.1, calls_per_second=25, max_length=400
)
# What the store's threads do makes the clock jump.
SETTING = Setting(chat=replace(ENGLISH, answer_seconds=1e9), capabilities=CAN)
OF_THE_BOT, OF_A_CHAT = 30, 1.0
WORDS = 30


@dataclass
class CountingPlatform(EditingPlatform):
    """Refuses what comes too often: more than 30 calls of the bot in a second, or two about a chat."""

    refused: int = 0
    calls: deque[float] = field(default_factory=lambda: deque[float](maxlen=OF_THE_BOT))
    chats: dict[str, float] = field(default_factory=dict)
    drafts: int = 0

    def _count(self, room: Room) -> None:
        now = asyncio.get_running_loop().time()
        often = len(self.calls) == OF_THE_BOT and now - self.calls[0] < 1.0
        if often or now - self.chats.get(room.id, -9.0) < OF_A_CHAT:
            self.refused += 1
            raise DeliveryError("too many requests", certain=True, retry_after=3.0)
        self.calls.append(now)
        self.chats[room.id] = now

    @override
    async def send(self, row: Row) -> str:
        self._count(row.out.room)
        self.drafts += row.out.draft
        await asyncio.sleep(0.05)
        return await super().send(row)

    @override
    async def edit(self, room: Room, message_id: str, message: Message) -> None:
        self._count(room)
        await asyncio.sleep(0.05)
        await super().edit(room, message_id, message)


def script(request: ChatRequest) -> list[Step]:
    """Words for about two minutes."""
    asked = request.turns[-1].content
    steps: list[Step] = [step for number in range(WORDS) for step in (f"{asked} word {number} ", 4.0)]
    return [*steps, Delta(finish="stop", model="m-1")]


def answer_to(number: int) -> str:
    return "".join(f"q{number:04d} word {at} " for at in range(WORDS)).strip()


async def _answered(hub: World, chats: int) -> None:
    for number in range(chats):
        person = hub.person(f"u{number}")
        words = (Text(f"q{number:04d}"),)
        event = Received(f"e{number}", person.room, person.author, words, 1.0, f"m{number}", addressed=True)
        await hub.dispatcher.accept(event)
    while hub.dispatcher.held or hub.sender.waiting or await hub.store.outbox.deliveries([State.SENDING]):
        await asyncio.sleep(0.2)


def _shown(rows: list[Row], platform: CountingPlatform) -> Iterator[tuple[str, str]]:
    """Of each chat all that is to be seen there, in order."""
    for row in rows:
        if not row.out.draft:
            yield row.out.room.id, platform.screen[row.message_id]


async def _stream(folder: Path, chats: int) -> CountingPlatform:
    async with world(folder, SETTING, Models(script)) as hub:
        platform = CountingPlatform("fake", CAN)
        given: Any = hub.ways.platforms
        given["fake"] = platform
        hub.road.drafts.commit = hub.dispatcher.meanwhile
        hub.sender.shows.streams = hub.ways.streams
        hub.road.use(replace(hub.ways, drafts=DraftRules()))
        await _answered(hub, chats)
        rows = list(await hub.store.outbox.deliveries(ALL, 100_000))
        assert {row.state for row in rows} <= {State.SENT, State.DROPPED}
        seen: dict[str, str] = {}
        for chat, text in _shown(rows, platform):
            seen[chat] = f"{seen[chat]} {text}" if chat in seen else text
        assert seen == {f"u{number}": answer_to(number) for number in range(chats)}
        assert len(platform.screen) == sum(not row.out.draft for row in rows)
        assert hub.sender.shows.open == 0
    return platform


@jumping
async def test_forty_chats_stream_within_the_limits(tmp_path: Path) -> None:
    platform = await _stream(tmp_path, 40)
    assert platform.drafts >= 38
    assert len(platform.edits) > 40 * 5
    assert platform.refused <= 40


@pytest.mark.slow
@pytest.mark.timeout(300)
@jumping
async def test_a_thousand_chats_stream_within_the_limits(tmp_path: Path) -> None:
    platform = await _stream(tmp_path, 1000)
    assert platform.drafts > 900
    assert len(platform.edits) > 2000
    assert platform.refused <= 500
