"""Callbacks over HTTP, sealed and opened by `wechatpy`."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.enterprise import parse_message

from hubbub.core.events import Joined, Noticed, Received
from hubbub.core.messages import text_of
from hubbub.platforms.wecom.adapter import WeComAdapter
from hubbub.platforms.wecom.crypto import BadSeal, Envelope
from hubbub.platforms.wecom.dev.company import AGENT, CORP, SECRET, USER
from hubbub.platforms.wecom.settings import WeComSettings
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import Router, serving
from tests.fakes.wecom import AES_KEY, TOKEN, Caller, happened, over_http, said, within, xml_of

KEY = base64.b64decode(AES_KEY + "=")
OURS: dict[str, Any] = {
    "corp_id": CORP,
    "corp_secret": SECRET,
    "agent_id": AGENT,
    "token": TOKEN,
    "encoding_aes_key": AES_KEY,
}


def adapter(host: FakeHost, **more: Any) -> WeComAdapter:
    return WeComAdapter(WeComSettings(**OURS, **more), host.host)


@pytest.fixture
def host() -> FakeHost:
    return FakeHost()


@pytest.fixture
async def caller(host: FakeHost) -> AsyncIterator[Caller]:
    async with serving(adapter(host).routes) as address, aiohttp.ClientSession() as client:
        yield Caller(over_http(client, address))


def direct(host: FakeHost, **more: Any) -> Caller:
    return Caller(within(Router(adapter(host, **more).routes)))


# --- the address ---


async def test_the_address_is_verified(caller: Caller) -> None:
    assert await caller.transport("GET", caller.verification("5839201"), b"") == (200, b"5839201")


async def test_the_test_page_says_pong(caller: Caller) -> None:
    assert await caller.transport("GET", "/test", b"") == (200, b"pong")


@pytest.mark.parametrize("wrong", [{"token": "another"}, {"corp": "ww0"}, {"key": "A" * 43}])
async def test_an_address_is_not_verified_for_others(caller: Caller, wrong: dict[str, Any]) -> None:
    stranger = Caller(caller.transport, **wrong)
    assert await caller.transport("GET", stranger.verification(), b"") == (403, b"")


# --- events ---


async def test_a_message_is_accepted(caller: Caller, host: FakeHost) -> None:
    assert await caller.deliver(said("你好", 1)) == (200, b"")
    (event,) = host.events
    assert isinstance(event, Received)
    assert text_of(event.message) == "你好"
    assert (event.room.key, event.author.id, event.addressed) == (f"wecom/{AGENT}/private/{USER}", USER, True)


async def test_we_and_the_oracle_read_the_same(host: FakeHost) -> None:
    fields = said("a & b <c>", 5)
    oracle = parse_message(xml_of(fields))
    await direct(host).deliver(fields)
    (event,) = host.events
    assert isinstance(event, Received)
    assert text_of(event.message) == oracle.content
    assert event.message_id == str(oracle.id)
    assert event.author.id == oracle.source


@pytest.mark.parametrize("event", ["click", "CLICK"])
async def test_a_click_on_the_menu_counts_as_typed(host: FakeHost, event: str) -> None:
    caller = direct(host, repeat_seconds=4)
    for second in range(3):
        clicked = happened(event, EventKey="@clear", CreateTime=1_718_000_000 + second)
        await caller.deliver(clicked)
        await caller.deliver(clicked)
    assert [text_of(each.message) for each in host.events if isinstance(each, Received)] == ["@clear"] * 3
    assert len(host.offered) == 6


async def test_redelivery_has_one_effect(caller: Caller, host: FakeHost) -> None:
    for _ in range(4):
        await caller.deliver(said("once", 9))
    assert len(host.events) == 1
    assert len(host.offered) == 4


async def test_a_slow_store_is_waited_for_by_later_calls(host: FakeHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.platforms.wecom.callback._SECONDS", 0.02)
    caller = direct(host)
    caller.patience = 0.1
    host.hold = True
    delivery = asyncio.create_task(caller.deliver(said("slow", 1)))
    await host.until(lambda: len(host.offered) == 2)
    host.hold = False
    host.commit()
    assert (await delivery)[0] == 200
    assert len(host.events) == 1


async def test_overload_is_told(host: FakeHost) -> None:
    host.overloaded = 1
    caller = direct(host)
    target, body = caller.request(xml_of(said("x", 1)))
    assert (await caller.transport("POST", target, body))[0] == 503


async def test_the_rule_of_seconds(host: FakeHost) -> None:
    caller = direct(host, repeat_seconds=4)
    await caller.deliver(said("same", 1))
    await caller.deliver(said("same", 2))
    await caller.deliver(said("other", 3))
    await caller.deliver(said("same", 4, user="lisi"))
    await caller.deliver(said("same", 1))
    assert [event.id[-1] for event in host.events] == ["1", "3", "4"]
    assert len(host.offered) == 4


async def test_without_the_rule_everything_counts(host: FakeHost) -> None:
    caller = direct(host)
    await caller.deliver(said("same", 1))
    await caller.deliver(said("same", 2))
    assert len(host.events) == 2


async def test_a_greeting_is_the_response_to_the_first_visit(host: FakeHost) -> None:
    caller = direct(host, greeting="欢迎 <你> & 好")
    visit = happened("enter_agent", CreateTime=1_718_000_000)
    first = await caller.deliver(visit)
    again = await caller.deliver(visit)
    for status, reply in (first, again):
        assert status == 200
        timestamp = reply.decode().partition("<TimeStamp>")[2].partition("<")[0]
        opened = parse_message(caller.opened(reply, timestamp, "1718000000"))
        assert opened.content == "欢迎 <你> & 好"
        assert opened.target == USER
    assert await caller.deliver(visit | {"CreateTime": 1_718_000_999}) == (200, b"")
    assert [type(event) for event in host.events] == [Noticed, Noticed]
    assert await caller.deliver(said("hi", 1)) == (200, b"")


async def test_no_greeting_unless_it_is_set(host: FakeHost) -> None:
    assert await direct(host).deliver(happened("subscribe")) == (200, b"")
    assert isinstance(host.events[0], Joined)


# --- several applications ---


async def test_each_application_has_its_own_address(host: FakeHost) -> None:
    second = {
        "name": "second",
        "corp_secret": "s2",
        "agent_id": 1000003,
        "token": "t2",
        "encoding_aes_key": "B" * 43,
    }
    transport = within(Router(adapter(host, accounts=[second]).routes))
    await Caller(transport).deliver(said("one", 1))
    await Caller(transport, path="/gpt/second", token="t2", key="B" * 42 + "A").deliver(said("two", 2, AgentID=1000003))
    assert [event.room.account for event in host.events] == [str(AGENT), "second"]
    crossed = await Caller(transport, path="/gpt/second", times=1).deliver(said("three", 3))
    assert crossed == (403, b"")


async def test_an_event_of_another_application_is_refused(host: FakeHost) -> None:
    caller = direct(host)
    caller.times = 1
    assert await caller.deliver(said("x", 1, AgentID=1000009)) == (403, b"")
    assert not host.events


# --- what is refused ---


@pytest.mark.parametrize("wrong", [{"token": "another"}, {"corp": "ww0"}, {"key": "A" * 43}])
async def test_strangers_are_refused(caller: Caller, host: FakeHost, wrong: dict[str, Any]) -> None:
    stranger = Caller(caller.transport, times=1, **wrong)
    assert await stranger.deliver(said("let me in", 1)) == (403, b"")
    assert not host.events


@pytest.mark.parametrize("age", [-301, 301, -86_400, 10**9])
async def test_old_and_future_callbacks_are_refused(host: FakeHost, age: float) -> None:
    caller = direct(host)
    target, body = caller.request(xml_of(said("again", 1)), time.time() + age)
    assert await caller.transport("POST", target, body) == (403, b"")
    target, body = caller.request(xml_of(said("again", 1)), time.time() + max(-250, min(250, age)))
    assert (await caller.transport("POST", target, body))[0] == 200


async def test_a_body_that_is_too_large_is_refused(caller: Caller) -> None:
    target, body = caller.request(xml_of(said("x", 1)))
    assert (await caller.transport("POST", target, body + b" " * 300_000))[0] == 413


async def test_a_bomb_is_refused(host: FakeHost) -> None:
    layers = "".join(f'<!ENTITY x{n} "{f"&x{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY x0 "ha">{layers}]><xml><MsgType>text</MsgType><Content>&x9;</Content></xml>'
    started = time.process_time()
    caller = direct(host)
    assert await caller.transport("POST", *caller.request(bomb)) == (403, b"")
    assert time.process_time() - started < 1
    assert not host.events


async def test_a_refusal_says_nothing_to_the_caller_and_its_reason_to_the_operator(
    caller: Caller, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        await Caller(caller.transport, times=1, token="wrong").deliver(said("x", 1))
    assert "token" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.hypothesis
@given(data=st.data())
async def test_anything_is_answered_and_nothing_leaks(data: st.DataObject) -> None:
    """Mutated callbacks: no answer but 200, 403 and 413, and no event of what was not signed."""
    host = FakeHost()
    caller = direct(host)
    target, body = caller.request(xml_of(said("x", 1)))
    raw = bytearray(data.draw(st.sampled_from([body, target.encode(), b"", body * 3])))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, max(len(raw) - 1, 0)))
        raw[place : place + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    mutated = bytes(raw)
    if data.draw(st.booleans()):
        status, reply = await caller.transport("POST", target, mutated)
    else:
        with contextlib.suppress(UnicodeDecodeError):
            target = "/gpt?" + mutated.decode("latin-1").partition("?")[2].encode("ascii", "ignore").decode()
        status, reply = await caller.transport(data.draw(st.sampled_from(["GET", "POST"])), target, body)
    assert status in (200, 403, 413)
    if status != 200:
        assert reply == b""
        assert not host.events


@pytest.mark.hypothesis
@given(
    plain=st.one_of(st.text(max_size=300), st.from_regex(r"(<[a-zA-Z]{1,8}>|</[a-zA-Z]{1,8}>|[0-9a-z&;]{1,5}){1,30}"))
)
async def test_whatever_is_sealed_is_answered(plain: str) -> None:
    host = FakeHost()
    caller = direct(host)
    envelope = Envelope(TOKEN, KEY, CORP)
    sealed = envelope.seal(plain.encode("utf-8", "replace"))
    now = str(int(time.time()))
    target = f"/gpt?msg_signature={envelope.signature(now, 'n', sealed)}&timestamp={now}&nonce=n"
    status, reply = await caller.transport("POST", target, f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode())
    assert status in (200, 403)
    assert reply == b""


# --- the envelope ---


@pytest.mark.hypothesis
@given(message=st.text(max_size=200))
def test_the_oracle_opens_what_we_seal(message: str) -> None:
    envelope = Envelope(TOKEN, KEY, CORP)
    sealed = envelope.seal(message.encode("utf-8", "replace"))
    signature = envelope.signature("1", "2", sealed)
    caller = Caller(None)  # type: ignore[arg-type]  # it calls nobody
    plain = caller.crypto.decrypt_message({"Encrypt": sealed}, signature, "1", "2")
    assert plain == message.encode("utf-8", "replace").decode()


@pytest.mark.hypothesis
@given(data=st.binary(max_size=200))
def test_what_cannot_be_opened_is_said_to_be_so(data: bytes) -> None:
    envelope = Envelope(TOKEN, KEY, CORP)
    for sealed in (base64.b64encode(data).decode(), data.decode("latin-1"), envelope.seal(data)[:-4]):
        with pytest.raises(BadSeal):
            envelope.open(sealed)
