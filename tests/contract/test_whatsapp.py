"""WhatsApp keeps the contract of platforms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp
import pytest
from typing_extensions import override

from hubbub.core.addresses import Room
from hubbub.platforms.whatsapp.adapter import WhatsAppAdapter
from hubbub.platforms.whatsapp.settings import WhatsAppSettings
from tests.contract.buttons_suite import ButtonsSuite
from tests.contract.platform_suite import PlatformHarness, PlatformSuite, Wrong
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving
from tests.fakes.whatsapp import (
    NUMBER,
    PERSON,
    SECRET,
    TOKEN,
    VERIFY,
    FakeWhatsApp,
    message,
    notice,
    pressed,
    said,
    value,
    whatsapp,
)

ODD: tuple[dict[str, Any] | bytes, ...] = (
    b"",
    b"{not json",
    b"[]",
    b"null",
    {},
    {"entry": 5},
    {"entry": [5]},
    {"entry": [{"changes": [{"field": "messages", "value": []}]}]},
    {"entry": [{"changes": [{"field": "messages", "value": {"metadata": {}}}]}]},
    {"entry": [{"changes": [{"field": "account_update", "value": {"event": "x"}}]}]},
    notice(value(messages=[{}])),
    notice(value(messages=[5])),
    notice(value(messages=[message(1, text={"body": 5})])),
    notice(value(messages=[message(2, text={"body": "x"}) | {"timestamp": "yesterday"}])),
    notice(value(messages=[message(3, location={"latitude": "north"})])),
    notice(value(messages=[message(4, unsupported={})])),
    notice(value(messages=[message(5, reaction={"emoji": "x"})])),
    notice(value(statuses=[{"status": "failed"}])),
    notice(
        value() | {"metadata": {"phone_number_id": "somebody else's"}, "messages": [message(6, text={"body": "x"})]}
    ),
)


def settings(fake: FakeWhatsApp, **more: Any) -> WhatsAppSettings:
    given = {"phone_number_id": NUMBER, "access_token": TOKEN, "app_secret": SECRET, "verify_token": VERIFY}
    quick = {"api_base": fake.url, "api_timeout_seconds": 2.5, "reconnect_seconds": 0.02}
    return WhatsAppSettings.model_validate(given | quick | more)


class Harness:
    """What WhatsApp brings, one after the other, each until it is taken."""

    redelivers = True
    connects = True
    room = Room("whatsapp", NUMBER, "private", PERSON)

    def __init__(self, fake: FakeWhatsApp) -> None:
        self.host = FakeHost()
        self.fake = fake
        self.platform = WhatsAppAdapter(settings(fake), self.host.host)
        self.address = ""
        self._waiting: asyncio.Queue[Any] = asyncio.Queue()
        self._open: list[Any] = []
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._served: Any = None

    async def start(self) -> None:
        self._served = serving(self.platform.routes)
        self.address = await self._served.__aenter__()
        self._tasks = (asyncio.create_task(self.platform.run()), asyncio.create_task(self._bring()))
        await self.host.until(lambda: self.host.up.get(NUMBER, "") is None)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        for task in self._tasks:
            if not task.cancelled():
                task.result()
        for future, _ in self.host.waiting:  # a hub that ends answers whoever waits
            future.cancel()
        await self._served.__aexit__(None, None, None)

    async def _bring(self) -> None:
        """Each in its turn, without waiting for the answer to the one before; again what was not taken."""
        url = f"http://{self.address}/whatsapp/webhook"
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as self._session, asyncio.TaskGroup() as group:
            for body in list(self._open):
                await self._bring_one(group, body, url)
            while True:
                self._open.append(await self._waiting.get())
                await self._bring_one(group, self._open[-1], url)

    async def _bring_one(self, group: asyncio.TaskGroup, body: Any, url: str) -> None:
        before = len(self.host.offered)
        task = group.create_task(self._until_taken(body, url))
        while not task.done() and len(self.host.offered) == before:
            await asyncio.sleep(0.001)

    async def _until_taken(self, body: Any, url: str) -> None:
        while await self.fake.bring_by(self._session, body, url) not in (200, 400):
            await asyncio.sleep(0.01)
        self._open.remove(body)

    def say(self, text: str, number: int) -> None:
        self.push(said(text, number))

    def push(self, payload: Any) -> None:
        self._waiting.put_nowait(payload)

    def push_odd(self) -> None:
        for odd in ODD:
            self.push(odd)

    def shown(self) -> Sequence[tuple[str, str]]:
        return self.fake.texts

    def fail(self, wrong: Wrong) -> None:
        self.fake.wrong.append(wrong)

    async def cut(self) -> None:
        await self.stop()
        await self.start()

    def effects(self) -> Sequence[tuple[str, str]]:
        return self.fake.effects

    acknowledged = None

    def _choices(self, message_id: str) -> list[tuple[str, str, str]]:
        """(label, what it carries, its kind) of all buttons of a message, or of the rows of its list."""
        action = dict(self.fake.sent)[message_id]["interactive"]["action"]
        rows = [row for section in action.get("sections", ()) for row in section["rows"]]
        replies = [each["reply"] for each in action.get("buttons", ())]
        return [(each["title"], each["id"], "list_reply" if rows else "button_reply") for each in rows or replies]

    def labels(self, message_id: str) -> list[str]:
        return [label for label, _, _ in self._choices(message_id)]

    def press(self, message_id: str, label: str, number: int) -> None:
        found = next(each for each in self._choices(message_id) if each[0] == label)
        self.push(pressed(found[1], label, number, message_id, found[2]))


class TestWhatsApp(ButtonsSuite, PlatformSuite):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[PlatformHarness]:
        async with whatsapp() as fake:
            yield Harness(fake)

    @override
    async def test_abilities_do_what_they_say(self, running: PlatformHarness) -> None:
        running.say("writing is shown on somebody's message", 1)
        await running.host.count(1)
        await super().test_abilities_do_what_they_say(running)
