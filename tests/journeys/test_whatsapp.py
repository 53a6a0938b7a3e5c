"""WhatsApp's people and the hub: from a message there to the answer that they see, and what is known of it then."""

from __future__ import annotations

import asyncio
import base64
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hubbub.api import local
from hubbub.app.housekeeping import KEEP_SECONDS
from hubbub.core.reports import Told
from hubbub.core.work import State
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
from tests.journeys.inside import Inside, inside, until
from tests.unit.platforms.whatsapp.test_receiving import cut

DAY = 86_400.0


def number(fake: FakeWhatsApp, **more: Any) -> str:
    keys = {"phone_number_id": NUMBER, "access_token": TOKEN, "app_secret": SECRET, "verify_token": VERIFY}
    given = keys | {"api_base": fake.url, "reconnect_seconds": 0.05, "api_timeout_seconds": 0.6} | more
    return "[platforms.whatsapp]\n" + "".join(f"{name} = {json.dumps(value)}\n" for name, value in given.items())


@dataclass
class Line:
    """Both directions between the platform and a hub that runs."""

    fake: FakeWhatsApp
    hub: Inside

    @property
    def url(self) -> str:
        return f"{self.hub.hub.url}/whatsapp/webhook"

    async def say(self, text: str, at: int) -> int:
        return await self.fake.bring(said(text, at), self.url)

    async def tell(self, *found: dict[str, Any]) -> int:
        return await self.fake.bring(notice(value(statuses=list(found))), self.url)

    async def sent(self, count: int) -> str:
        """The id of the message that makes it so many."""
        await until(lambda: len(self.fake.sent) >= count)
        return self.fake.sent[count - 1][0]

    async def settled(self, *states: State) -> None:
        """Wait until all deliveries are in one of these states."""
        async with asyncio.timeout(10):
            while any(row.state not in states for row in await self.hub.rows()):
                await asyncio.sleep(0.01)


@asynccontextmanager
async def line(folder: Path, fake: FakeWhatsApp, model: str = "", **more: Any) -> AsyncIterator[Line]:
    async with inside(folder, number(fake, **more), model=model) as hub:
        await until(lambda: any(each.up for each in hub.hub.control.status().accounts if each.platform == "whatsapp"))
        yield Line(fake, hub)


@pytest.fixture
async def fake() -> AsyncIterator[FakeWhatsApp]:
    async with whatsapp() as server:
        yield server
        assert not server.refused


async def test_what_became_of_an_answer_is_known_and_shown(tmp_path: Path, fake: FakeWhatsApp) -> None:
    async with line(tmp_path, fake) as at:
        assert await at.say("hello", 1) == 200
        name = await at.sent(1)
        assert fake.texts == [(name, "LLM-OK hello")]
        await at.settled(State.SENT)
        assert await at.tell(fake.told(name, "read", 300), fake.told(name, "delivered", 200)) == 200
        (row,) = await at.hub.rows()
        assert (row.state, row.told, row.told_at) == (State.SENT, Told.READ, 300.0)
        admin = local.read(tmp_path / "data")
        assert admin is not None
        headers = {"Authorization": f"Bearer {admin.token}"}
        async with at.hub.http.get(f"/api/v1/deliveries/{row.id}", headers=headers) as response:
            shown = await response.json()
        assert (shown["told"], shown["told_at"]) == ("read", 300.0)


@pytest.mark.parametrize("in_time", [True, False])
async def test_a_doubt_ends_when_whatsapp_tells(tmp_path: Path, fake: FakeWhatsApp, in_time: bool) -> None:
    """The connection broke over the sending; what is told may come before the hub notices, or after."""
    async with line(tmp_path, fake) as at:
        fake.wrong.append("unconfirmed")
        assert await at.say("/echo one", 1) == 200
        name = await at.sent(1)
        if not in_time:
            await at.settled(State.UNKNOWN)
        assert await at.tell(fake.told(name, "sent")) == 200
        await at.settled(State.SENT)
        assert await at.say("/echo two", 2) == 200
        await at.sent(2)
        await at.settled(State.SENT)
        rows = await at.hub.rows()
        assert [row.message_id for row in rows] == [name, "wamid.out2"]
        assert [row.told for row in rows] == [Told.SENT, None]
    assert [text for _, text in fake.texts] == ["one", "two"]


