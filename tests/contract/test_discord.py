"""Discord keeps the contract of platforms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from hubbub.core.addresses import Room
from hubbub.platforms.discord.adapter import DiscordAdapter
from hubbub.platforms.discord.settings import DiscordSettings
from tests.contract.buttons_suite import ButtonsSuite
from tests.contract.platform_suite import PlatformHarness, PlatformSuite, Wrong
from tests.fakes.discord import FakeDiscord, discord
from tests.fakes.discord_payloads import DM, ME, TOKEN, message, press
from tests.fakes.platform_host import FakeHost

ODD: tuple[tuple[str, Any], ...] = (
    ("MESSAGE_CREATE", {}),
    ("MESSAGE_CREATE", None),
    ("MESSAGE_CREATE", []),
    ("MESSAGE_CREATE", {"id": "no number", "channel_id": DM, "author": {"id": "1"}, "content": "x"}),
    ("MESSAGE_CREATE", message(1, "x", author={})),
    ("MESSAGE_CREATE", message(2, "x", mentions=[{}])),
    ("MESSAGE_CREATE", message(3, "x", attachments=[{}])),
    ("MESSAGE_CREATE", message(4, "")),
    ("MESSAGE_UPDATE", {"id": "1", "edited_timestamp": "yesterday", "author": {"id": "2"}, "channel_id": "3"}),
    ("MESSAGE_DELETE", {"id": "x"}),
    ("MESSAGE_REACTION_ADD", {"user_id": "1"}),
    ("INTERACTION_CREATE", {"type": 2}),
    ("NO_SUCH_EVENT", {"a": 1}),
    ("", 5),
)


def settings(fake: FakeDiscord, **more: Any) -> DiscordSettings:
    quick = {"api_timeout_seconds": 2.5, "reconnect_seconds": 0.02}
    return DiscordSettings.model_validate({"token": TOKEN, "api_base": fake.url} | quick | more)


class Harness:
    redelivers = True
    connects = True
    room = Room("discord", ME, "private", DM)

    def __init__(self, fake: FakeDiscord) -> None:
        self.host = FakeHost()
        self.fake = fake
        self.platform = DiscordAdapter(settings(fake), self.host.host)
        self._run: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._run = asyncio.create_task(self.platform.run())
        await self.host.until(lambda: self.host.up.get(ME, "") is None)

    async def stop(self) -> None:
        assert self._run
        self._run.cancel()
        await asyncio.wait((self._run,))
        if not self._run.cancelled():
            self._run.result()

    def say(self, text: str, number: int) -> None:
        self.fake.push("MESSAGE_CREATE", message(number, text))

    def push(self, payload: Any) -> None:
        self.fake.push(payload["t"], payload["d"])

    def push_odd(self) -> None:
        for name, data in ODD:
            self.fake.push(name, data)
        for raw in ("", "{", "[]", "5", '{"op": "x"}', '{"op": 77}', '{"op": 0, "s": "x"}'):
            self.fake.push_raw(raw)

    def shown(self) -> Sequence[tuple[str, str]]:
        return list(self.fake.messages.items())

    def fail(self, wrong: Wrong) -> None:
        self.fake.wrong.append(wrong)

    async def cut(self) -> None:
        self.fake.down = True
        self.fake.cut()
        await self.host.until(lambda: self.host.up.get(ME) is not None)
        self.fake.down = False
        await self.host.until(lambda: self.host.up.get(ME, "") is None)

    def effects(self) -> Sequence[tuple[str, str]]:
        return self.fake.effects

    def _buttons(self, message_id: str) -> list[dict[str, Any]]:
        return [button for line in self.fake.components[message_id] for button in line["components"]]

    def labels(self, message_id: str) -> list[str]:
        return [button["label"] for button in self._buttons(message_id)]

    def press(self, message_id: str, label: str, number: int) -> None:
        carries = next(each["custom_id"] for each in self._buttons(message_id) if each["label"] == label)
        self.fake.push("INTERACTION_CREATE", press(number, message_id, carries))

    @property
    def acknowledged(self) -> int:
        return len(self.fake.callbacks)


class TestDiscord(ButtonsSuite, PlatformSuite):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[PlatformHarness]:
        async with discord() as fake:
            yield Harness(fake)
