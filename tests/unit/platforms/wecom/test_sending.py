"""What is sent, how failures are told, and that the access token is fetched once."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from typing_extensions import override

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError, LeaseLost, MediaError, StoreError
from hubbub.core.messages import Audio, File, Image, Link, Media, Message, Raw, Text, Video
from hubbub.core.ports import Host
from hubbub.core.work import Outgoing, Row, State
from hubbub.platforms.wecom.adapter import WeComAdapter
from hubbub.platforms.wecom.dev.company import AGENT, CORP, SECRET, USER, Company
from hubbub.platforms.wecom.dev.server import wecom_api
from hubbub.platforms.wecom.settings import WeComSettings
from tests.fakes.platform_host import FakeHost
from tests.fakes.wecom import AES_KEY, TOKEN

ROOM = Room("wecom", str(AGENT), "private", USER)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def row(message: Message | str, *, room: Room = ROOM, attempts: int = 1) -> Row:
    words = (Text(message),) if isinstance(message, str) else message
    return Row(1, Outgoing(room, words), key="k", state=State.SENDING, attempts=attempts)


def data(content: bytes, mime: str) -> str:
    return f"data:{mime};base64,{base64.b64encode(content).decode()}"


class Setup:
    """An adapter that runs, and the company behind it."""

    def __init__(self, base: str, company: Company, host: FakeHost, **more: Any) -> None:
        self.company, self.host = company, host
        known: dict[str, Any] = {
            "corp_id": CORP,
            "corp_secret": SECRET,
            "agent_id": AGENT,
            "token": TOKEN,
            "encoding_aes_key": AES_KEY,
            "api_base": base,
        }
        self.adapter = WeComAdapter(WeComSettings(**known, **more), host.host)

    async def send(self, message: Message | str, **more: Any) -> str:
        return await self.adapter.send(row(message, **more))

    async def fault(self, message: Message | str = "x", **more: Any) -> DeliveryError:
        with pytest.raises(DeliveryError) as caught:
            await self.send(message, **more)
        return caught.value

    @property
    def bodies(self) -> list[tuple[str, Any]]:
        return [(each.kind, each.content) for each in self.company.visible()]


@asynccontextmanager
async def running(company: Company | None = None, host: FakeHost | None = None, **more: Any) -> AsyncIterator[Setup]:
    company, host = company or Company(), host or FakeHost()
    async with wecom_api(company) as base:
        setup = Setup(base, company, host, **more)
        task = asyncio.create_task(setup.adapter.run())
        await host.until(lambda: str(AGENT) in host.up)
        try:
            yield setup
        finally:
            task.cancel()
            await asyncio.wait((task,))


@pytest.fixture
async def setup() -> AsyncIterator[Setup]:
    async with running() as made:
        yield made


# --- forms ---


async def test_markdown_is_what_its_app_shows() -> None:
    text = "# Title\n\n**bold** *slanted* `code` [page](https://example.org)\n\n- one\n\n```py\nprint(1)\n```\n\n> said"
    async with running(format="markdown") as setup:
        await setup.send(text)
        await setup.send((Text("**mine**", verbatim=True),))
    assert setup.bodies == [
        (
            "markdown",
            "# Title\n\n**bold** slanted `code` [page](https://example.org)\n\n- one\n\n`print(1)`\n\n> said",
        ),
        ("text", "**mine**"),
    ]


async def test_what_grows_beyond_a_message_is_sent_as_two(setup: Setup) -> None:
    message_id = await setup.send("字" * 1200)
    texts = [content for _, content in setup.bodies]
    assert "".join(texts) == "字" * 1200
    assert all(len(text.encode()) <= 2000 for text in texts)
    await setup.adapter.delete(ROOM, message_id)
    assert not setup.bodies


async def test_pictures_and_files_are_uploaded(setup: Setup) -> None:
    amr = b"#!AMR\n" + bytes(30)
    film = bytes(4) + b"ftypisom" + bytes(20)
    await setup.send(
        (
            Text("see"),
            Image(Media(url=data(PNG, "image/png"))),
            Image(Media(url=data(b"GIF89a" + bytes(9), "image/gif"), name="a.gif")),
            Audio(Media(url=data(amr, "audio/amr"))),
            Audio(Media(url=data(b"RIFF" + bytes(20), "audio/wav"), name="said.wav")),
            Video(Media(url=data(film, "video/mp4"))),
            File(Media(url=data(b"%PDF-1.7\n", "application/pdf"), name='../re"port\n.pdf')),
        )
    )
    assert [kind for kind, _ in setup.bodies] == ["text", "image", "file", "voice", "file", "video", "file"]
    names = [name for _, name, _ in setup.company.media.values()]
    assert names == ["image.png", "a.gif", "voice.amr", "said.wav", "video.mp4", "re-port-.pdf"]


async def test_what_cannot_be_had_is_named(setup: Setup) -> None:
    await setup.send((Image(Media(url="https://example.org/a.png"), alt="a cat"),))
    assert setup.bodies == [("text", "a cat https://example.org/a.png")]


@pytest.mark.parametrize(("size", "text"), [(3, "too small"), (21 << 20, "too large")])
async def test_files_beyond_the_limits_are_not_tried(setup: Setup, size: int, text: str) -> None:
    fault = await setup.fault((File(Media(url=data(bytes(size), "application/zip"), name="a.zip")),))
    assert fault.certain
    assert fault.permanent
    assert text in str(fault)
    assert not setup.company.media


async def test_links_become_words_and_raw_messages_pass(setup: Setup) -> None:
    await setup.send((Link("https://example.org", "page"),))
    card = {"title": "t", "description": "d", "url": "https://example.org"}
    await setup.send((Raw("wecom", "textcard", dict(card)),))
    assert setup.bodies == [("text", "page\nhttps://example.org"), ("textcard", card)]


@pytest.mark.parametrize(
    ("room", "to"),
    [("party:2", {"toparty": "2"}), ("tag:7", {"totag": "7"}), ("@all", {"touser": "@all"})],
)
async def test_departments_tags_and_everybody_are_rooms(setup: Setup, room: str, to: dict[str, str]) -> None:
    await setup.send("news", room=Room("wecom", str(AGENT), "group", room))
    (shown,) = setup.company.shown
    assert {key: value for key, value in shown.body.items() if key.startswith("to")} == to


@pytest.mark.parametrize(
    ("kind", "room"), [("private", "a|b"), ("private", "@all"), ("group", "a|b"), ("group", "5"), ("group", "user:x")]
)
async def test_nobody_is_reached_by_a_trick(setup: Setup, kind: Any, room: str) -> None:
    fault = await setup.fault(room=Room("wecom", str(AGENT), kind, room))
    assert fault.certain
    assert fault.permanent
    assert not setup.company.count("message/send")


# --- failures ---


@pytest.mark.parametrize(
    ("code", "certain", "permanent", "wait"),
    [
        (45009, True, False, 60.0),
        (60020, True, False, 60.0),
        (45033, True, False, 5.0),
        (-1, False, False, None),
        (45002, True, True, None),
        (44004, True, True, None),
    ],
)
async def test_a_refusal_says_what_it_means(
    setup: Setup, code: int, certain: bool, permanent: bool, wait: float | None
) -> None:
    setup.company.faults.append(code)
    fault = await setup.fault()
    assert (fault.certain, fault.permanent, fault.retry_after) == (certain, permanent, wait)
    assert not setup.company.shown
    assert str(code) in str(fault)


async def test_strangers_cannot_be_written_to(setup: Setup) -> None:
    fault = await setup.fault(room=Room("wecom", str(AGENT), "private", "nobody"))
    assert fault.permanent
    assert "visible" in str(fault)


@pytest.mark.parametrize(("fault", "shown"), [("silent", 1), ("broken", 0), ("http", 0)])
async def test_no_answer_is_not_certain(setup: Setup, fault: str, shown: int) -> None:
    setup.company.faults.append(fault)
    error = await setup.fault()
    assert not error.certain
    assert len(setup.company.shown) == shown
    assert TOKEN not in str(error)
    assert not any(token in str(error) for token in setup.company.tokens)


async def test_where_messages_in_doubt_are_sent_again_the_platform_leaves_out_what_it_showed() -> None:
    async with running(resend_unknown=True) as setup:
        setup.company.faults.append("silent")
        await setup.fault("twice?")
        assert await setup.send("twice?", attempts=2)
        assert setup.bodies == [("text", "twice?")]


async def test_a_second_attempt_after_a_refusal_is_no_repeat(setup: Setup) -> None:
    await setup.send("ok")
    setup.company.faults.append(45009)
    await setup.fault("ok")
    await setup.send("ok", attempts=2)
    assert setup.bodies == [("text", "ok"), ("text", "ok")]


async def test_half_a_message_is_never_certain(setup: Setup) -> None:
    setup.company.faults.extend([0, 45009])
    setup.company.faults[0] = "pass"
    error = await setup.fault("字" * 1200)
    assert not error.certain
    assert len(setup.company.shown) == 1


async def test_a_wrong_secret_is_told_without_being_told() -> None:
    async with running(Company(agents={AGENT: "another"})) as setup:
        why = setup.host.up[str(AGENT)]
        assert why
        assert "corp_secret" in why
        assert SECRET not in why
        assert (await setup.fault()).certain


async def test_without_trust_the_remedy_is_told() -> None:
    async with running(Company(trusted=False)) as setup:
        assert "trusted addresses" in str(setup.host.up[str(AGENT)])


# --- the access token ---


async def test_one_token_serves_all(setup: Setup) -> None:
    await asyncio.gather(*(setup.send(f"message {number}") for number in range(20)))
    assert setup.company.count("gettoken") == 1


async def test_a_token_that_ends_amid_sending_is_renewed_and_the_call_made_once_more(setup: Setup) -> None:
    await setup.send("before")
    setup.company.expire()
    await asyncio.gather(*(setup.send(f"after {number}") for number in range(5)))
    assert setup.company.count("gettoken") == 2
    assert len(setup.bodies) == 6


async def test_a_token_that_somebody_else_made_invalid_is_renewed(setup: Setup) -> None:
    setup.company.tokens.clear()
    await setup.send("after")
    assert setup.bodies == [("text", "after")]


async def test_a_call_is_not_repeated_for_ever(setup: Setup) -> None:
    setup.company.faults.extend([42001, 40014, 42001])
    fault = await setup.fault()
    assert fault.certain
    assert not fault.permanent
    assert setup.company.count("message/send") == 2


async def test_another_node_uses_the_token_that_is_kept() -> None:
    company, host = Company(), FakeHost()
    async with running(company, host), running(company, FakeHost(facts=host.facts)) as second:
        await second.send("from the second")
    assert company.count("gettoken") == 1
    (token,) = company.tokens
    assert host.facts.values
    assert token not in str(host.facts.values)


async def test_a_token_is_renewed_before_it_ends() -> None:
    async with running(Company(token_life=100)) as setup:
        await setup.send("x")
        assert len(setup.bodies) == 1


class Unlucky(FakeHost):
    """Loses every lease at its end."""

    @property
    @override
    def host(self) -> Host:
        @asynccontextmanager
        async def lost(name: str) -> AsyncIterator[None]:
            yield
            raise LeaseLost(name)

        return replace(super().host, hold=lost)


async def test_a_lost_lease_is_no_loss() -> None:
    """What was fetched under it is as good as any other: the next one finds it."""
    async with running(host=Unlucky()) as setup:
        assert "another node" in str(setup.host.up[str(AGENT)])
        await setup.send("x")
        assert setup.company.count("gettoken") == 1


async def test_a_store_that_fails_ends_nothing() -> None:
    """The account is told as disconnected meanwhile; what is to be sent goes out later."""
    host = FakeHost()
    failing = [StoreError("the database is away")] * 2

    async def get(key: str) -> str | None:
        if failing:
            raise failing.pop()
        return host.facts.values.get(key)

    host.facts.get = get  # type: ignore[method-assign]
    async with running(host=host) as setup:
        assert "the database is away" in str(setup.host.up[str(AGENT)])
        fault = await setup.fault()
        assert fault.certain
        await setup.send("x")


async def test_calls_go_through_the_proxy() -> None:
    """The stand-in takes the proxy's part: nobody can resolve the name of the address."""
    company, host = Company(), FakeHost()
    async with wecom_api(company) as proxy:
        setup = Setup("http://qyapi.invalid", company, host, proxy=proxy)
        task = asyncio.create_task(setup.adapter.run())
        await host.until(lambda: str(AGENT) in host.up)
        await setup.send((Text("see"), Image(Media(url=data(PNG, "image/png")))))
        task.cancel()
        await asyncio.wait((task,))
    assert [kind for kind, _ in setup.bodies] == ["text", "image"]