async def test_what_failed_after_a_doubt_is_dead_and_is_sent_again_by_hand(tmp_path: Path, fake: FakeWhatsApp) -> None:
    async with line(tmp_path, fake) as at:
        fake.wrong.append("unconfirmed")
        assert await at.say("/echo one", 1) == 200
        name = await at.sent(1)
        failed = fake.told(name, "failed", 200, {"code": 131026, "title": "Message undeliverable"})
        assert await at.tell(failed) == 503, "it is still being sent"
        await at.settled(State.UNKNOWN)
        assert await at.tell(failed) == 200
        (row,) = await at.hub.rows()
        assert (row.state, row.told) == (State.DEAD, Told.FAILED)
        assert "does not use WhatsApp" in row.error
        assert await at.hub.hub.control.resend(row.id)
        await at.sent(2)
        await at.settled(State.SENT)
        assert await at.tell(failed, fake.told(name, "sent", 100)) == 200, "brought again, it is of the first attempt"
        (row,) = await at.hub.rows()
        assert (row.state, row.told, row.message_id) == (State.SENT, None, "wamid.out2")


async def test_what_is_sent_again_for_safety_is_not_once_it_is_known_to_be_there(
    tmp_path: Path, fake: FakeWhatsApp
) -> None:
    async with line(tmp_path, fake, resend_unknown=True) as at:
        fake.wrong.append("unconfirmed")
        assert await at.say("/echo one", 1) == 200
        name = await at.sent(1)
        assert await at.tell(fake.told(name, "delivered")) == 200
        assert await at.say("/echo two", 2) == 200
        await at.sent(2)
        await at.settled(State.SENT)
    assert [text for _, text in fake.texts] == ["one", "two"]


async def test_a_late_refusal_for_silence_brings_a_template_also_after_a_restart(
    tmp_path: Path, fake: FakeWhatsApp
) -> None:
    fake.closed.add(PERSON)
    async with line(tmp_path, fake, template="news") as at:
        assert await at.say("/echo one", 1) == 200
        name = await at.sent(1)
        await at.settled(State.SENT)
    async with line(tmp_path, fake, template="news") as at:
        later = fake.later(name)
        assert await at.tell(later) == 200
        assert await at.tell(later) == 200
        await at.sent(2)
        await at.settled(State.SENT)
        assert await at.tell(later) == 200
        assert await at.tell(fake.later("wamid.out2", 1_718_000_500)) == 200
        (row,) = await at.hub.rows()
        assert (row.state, row.told, row.message_id) == (State.SENT, Told.DELIVERED, "wamid.out2")
    assert [body["type"] for _, body in fake.sent] == ["text", "template"]


async def test_without_a_template_the_operator_reads_which_setting_is_missing(
    tmp_path: Path, fake: FakeWhatsApp
) -> None:
    fake.closed.add(PERSON)
    async with line(tmp_path, fake) as at:
        assert await at.say("/echo one", 1) == 200
        name = await at.sent(1)
        await at.settled(State.SENT)
        assert await at.tell(fake.later(name)) == 200
        (row,) = await at.hub.rows(State.DEAD)
        assert "name one in platforms.whatsapp.template" in row.error


async def test_a_picture_is_shown_to_the_model(tmp_path: Path, fake: FakeWhatsApp) -> None:
    picture = b"\xff\xd8\xff\xe0" + bytes(300_000)
    fake.uploads["111"] = ("image/jpeg", picture)
    shown = message(1, image={"id": "111", "mime_type": "image/jpeg", "caption": "what is it?"})
    async with line(tmp_path, fake, model="vision = true\n") as at:
        assert await fake.bring(notice(value(messages=[shown])), at.url) == 200
        await at.sent(1)
        (asked,) = [each for each in at.hub.model.requests[-1].body["messages"] if each["role"] == "user"]
    (part,) = [each for each in asked["content"] if each["type"] == "image_url"]
    assert base64.b64decode(part["image_url"]["url"].partition(",")[2]) == picture


