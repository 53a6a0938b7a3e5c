"""Albums, redeliveries and webhooks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from hubbub.core.events import Edited, Received
from hubbub.core.messages import Image, Text, text_of
from hubbub.platforms.telegram.account import webhook_address
from hubbub.platforms.telegram.adapter import TelegramAdapter
from tests.contract.test_telegram import ODD, settings
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving
from tests.fakes.telegram import ALICE, DATE, GROUP, PRIVATE, TOKEN, FakeTelegram, said, telegram


@dataclass
class Served:
    fake: FakeTelegram
    host: FakeHost
    address: str

    async def bring(self, update: dict[str, Any] | bytes, secret: str | None = None) -> int:
        return await self.fake.bring(update, self.address, secret)


@asynccontextmanager
async def running(
    fake: FakeTelegram, host: FakeHost | None = None, **more: Any
) -> AsyncIterator[tuple[TelegramAdapter, FakeHost]]:
    host = host or FakeHost()
    host.up.clear()
    adapter = TelegramAdapter(settings(fake, poll_seconds=1, **more), host.host)
    run = asyncio.create_task(adapter.run())
    await host.until(lambda: host.up.get("10001", "") is None)
    try:
        yield adapter, host
    finally:
        run.cancel()
        await asyncio.wait((run,))


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    async with (
        telegram() as fake,
        running(fake, webhook_url="https://hub.example/tgbot") as (adapter, host),
        serving(adapter.routes) as address,
    ):
        yield Served(fake, host, address)


def picture(number: int, caption: str = "") -> dict[str, Any]:
    size = {"file_id": f"p{number}", "file_unique_id": f"u{number}", "width": 90, "height": 90}
    message = {"message_id": number, "from": ALICE, "chat": PRIVATE, "date": DATE, "photo": [size]}
    return {"update_id": 2000 + number, "message": message | {"caption": caption, "media_group_id": "77"}}


def pictures(event: Any) -> list[str]:
    assert isinstance(event, Received)
    return [each.media.file_id for each in event.message if isinstance(each, Image)]


async def test_an_album_is_one_message_when_it_is_fetched() -> None:
    async with telegram() as fake, running(fake) as (_, host):
        fake.push(picture(1, "look"))
        await asyncio.sleep(0.1)  # the others come while the first is there already
        for update in (picture(2), picture(3), said("and?", 1500)):
            fake.push(update)
        first, second = await host.count(2)
        assert isinstance(second, Received)
    assert pictures(first) == ["p1", "p2", "p3"]
    assert isinstance(first, Received)
    assert first.message[0] == Text("look")


def texts_of(host: FakeHost) -> list[str]:
    return [text_of(event.message) for event in host.events if isinstance(event, Received)]


def of_album(host: FakeHost) -> list[list[str]]:
    return [found for event in host.events if (found := pictures(event))]


async def test_a_picture_that_comes_late_is_said_by_itself() -> None:
    async with telegram() as fake, running(fake) as (_, host):
        for number in (1, 2):
            fake.push(picture(number))
        await host.count(1)
        await host.until(lambda: not fake.updates)
        fake.push(picture(3))
        await host.count(2)
    assert of_album(host) == [["p1", "p2"], ["p3"]]


async def test_a_picture_that_comes_late_is_said_by_itself_after_a_restart_too() -> None:
    async with telegram() as fake:
        async with running(fake) as (_, host):
            for number in (1, 2):
                fake.push(picture(number))
            await host.count(1)
            await host.until(lambda: "telegram/albums/10001" in host.facts.values)
        fake.updates = [picture(number) for number in (1, 2, 3)]  # the end of the hub was too quick to confirm them
        async with running(fake, host) as (_, host):
            await host.count(2)
    assert of_album(host) == [["p1", "p2"], ["p3"]]


async def test_an_album_that_was_not_stored_comes_whole_again() -> None:
    async with telegram() as fake, running(fake) as (_, host):
        host.failing = 1
        for update in (picture(1), picture(2), said("and?", 1500)):
            fake.push(update)
        await host.until(lambda: not fake.updates)
    assert of_album(host) == [["p1", "p2"]]
    assert host.offered[0] == host.offered[2]


async def test_parts_of_an_album_that_are_brought_again_are_known(served: Served) -> None:
    await asyncio.gather(*(served.bring(picture(number)) for number in (1, 2, 3)))
    for number in (3, 1, 2):
        assert await served.bring(picture(number)) == 200
    assert await served.bring(picture(4)) == 200
    assert of_album(served.host) == [["p1", "p2", "p3"], ["p4"]]


async def test_an_album_that_could_not_be_stored_is_refused_and_comes_again(served: Served) -> None:
    served.host.failing = 1
    parts = [picture(number) for number in (1, 2)]
    assert await asyncio.gather(*map(served.bring, parts)) == [503, 503]
    assert await asyncio.gather(*map(served.bring, parts)) == [200, 200]
    assert of_album(served.host) == [["p1", "p2"]]


async def test_the_name_of_the_bot_calls_it_wherever_it_stands() -> None:
    async with telegram() as fake, running(fake) as (_, host):
        texts = ("hi@hub_bot there", "@HUB_BOT", "@hub_bot2 hi", "mail me@hub", "hi")
        for number, text in enumerate(texts):
            fake.push(said(text, number, chat=GROUP))
        found = await host.count(5)
    assert [each.addressed for each in found if isinstance(each, Received)] == [True, True, False, False, False]


@pytest.mark.parametrize("wanted", [False, True])
async def test_a_changed_message_is_answered_if_that_is_wanted(wanted: bool) -> None:
    changed = said("what is that?", 1)["message"] | {"edit_date": DATE + 5}
    async with telegram() as fake, running(fake, answer_edits=wanted) as (_, host):
        fake.push({"update_id": 9, "edited_message": changed})
        (event,) = await host.count(1)
    assert type(event) is (Received if wanted else Edited)


async def test_a_hundred_lost_connections_lose_and_double_nothing() -> None:
    rounds, each = 100, 3
    async with telegram() as fake, running(fake) as (_, host):
        for cut in range(rounds):
            for number in range(each):
                fake.push(said(f"message {cut * each + number}", cut * each + number))
            if cut % 3 == 0:
                await asyncio.sleep(0.002)
            fake.broken = True
            fake.drop()
            await host.until(lambda: host.up.get("10001") is not None)
            fake.broken = False
            await host.until(lambda: host.up.get("10001", "") is None)
        await host.until(lambda: not fake.updates)
    assert texts_of(host) == [f"message {number}" for number in range(rounds * each)]


async def cut_off(served: Served, update: dict[str, Any], share: float) -> None:
    """Bring a part of a request, and hang up."""
    body = json.dumps(update).encode()
    lines = [
        f"POST /tgbot/{TOKEN} HTTP/1.1",
        "Host: hub.example",
        f"X-Telegram-Bot-Api-Secret-Token: {served.fake.webhook['secret_token']}",
        f"Content-Length: {len(body)}",
    ]
    request = "\r\n".join((*lines, "", "")).encode() + body
    address, port = served.address.split(":")
    _, writer = await asyncio.open_connection(address, int(port))
    writer.write(request[: int(len(request) * share)])
    await writer.drain()
    writer.transport.abort()


async def test_a_hundred_lost_connections_of_the_webhook_lose_and_double_nothing(served: Served) -> None:
    rounds = 100
    for number in range(rounds):
        update = said(f"message {number}", number)
        await cut_off(served, update, (number % 4 + 1) / 4)
        assert await served.bring(update) == 200
    assert texts_of(served.host) == [f"message {number}" for number in range(rounds)]
    assert len(served.host.offered) > rounds, "some were whole, and came twice"


async def test_of_several_nodes_one_fetches_and_the_next_takes_over() -> None:
    lease = asyncio.Lock()

    @asynccontextmanager
    async def hold(name: str) -> AsyncIterator[None]:
        assert name == "telegram:10001"
        async with lease:
            yield

    async with telegram() as fake:
        hosts = [FakeHost(), FakeHost()]
        adapters = [TelegramAdapter(settings(fake, poll_seconds=1), replace(each.host, hold=hold)) for each in hosts]
        runs = [asyncio.create_task(each.run()) for each in adapters]
        for number, (host, run) in enumerate(zip(hosts, runs, strict=True)):
            await host.until(lambda: host.up.get("10001", "") is None)  # noqa: B023 - awaited at once
            assert len(fake.called("getMe")) == number + 1
            fake.push(said(f"message {number}", number))
            await host.count(1)
            run.cancel()
            await asyncio.wait((run,))
        await asyncio.gather(*(each.bot.shutdown() for adapter in adapters for each in adapter._bots.values()))
    assert [texts_of(host) for host in hosts] == [["message 0"], ["message 1"]]


async def test_what_never_can_be_stored_does_not_come_for_ever(served: Served) -> None:
    served.host.unstorable = 1
    assert await served.bring(said("half a character", 1)) == 200
    async with telegram() as fake, running(fake) as (_, host):
        host.unstorable = 1
        for number in (1, 2):
            fake.push(said(f"message {number}", number))
        await host.until(lambda: not fake.updates)
        assert len(host.offered) == 2


async def test_an_album_is_one_message_when_it_is_brought(served: Served) -> None:
    assert (
        await asyncio.gather(*(served.bring(picture(number, "look" * (number == 1))) for number in (2, 1, 3)))
        == [200] * 3
    )
    (event,) = await served.host.count(1)
    assert pictures(event) == ["p1", "p2", "p3"]
    await served.bring(picture(2))
    assert len(served.host.events) == 1, "a part that is brought again is known"


@pytest.mark.parametrize(
    "url", ["https://hub.example", "https://hub.example/", "https://hub.example/tgbot", "https://hub.example/tgbot/"]
)
def test_the_address_of_the_webhook_may_end_anyhow(url: str) -> None:
    assert webhook_address(url, TOKEN) == f"https://hub.example/tgbot/{TOKEN}"


async def test_the_webhook_is_set_with_a_secret(served: Served) -> None:
    assert served.fake.webhook["url"] == f"https://hub.example/tgbot/{TOKEN}"
    assert len(served.fake.webhook["secret_token"]) >= 32
    assert TOKEN not in served.fake.webhook["secret_token"]


async def test_what_is_brought_is_accepted_once_stored(served: Served) -> None:
    assert await served.bring(said("hello", 1)) == 200
    assert await served.bring(said("hello", 1)) == 200
    assert len(served.host.events) == 1
    served.host.failing = 1
    assert await served.bring(said("lost?", 2)) == 503
    served.host.overloaded = 1
    assert await served.bring(said("later", 3)) == 503
    assert await served.bring(said("later", 3)) == 200


@pytest.mark.parametrize("secret", ["", "wrong", "Ünicode"])
async def test_nobody_else_may_bring_anything(served: Served, secret: str) -> None:
    assert await served.bring(said("hello", 1), secret) == 403
    assert not served.host.offered


async def test_what_cannot_be_read_is_not_brought_for_ever(served: Served) -> None:
    for update in ODD:
        assert await served.bring(update) == 200
    assert await served.bring(b"{not json") == 400
    assert await served.bring(b"[]") == 200
    assert await served.bring(b"[" + b" " * 1_040_000 + b"]" * 4) == 400
    assert await served.bring(said("still there?", 99)) == 200
    assert any(isinstance(each, Received) and each.message == (Text("still there?"),) for each in served.host.events)