# --- files that came in ---


async def test_a_file_is_fetched_by_its_handle(setup: Setup) -> None:
    setup.company.media["m1"] = ("voice", "v.amr", b"#!AMR\n123")
    blob = await setup.adapter.fetch(Media(file_id=f"{AGENT}/m1"))
    assert (blob.data, blob.mime, blob.name) == (b"#!AMR\n123", "audio/amr", "v.amr")
    setup.company.expire()
    assert (await setup.adapter.fetch(Media(file_id=f"{AGENT}/m1"))).data


@pytest.mark.parametrize("handle", [f"{AGENT}/gone", "another/m1", "", "no handle"])
async def test_a_file_that_is_gone_is_said_to_be(setup: Setup, handle: str) -> None:
    with pytest.raises(MediaError):
        await setup.adapter.fetch(Media(file_id=handle))


# --- the placeholder ---


async def test_the_placeholder_goes_when_the_answer_comes() -> None:
    async with running(placeholder="思考中…") as setup:
        await setup.adapter.typing(ROOM)
        await setup.adapter.typing(ROOM)
        assert setup.bodies == [("text", "思考中…")]
        await setup.send("answer")
        assert setup.bodies == [("text", "answer")]


async def test_a_placeholder_that_is_on_its_way_is_taken_back_too() -> None:
    async with running(placeholder="…") as setup:
        typing = asyncio.create_task(setup.adapter.typing(ROOM))
        await asyncio.sleep(0)
        typing.cancel()
        await setup.send("answer")
        assert setup.bodies == [("text", "answer")]


async def test_no_placeholder_unless_it_is_set(setup: Setup) -> None:
    await setup.adapter.typing(ROOM)
    assert not setup.company.shown