async def test_a_press_does_what_the_button_says_and_long_answers_come_in_order(
    tmp_path: Path, fake: FakeWhatsApp
) -> None:
    long = " ".join(str(each) for each in range(2500))
    async with line(tmp_path, fake) as at:
        assert await at.say("/lang", 1) == 200
        name = await at.sent(1)
        button = fake.sent[0][1]["interactive"]["action"]["buttons"][0]["reply"]
        press = pressed(button["id"], button["title"], 2, name, "button_reply")
        for _ in range(2):
            assert await fake.bring(press, at.url) == 200
        await at.sent(2)
        assert await at.say(f"/echo {long}", 3) == 200
        await at.sent(5)
        await at.settled(State.SENT)
    parts = [text for _, text in fake.texts[2:]]
    assert len(parts) == 3
    assert all(len(part) <= 4096 for part in parts)
    assert " ".join(parts).split() == long.split()
    assert "中文" in fake.texts[1][1]


async def test_what_comes_again_for_seven_days_is_known(tmp_path: Path, fake: FakeWhatsApp) -> None:
    async with line(tmp_path, fake) as at:
        for each in (1, 2):
            assert await at.say(f"/echo {each}", each) == 200
            await at.sent(each)
        await at.settled(State.SENT)
        now = time.time()
        await at.hub.hub.store.prune(now + 7 * DAY - KEEP_SECONDS)
        assert await at.say("/echo 1", 1) == 200
        await at.hub.hub.store.prune(now + 8.1 * DAY - KEEP_SECONDS)
        assert await at.say("/echo 1", 1) == 200
        await at.sent(3)
        assert await at.say("/echo end", 3) == 200
        await at.sent(4)
    assert [text for _, text in fake.texts] == ["1", "2", "1", "end"]


async def test_a_hundred_lost_connections_lose_and_double_nothing(tmp_path: Path, fake: FakeWhatsApp) -> None:
    """Of requests with messages and statuses, and of answers to what is sent: all that got no 200 is brought again."""
    chosen = random.Random(7)
    async with line(tmp_path, fake) as at:
        raws = [message(each, text={"body": f"/echo {each}"}) | {"from": f"49170000{each % 10}"} for each in range(70)]
        bodies = [json.dumps(notice(value(messages=[raw]))).encode() for raw in raws]
        fake.wrong += [chosen.choice(("", "", "", "", "unconfirmed")) for _ in range(70)]
        lost = fake.wrong.count("unconfirmed")
        for body in bodies:
            await cut(body, chosen.random() * 1.3, at.url)
        for body in chosen.sample(bodies, len(bodies)):
            assert await fake.bring(body, at.url) == 200
        await until(lambda: len(fake.sent) >= 70, 60)
        await at.settled(State.SENT, State.UNKNOWN)
        assert len(await at.hub.rows(State.UNKNOWN)) == lost > 5
        told = [fake.told(name, kind) for name, _ in fake.sent for kind in ("sent", "delivered", "read")]
        chosen.shuffle(told)
        notices = [json.dumps(notice(value(statuses=told[at : at + 7]))).encode() for at in range(0, len(told), 7)]
        for body in notices:
            await cut(body, chosen.random() * 1.3, at.url)
        for body in chosen.sample(notices * 2, 2 * len(notices)):
            assert await fake.bring(body, at.url) == 200
        rows = await at.hub.rows()
    assert {(row.state, row.told) for row in rows} == {(State.SENT, Told.READ)}
    assert sorted(text for _, text in fake.texts) == sorted(str(each) for each in range(70))
    assert sorted(row.message_id for row in rows) == sorted(name for name, _ in fake.sent)
