"""The webhook: who is believed, what is taken, and what an independent reader makes of the same."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from pywa.client import WhatsApp as TheirClient
from pywa.types.callback import CallbackButton, CallbackSelection
from pywa.types.message import Message as TheirMessage

from hubbub.core.events import PRESSED, Received
from hubbub.core.messages import Image, Quote, text_of
from hubbub.platforms.whatsapp.adapter import WhatsAppAdapter
from hubbub.platforms.whatsapp.convert import events, notices
from hubbub.platforms.whatsapp.wire import BadEventError
from tests.contract.test_whatsapp import ODD, settings
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving
from tests.fakes.whatsapp import NUMBER, PERSON, FakeWhatsApp, message, notice, pressed, said, signature, value

FIXTURES = Path(__file__).parents[3] / "fixtures" / "whatsapp" / "notices.json"


async def cut(body: bytes, part: float, url: str, taken: Callable[[], Awaitable[None]] | None = None) -> None:
    """Bring something, and hang up when that part of the request is sent; from 1 on, before the answer is read."""
    target = urlsplit(url)
    head = (
        f"POST {target.path} HTTP/1.1\r\nHost: {target.netloc}\r\nContent-Length: {len(body)}\r\n"
        f"X-Hub-Signature-256: {signature(body)}\r\n\r\n"
    )
    request = head.encode() + body
    _, writer = await asyncio.open_connection(target.hostname, target.port)
    writer.write(request[: int(len(request) * part)])
    await writer.drain()
    if part > 1 and taken is not None:
        await taken()
    writer.transport.abort()


class Site:
    def __init__(self, host: FakeHost, url: str) -> None:
        self.host = host
        self.url = url
        self._fake = FakeWhatsApp()

    async def bring(self, body: dict[str, Any] | bytes, **more: Any) -> int:
        return await self._fake.bring(body, self.url, **more)

    async def cut(self, body: bytes, part: float) -> None:
        """As `cut`; from 1 on the hub has taken it when the connection goes."""
        before = len(self.host.offered)
        await cut(body, part, self.url, lambda: self.host.until(lambda: len(self.host.offered) > before))

    async def get(self, **query: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session, session.get(self.url, params=query) as response:
            return response.status, await response.text()

    async def post(self, body: bytes, signed: str) -> int:
        headers = {"X-Hub-Signature-256": signed}
        async with aiohttp.ClientSession() as session, session.post(self.url, data=body, headers=headers) as response:
            return response.status


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    host = FakeHost()
    adapter = WhatsAppAdapter(settings(FakeWhatsApp("http://127.0.0.1:9")), host.host)
    async with serving(adapter.routes) as address:
        yield Site(host, f"http://{address}/whatsapp/webhook")


async def test_the_handshake_gives_the_challenge_back(site: Site) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444"}
    assert await site.get(**asked, **{"hub.verify_token": "a word of ours"}) == (200, "1158201444")
    for wrong in ({"hub.verify_token": "another"}, {}, {"hub.verify_token": "ünicode"}):
        status, text = await site.get(**asked, **wrong)
        assert (status, "1158201444" in text) == (403, False)


async def test_only_what_is_signed_over_its_bytes_is_believed(site: Site) -> None:
    body = json.dumps(said("hello", 1)).encode()
    for signed in ("", "sha256=", signature(body, "another secret"), signature(body + b" "), signature(body)[7:], "é"):
        assert await site.post(body, signed) == 403
    assert not site.host.offered
    assert await site.post(body, signature(body)) == 200
    assert len(site.host.events) == 1


async def test_what_was_not_stored_has_to_come_again(site: Site) -> None:
    site.host.failing = 1
    assert await site.bring(said("hello", 1)) == 503
    site.host.overloaded = 1
    assert await site.bring(said("hello", 2)) == 503
    assert await site.bring(said("hello", 2)) == 200


async def test_what_cannot_be_read_does_not_come_for_ever(site: Site) -> None:
    for odd in ODD:
        assert await site.bring(odd) == 200
    assert await site.bring(said("still there?", 99)) == 200


async def test_one_that_cannot_be_read_harms_no_other_change(site: Site) -> None:
    changes = value(messages=[message(1, text={"body": 5})]), value(messages=[message(2, text={"body": "whole"})])
    assert await site.bring(notice(*changes)) == 200
    assert [text_of(event.message) for event in site.host.events if hasattr(event, "message")] == ["whole"]


async def test_one_that_cannot_be_read_harms_no_other_of_its_change(site: Site) -> None:
    whole = message(2, text={"body": "whole"})
    status = {"id": "wamid.out1", "status": "failed", "timestamp": "1", "recipient_id": PERSON}
    changes: Any = {"entry": [{"changes": [5, {"field": "messages", "value": []}]}]}
    read = value(messages=[message(1, text={"body": 5}), 7, whole], statuses=[{"status": "failed"}, status])
    changes["entry"][0]["changes"] += notice(read)["entry"][0]["changes"]
    assert await site.bring(changes) == 200
    assert [text_of(event.message) for event in site.host.events if hasattr(event, "message")] == ["whole"]
    assert [[each.message_id for each in reports] for reports in site.host.reports] == [["wamid.out1"]]


async def test_a_hundred_lost_connections_lose_and_double_nothing(site: Site) -> None:
    """Cut in the request, or before its answer is read; all that got no 200 comes again."""
    chosen = random.Random(7)
    bodies = [json.dumps(said(f"message {number}", number)).encode() for number in range(100)]
    for body in bodies:
        await site.cut(body, chosen.random() * 1.3)
    for body in chosen.sample(bodies, len(bodies)):
        assert await site.bring(body) == 200
    texts = [text_of(event.message) for event in site.host.events if isinstance(event, Received)]
    assert sorted(texts) == sorted(f"message {number}" for number in range(100))
    assert len(site.host.offered) > len(texts), "some had arrived before"


async def test_a_reply_to_the_number_is_for_it_in_a_group_too(site: Site) -> None:
    for number, author in enumerate(("49170999", "+49170999", "491700002", "")):
        raw = message(number, text={"body": "so?"}) | {"group_id": "G1", "context": {"from": author, "id": "wamid.0"}}
        await site.bring(notice(value(messages=[raw])))
    assert [each.addressed for each in site.host.events if isinstance(each, Received)] == [True, True, False, False]


async def test_what_never_can_be_stored_is_not_brought_for_days(site: Site) -> None:
    site.host.unstorable = 1
    assert await site.bring(said("half a character", 1)) == 200


async def test_many_messages_of_one_notification_share_their_commits(site: Site) -> None:
    """Several entries, changes and messages: the store is not waited for once each."""
    site.host.hold = True
    body = notice(
        *(value(messages=[message(10 * part + each, text={"body": "x"}) for each in range(10)]) for part in range(5))
    )
    body["entry"] += notice(value(messages=[message(99, text={"body": "last"})]))["entry"]
    brought = asyncio.create_task(site.bring(body))
    await site.host.until(lambda: len(site.host.waiting) == 51)
    assert not brought.done(), "nothing is acknowledged that is not stored"
    site.host.commit()
    assert await brought == 200
    assert [event.id for event in site.host.events] == [f"wamid.{number}" for number in (*range(50), 99)]


async def test_what_one_refusal_left_out_comes_again_and_nothing_twice(site: Site) -> None:
    whole = notice(value(messages=[message(number, text={"body": "x"}) for number in range(250)]))
    site.host.failing = 3
    assert await site.bring(whole) == 503
    assert await site.bring(whole) == 200
    assert len(site.host.events) == 250


def test_another_reader_understands_the_fixtures_alike() -> None:
    theirs = TheirClient(phone_id=NUMBER, token="x")
    compared = 0
    for case in json.loads(FIXTURES.read_text(encoding="utf-8")):
        raw = case["payload"]["entry"][0]["changes"][0]["value"].get("messages", [{}])[0]
        if raw.get("type") not in ("text", "image", "video", "document"):
            continue
        read = TheirMessage.from_update(theirs, case["payload"])
        (notice_read,) = notices(case["payload"])
        assert not isinstance(notice_read, BadEventError)
        (ours,) = events(*notice_read)
        assert not isinstance(ours, BadEventError)
        assert (read.id, read.timestamp.timestamp()) == (ours.id, ours.time)
        assert (read.text or read.caption or "") == text_of(ours.message)  # type: ignore[union-attr]
        if read.image is not None:
            (image,) = (each for each in ours.message if isinstance(each, Image))  # type: ignore[union-attr]
            assert (read.image.id, read.image.mime_type) == (image.media.file_id, image.media.mime)
        compared += 1
    assert compared >= 6


@pytest.mark.parametrize(("kind", "reader"), [("button_reply", CallbackButton), ("list_reply", CallbackSelection)])
def test_another_reader_understands_a_press_alike(kind: str, reader: Any) -> None:
    given = pressed("/model gpt", "gpt", 1, "wamid.out1", kind)
    read = reader.from_update(TheirClient(phone_id=NUMBER, token="x"), given)
    (notice_read,) = notices(given)
    assert not isinstance(notice_read, BadEventError)
    (ours,) = events(*notice_read)
    assert isinstance(ours, Received)
    assert (read.id, read.data) == (ours.id, text_of(ours.message))
    assert read.reply_to_message is not None
    assert ours.message[0] == Quote(read.reply_to_message.id, NUMBER)
    assert ours.options == {PRESSED: True}
