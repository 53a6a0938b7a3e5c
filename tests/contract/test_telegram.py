"""Telegram keeps the contract of platforms, whether it fetches its messages or they are brought."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from hubbub.core.addresses import Room
from hubbub.platforms.telegram.adapter import TelegramAdapter
from hubbub.platforms.telegram.settings import TelegramSettings
from tests.contract.bringing import Bringing
from tests.contract.buttons_suite import ButtonsSuite
from tests.contract.platform_suite import PlatformHarness, PlatformSuite, Wrong
from tests.fakes.platform_host import FakeHost
from tests.fakes.telegram import DATE, TOKEN, FakeTelegram, pressed, said, telegram

if TYPE_CHECKING:
    import aiohttp

ODD: tuple[dict[str, Any], ...] = (
    {"update_id": 1},
    {"update_id": 2, "message": {}},
    {"update_id": 3, "message": {"message_id": "x", "date": "y", "chat": 5}},
    {"update_id": 4, "message": {"message_id": 1, "date": DATE, "chat": {"id": 1, "type": "private"}}},
    {"update_id": 5, "message": {"message_id": 1, "date": 10**30, "chat": {"id": 1, "type": "private"}, "text": "x"}},
    {"update_id": 6, "callback_query": {"id": "1", "from": {"id": 1, "is_bot": False, "first_name": "A"}}},
    {"update_id": 7, "message_reaction": []},
    {"update_id": 8, "no such kind": {"a": 1}},
    {"update_id": 9, "edited_message": None},
    {
        "update_id": 10,
        "message": said("x", 1)["message"] | {"entities": [{"type": "bold", "offset": 90, "length": 900}]},
    },
)


class Polling:
    redelivers = True
    connects = True
    room = Room("telegram", "10001", "private", "20001")

    def __init__(self, fake: FakeTelegram, settings: TelegramSettings) -> None:
        self.host = FakeHost()
        self.fake = fake
        self.platform = TelegramAdapter(settings, self.host.host)
        self._run: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._run = asyncio.create_task(self.platform.run())
        await self.host.until(lambda: self.host.up.get("10001", "") is None)

    async def stop(self) -> None:
        assert self._run
        self._run.cancel()
        await asyncio.wait((self._run,))
        if not self._run.cancelled():
            self._run.result()

    def say(self, text: str, number: int) -> None:
        self.push(said(text, number))

    def push(self, payload: Any) -> None:
        self.fake.push(payload)

    def push_odd(self) -> None:
        for odd in ODD:
            self.push(odd)

    def shown(self) -> Sequence[tuple[str, str]]:
        return [(str(number), text) for number, text in self.fake.messages.items()]

    def fail(self, wrong: Wrong) -> None:
        self.fake.wrong.append(wrong)

    async def cut(self) -> None:
        self.fake.broken = True
        self.fake.more.set()
        await self.host.until(lambda: self.host.up.get("10001") is not None)
        self.fake.broken = False
        await self.host.until(lambda: self.host.up.get("10001", "") is None)

    def effects(self) -> Sequence[tuple[str, str]]:
        return self.fake.effects

    def labels(self, message_id: str) -> list[str]:
        return [button["text"] for line in self.fake.keyboards.get(int(message_id), ()) for button in line]

    def press(self, message_id: str, label: str, number: int) -> None:
        buttons = (button for line in self.fake.keyboards[int(message_id)] for button in line)
        data = next(button["callback_data"] for button in buttons if button["text"] == label)
        self.push(pressed(data, number, int(message_id)))

    @property
    def acknowledged(self) -> int:
        return len(self.fake.answered)


def settings(fake: FakeTelegram, **more: Any) -> TelegramSettings:
    given = {"token": TOKEN, "api_base": fake.url, "api_timeout_seconds": 2.5, "reconnect_seconds": 0.02}
    return TelegramSettings.model_validate(given | more)


class Brought(Polling):
    """What Telegram brings."""

    def __init__(self, fake: FakeTelegram) -> None:
        super().__init__(fake, settings(fake, webhook_url="https://hub.example"))
        self._bringing = Bringing(self.host, self.platform.routes, self._bring)

    @override
    async def start(self) -> None:
        await super().start()
        await self._bringing.start()

    @override
    async def stop(self) -> None:
        await super().stop()
        await self._bringing.stop()

    async def _bring(self, session: aiohttp.ClientSession, update: Any, address: str) -> bool:
        return await self.fake.bring_by(session, update, address) == 200

    @override
    def push(self, payload: Any) -> None:
        self._bringing.push(payload)

    @override
    async def cut(self) -> None:
        await self.stop()
        await self.start()


class TestPolling(ButtonsSuite, PlatformSuite):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[PlatformHarness]:
        async with telegram() as fake:
            yield Polling(fake, settings(fake, poll_seconds=1))


class TestWebhook(PlatformSuite):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[PlatformHarness]:
        async with telegram() as fake:
            yield Brought(fake)
