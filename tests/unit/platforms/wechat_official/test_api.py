"""The account's API against a strict server: one token for all, refusals as they are meant, files, menus, templates."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from pydantic import SecretStr

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError, LeaseLost, MediaError, StoreError
from hubbub.core.events import Received
from hubbub.core.messages import Audio, Blob, Image, Link, Media, Message, Raw, Text
from hubbub.core.windows import WindowTerms
from hubbub.core.work import Outgoing, Row, State
from hubbub.platforms.wechat_official.adapter import WeChatOfficialAdapter
from hubbub.platforms.wechat_official.dev.phone import Phone
from hubbub.platforms.wechat_official.dev.server import Conduct, FakeOfficial
from hubbub.platforms.wechat_official.media import Uploads
from hubbub.platforms.wechat_official.settings import WeChatOfficialSettings
from hubbub.platforms.wechat_official.wire import Reply
from tests.fakes.platform_host import FakeHost
from tests.fakes.wechat import PNG, TOKEN, ask, official

ROOM = Room("wechat_official", "main", "private", "anna")
AMR = b"#!AMR\n" + bytes(40)


def row(*message: Any, number: int = 1) -> Row:
    return Row(number, Outgoing(ROOM, tuple(message)), key=f"key-{number}", state=State.SENDING)


@asynccontextmanager
async def node(url: str, host: FakeHost, hold: Any = None, **more: Any) -> AsyncIterator[WeChatOfficialAdapter]:
    given = WeChatOfficialSettings(
        token=SecretStr(TOKEN),
        app_id=Conduct.app_id,
        app_secret=SecretStr(more.pop("secret", Conduct.secret)),
        api_base=url,
        **({"push": True} | more),
    )
    adapter = WeChatOfficialAdapter(given, replace(host.host, hold=hold) if hold else host.host)
    run = asyncio.create_task(adapter.run())
    await host.until(lambda: "main" in host.up)
    try:
        yield adapter
    finally:
        run.cancel()
        await asyncio.wait((run,))


@pytest.fixture
async def side() -> AsyncIterator[tuple[str, FakeOfficial]]:
    async with official(Conduct(users={"anna"})) as found:
        yield found


async def test_one_token_for_all_nodes(side: tuple[str, FakeOfficial]) -> None:
    url, fake = side
    host, other, lease = FakeHost(), FakeHost(), asyncio.Lock()
    other.facts = host.facts

    @asynccontextmanager
    async def hold(name: str) -> AsyncIterator[None]:
        assert name == "wechat_official/token/main/wx0123456789abcdef"
        async with lease:
            yield

    async with node(url, host, hold) as first, node(url, other, hold) as second:
        await asyncio.gather(*(each.send(row(Text("x"), number=n)) for n, each in enumerate((first, second) * 20)))
        assert len(fake.conduct.tokens) == 1
        assert fake.conduct.tokens[0] not in str(host.facts.values)  # sealed where it is kept
        fake.conduct.end_token()
        await asyncio.gather(*(each.send(row(Text("y"), number=n)) for n, each in enumerate((first, second) * 20)))
        assert len(fake.conduct.tokens) == 2
    assert len(fake.conduct.sent) == 80


@pytest.mark.parametrize("code", [40001, 42001, 40014])
async def test_a_stale_token_is_replaced(side: tuple[str, FakeOfficial], code: int) -> None:
    url, fake = side
    async with node(url, FakeHost()) as adapter:
        fake.conduct.faults.append(code)
        await adapter.send(row(Text("x")))
    assert fake.conduct.texts == [("anna", "x")]
    assert len(fake.conduct.tokens) == 2


@pytest.mark.parametrize(
    ("fault", "certain", "permanent"),
    [
        (45009, True, False),
        (40003, True, True),
        (45015, True, True),
        (48001, True, True),
        (-1, True, False),
        (40164, True, False),
        ("silence", False, False),
        ("http", False, False),
    ],
)
async def test_failures_say_what_is_known(
    side: tuple[str, FakeOfficial], fault: int | str, certain: bool, permanent: bool
) -> None:
    url, fake = side
    async with node(url, FakeHost(), api_timeout_seconds=0.3) as adapter:
        await adapter.send(row(Text("first")))
        fake.conduct.faults.append(fault)
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(Text("x"), number=2))
    assert (caught.value.certain, caught.value.permanent) == (certain, permanent)


async def test_a_used_up_quota_is_tried_later(side: tuple[str, FakeOfficial]) -> None:
    url, fake = side
    fake.conduct.quota = 1
    async with node(url, FakeHost()) as adapter:
        await adapter.send(row(Text("x")))
        with pytest.raises(DeliveryError, match="quota") as caught:
            await adapter.send(row(Text("y"), number=2))
    assert caught.value.certain
    assert not caught.value.permanent
    assert caught.value.retry_after == 3600


@pytest.mark.parametrize("wrong", ["secret", "address"])
async def test_an_account_that_cannot_is_told_as_down(side: tuple[str, FakeOfficial], wrong: str) -> None:
    url, fake = side
    if wrong == "address":
        fake.conduct.addresses = ("203.0.113.9",)
    host = FakeHost()
    async with node(url, host, secret="wrong" if wrong == "secret" else Conduct.secret):
        await host.until(lambda: host.up["main"] is not None)
        assert "app_secret" in str(host.up["main"]) or "allow-list" in str(host.up["main"])
        assert "wrong" not in str(host.up["main"])


async def test_messages_of_every_kind(side: tuple[str, FakeOfficial]) -> None:
    url, fake = side
    host = FakeHost()
    picture = Media(url=await host.files.keep(Blob(PNG, "image/png"), 60))
    voice = Media(url=await host.files.keep(Blob(AMR, "audio/amr"), 60))
    template = Raw("wechat_official", "template", {"template_id": "tpl-1", "data": {"a": {"value": "b"}}})
    async with node(url, host) as adapter:
        await adapter.send(row(Text("look: "), Image(picture), Audio(voice), Link("https://example.org", "page")))
        assert await adapter.send(row(template, number=2)) == "200000001"
        assert await adapter.send(row(Image(Media(url="hub:gone")), Text("x"), number=3))
    assert [each["msgtype"] for each in fake.conduct.sent] == ["text", "image", "voice", "news", "text", "text"]
    assert {each[0] for each in fake.conduct.files.values()} == {"image", "voice"}
    assert fake.conduct.templates[0]["touser"] == "anna"


async def test_what_people_sent_is_fetched(side: tuple[str, FakeOfficial]) -> None:
    url, fake = side
    media_id = fake.conduct.put("voice", AMR, "audio/amr")
    async with node(url, FakeHost()) as adapter:
        fake.conduct.faults.append(42001)
        found = await adapter.fetch(Media(file_id=f"main/{media_id}"))
        assert (found.data, found.mime) == (AMR, "audio/amr")
        for file_id in ("main/none", "other/x", "", media_id):
            with pytest.raises(MediaError):
                await adapter.fetch(Media(file_id=file_id))


class Shows:
    """A window that has an answer."""

    def __init__(self, message: Message) -> None:
        self.message = message

    async def answer(self, event: Received, terms: WindowTerms) -> Message | None:
        return self.message


async def test_the_menu_is_set_once(side: tuple[str, FakeOfficial]) -> None:
    url, fake = side
    menu = [{"name": "新对话", "text": "/new"}, {"name": "更多", "buttons": [{"name": "主页", "url": "https://x.org"}]}]
    host = FakeHost()
    for _ in range(2):
        async with node(url, host, menu=menu):
            await host.until(lambda: fake.conduct.menu is not None)
    assert fake.conduct.calls.count("/cgi-bin/menu/create") == 1
    assert fake.conduct.menu == {
        "button": [
            {"type": "click", "name": "新对话", "key": "/new"},
            {"name": "更多", "sub_button": [{"type": "view", "name": "主页", "url": "https://x.org"}]},
        ]
    }


async def test_passive_pictures_are_uploaded_once(side: tuple[str, FakeOfficial]) -> None:
    url, fake = side
    host = FakeHost()
    picture: Message = (Image(Media(url=await host.files.keep(Blob(PNG, "image/png"), 60))),)
    async with node(url, host, push=False) as adapter:
        replies = adapter.routes[0].app._desk.replies  # type: ignore[attr-defined]
        until = asyncio.get_running_loop().time() + 10
        first, again = await replies.of(picture, until), await replies.of(picture, until)
    assert isinstance(first, Reply)
    assert (first.kind, first.media_id) == (again.kind, again.media_id)
    assert list(fake.conduct.files) == [first.media_id]


async def test_a_picture_that_takes_longer_goes_out_with_the_next_delivery(side: tuple[str, FakeOfficial]) -> None:
    url, fake = side
    host = FakeHost(window=Shows((Image(Media(url="hub:1")),)))
    let = asyncio.Event()

    async def fetch(media: Media) -> Blob:
        await let.wait()
        return Blob(PNG, "image/png")

    host.files.fetch = fetch  # type: ignore[method-assign]
    async with (
        node(url, host, push=False, reply_seconds=0.2, hang_up_seconds=0.4) as adapter,
        aiohttp.ClientSession() as client,
    ):
        app, phone = adapter.routes[0].app, Phone("", TOKEN, client)

        async def deliver(seconds: float) -> tuple[int, dict[str, str]]:
            body = phone.xml("anna", {"MsgType": "text", "Content": "x", "MsgId": "7"}, time.time() - seconds)
            sent, query = phone.signed(body)
            status, answer = await ask(app, "POST", "/wechat", query, sent)
            return status, phone.checked(body, answer)

        assert await deliver(-5) == (0, {})  # the platform hangs up, and comes again
        status, words = await deliver(10)  # for the last time
        assert (status, words["MsgType"]) == (200, "text")
        let.set()
        status, shown = await deliver(0)
        assert (status, shown["MsgType"]) == (200, "image")
    assert list(fake.conduct.files) == [shown["Image.MediaId"]]


async def test_a_file_is_uploaded_anew_before_the_platform_forgets_it(side: tuple[str, FakeOfficial]) -> None:
    url, _ = side
    host = FakeHost()
    picture = Image(Media(url=await host.files.keep(Blob(PNG, "image/png"), 60)))
    async with node(url, host, push=False) as adapter:
        api = adapter._accounts["main"].api
        assert api is not None
        now = 0.0
        uploads = Uploads(host.host, api, lambda: now)
        first = await uploads.media_id(picture, "key")
        now = 2 * 86_400.0
        assert await uploads.media_id(picture, "key") == first
        now = 3 * 86_400.0
        assert await uploads.media_id(picture, "key") != first


@pytest.mark.parametrize("fault", [StoreError("the database is away"), LeaseLost("token")])
async def test_a_token_that_cannot_be_shared_is_certain_to_have_sent_nothing(
    side: tuple[str, FakeOfficial], fault: Exception
) -> None:
    url, fake = side

    @asynccontextmanager
    async def lost(name: str) -> AsyncIterator[None]:
        if name:
            raise fault
        yield

    async with node(url, FakeHost(), lost) as adapter:
        with pytest.raises(DeliveryError) as caught:
            await adapter.send(row(Text("hello")))
    assert caught.value.certain
    assert not caught.value.permanent
    assert not fake.conduct.sent
