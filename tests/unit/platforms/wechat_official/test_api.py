"""The account's API against a strict server: one token for all, refusals as they are meant, files, menus, templates."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Audio, Blob, Image, Link, Media, Message, Raw, Text
from hubbub.core.work import Outgoing, Row, State
from hubbub.platforms.wechat_official.adapter import WeChatOfficialAdapter
from hubbub.platforms.wechat_official.dev.server import Conduct, FakeOfficial
from hubbub.platforms.wechat_official.settings import WeChatOfficialSettings
from hubbub.platforms.wechat_official.wire import Reply
from tests.fakes.platform_host import FakeHost
from tests.fakes.wechat import PNG, TOKEN, official

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
        first, again = await replies.of(picture), await replies.of(picture)
    assert isinstance(first, Reply)
    assert (first.kind, first.media_id) == (again.kind, again.media_id)
    assert list(fake.conduct.files) == [first.media_id]
