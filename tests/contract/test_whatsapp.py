"""WhatsApp keeps the contract of platforms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from hubbub.core.addresses import Room
from hubbub.platforms.whatsapp.adapter import WhatsAppAdapter
from hubbub.platforms.whatsapp.settings import WhatsAppSettings
from tests.contract.bringing import Bringing
from tests.contract.buttons_suite import ButtonsSuite
from tests.contract.platform_suite import PlatformHarness, PlatformSuite, Wrong
from tests.fakes.platform_host import FakeHost
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

if TYPE_CHECKING:
    import aiohttp

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
    """What WhatsApp brings."""

    redelivers = True
    connects = True
    room = Room("whatsapp", NUMBER, "private", PERSON)

    def __init__(self, fake: FakeWhatsApp) -> None:
        self.host = FakeHost()
        self.fake = fake
        self.platform = WhatsAppAdapter(settings(fake), self.host.host)
        self._bringing = Bringing(self.host, self.platform.routes, self._bring)
        self._run: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._run = asyncio.create_task(self.platform.run())
        await self._bringing.start()
        await self.host.until(lambda: self.host.up.get(NUMBER, "") is None)

    async def stop(self) -> None:
        assert self._run
        self._run.cancel()
        await asyncio.wait((self._run,))
        if not self._run.cancelled():
            self._run.result()
        await self._bringing.stop()

    async def _bring(self, session: aiohttp.ClientSession, body: Any, address: str) -> bool:
        return await self.fake.bring_by(session, body, f"http://{address}/whatsapp/webhook") in (200, 400)

    def say(self, text: str, number: int) -> None:
        self.push(said(text, number))

    def push(self, payload: Any) -> None:
        self._bringing.push(payload)

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
