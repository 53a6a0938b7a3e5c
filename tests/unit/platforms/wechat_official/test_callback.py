"""What a callback is let in by, and what is refused: never with a 500, never with a word about why."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from hubbub.core.errors import Overloaded, StoreError
from hubbub.core.events import Received
from hubbub.core.messages import Audio, Image, Link, Media, Message, Text
from hubbub.core.ports import HANG_UP
from hubbub.core.windows import WindowTerms
from hubbub.platforms.wechat_official.adapter import WeChatOfficialAdapter, terms_of
from hubbub.platforms.wechat_official.crypto import signature
from hubbub.platforms.wechat_official.dev.phone import Phone
from hubbub.platforms.wechat_official.plugin import PLUGIN, enabled
from hubbub.platforms.wechat_official.settings import WeChatOfficialSettings
from hubbub.platforms.wechat_official.wire import BadXml, read
from tests.fakes.platform_host import FakeHost
from tests.fakes.wechat import AES_KEY, TOKEN, Oracle, ask

APP = "wx0123456789abcdef"


class Window:
    """Answers with what it is told to."""

    def __init__(self) -> None:
        self.message: Message | None = (Text("hi"),)
        self.asked: list[Received] = []

    async def answer(self, event: Received, terms: WindowTerms) -> Message | None:
        self.asked.append(event)
        return self.message


class Side:
    """An account with a window that answers at once."""

    def __init__(self, **given: Any) -> None:
        self.window = Window()
        self.host = FakeHost(window=self.window)
        self.adapter = WeChatOfficialAdapter(WeChatOfficialSettings(token=SecretStr(TOKEN), **given), self.host.host)
        self.app = self.adapter.routes[0].app

    async def post(self, body: bytes, query: str) -> tuple[int, bytes]:
        return await ask(self.app, "POST", "/wechat", query, body)


@pytest.fixture
async def phone() -> AsyncIterator[Phone]:
    async with aiohttp.ClientSession() as client:
        yield Phone("", TOKEN, client)


def query(**changed: str) -> str:
    stamp = changed.pop("timestamp", str(int(time.time())))
    given = {"signature": signature(TOKEN, stamp, "n"), "timestamp": stamp, "nonce": "n", **changed}
    return urlencode(given)


async def test_the_address_is_checked() -> None:
    side = Side()
    assert await ask(side.app, "GET", "/wechat", query(echostr="1234&<b>")) == (200, b"1234&<b>")
    assert await ask(side.app, "GET", "/wechat", query(echostr="1234", signature="0" * 40)) == (403, b"")
    assert await ask(side.app, "GET", "/wechat", "echostr=1234") == (403, b"")
    assert await ask(side.app, "GET", "/wechat", "") == (403, b"")


@pytest.mark.parametrize("shift", [-301, 301, -1_000_000])
async def test_old_and_future_callbacks_are_refused(phone: Phone, shift: int) -> None:
    side = Side()
    body, address = phone.signed(phone.message("anna", "text", Content="x"), time.time() + shift)
    assert await side.post(body, address) == (403, b"")
    assert not side.window.asked


async def test_a_reply_is_what_the_platform_reads(phone: Phone) -> None:
    side = Side()
    body, address = phone.signed(phone.message("anna", "text", Content="x"))
    side.window.message = (Text("a ]]> b & <c> \x00 第"),)
    status, answer = await side.post(body, address)
    assert status == 200
    names = [part.split(b">")[0] for part in answer.split(b"<") if part[:1].isalpha()]
    assert names[:6] == [b"xml", b"ToUserName", b"FromUserName", b"CreateTime", b"MsgType", b"Content"]
    assert phone.checked(body, answer)["Content"] == "a ]]> b & <c>  第"


@pytest.mark.parametrize(
    ("message", "kind", "inside"),
    [
        (
            (Link("https://example.org", "a page", "about"),),
            "news",
            {"Articles.item.Title": "a page", "ArticleCount": "1"},
        ),
        ((Image(Media(url="https://example.org/a.png")),), "text", {"Content": "🖼 https://example.org/a.png"}),
        ((Text("see "), Image(Media(url="https://example.org/a.png"))), "text", {}),
        ((Audio(Media(file_id="x")),), "text", {"Content": "🔊"}),
        ((Text("字" * 1000),), "text", {}),
    ],
)
async def test_replies_of_every_kind(phone: Phone, message: Message, kind: str, inside: dict[str, str]) -> None:
    side = Side()
    side.window.message = message
    body, address = phone.signed(phone.message("anna", "text", Content="x"))
    fields = phone.checked(body, (await side.post(body, address))[1])
    assert fields["MsgType"] == kind
    assert inside.items() <= fields.items()


async def test_nothing_to_say_and_nothing_yet(phone: Phone) -> None:
    side = Side(reply_seconds=0.05)
    body, address = phone.signed(phone.message("anna", "text", Content="x"))
    side.window.message = ()
    assert await side.post(body, address) == (200, b"success")
    side.window.message = None
    assert await side.post(body, address) == (0, b"")  # the platform hangs up


async def test_who_waits_in_vain_is_hung_up_on_before_the_platform_complains(phone: Phone) -> None:
    side = Side(reply_seconds=0.05, hang_up_seconds=0.1)
    side.window.message = None
    body, address = phone.signed(phone.message("anna", "text", Content="x"))
    sent = asyncio.Queue[dict[str, Any]]()
    sent.put_nowait({"type": "http.request", "body": body, "more_body": False})
    told: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/wechat", "query_string": address.encode()}
    scope |= {"client": None, "headers": []}
    hang_up = {HANG_UP: lambda: sent.put_nowait({"type": "http.disconnect"})}
    async with asyncio.timeout(5):
        await side.app({**scope, "extensions": hang_up}, sent.get, send)
        assert told == []
        proxied = {"headers": [(b"host", b"x"), (b"x-forwarded-for", b"81.69.1.1")], "extensions": hang_up}
        for more in ({}, proxied):  # a server that cannot hang up, a proxy that would think that the hub is dead
            sent.put_nowait({"type": "http.request", "body": body, "more_body": False})
            await side.app(scope | more, sent.get, send)
    assert [each["status"] for each in told if "status" in each] == [503, 503]


@pytest.mark.parametrize("fault", [Overloaded("full"), StoreError("the database is away")])
async def test_what_is_not_taken_now_is_brought_again_later(phone: Phone, fault: Exception) -> None:
    """At once it would come three times within a second, and then no more."""
    side = Side(hang_up_seconds=0.2)

    async def refuse(event: Received, terms: WindowTerms) -> Message | None:
        raise fault

    side.window.answer = refuse  # type: ignore[method-assign]
    body, address = phone.signed(phone.message("anna", "text", Content="x"))
    sent = asyncio.Queue[dict[str, Any]]()
    sent.put_nowait({"type": "http.request", "body": body, "more_body": False})
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/wechat", "query_string": address.encode()}
    hung_up = asyncio.Event()

    def hang_up() -> None:
        hung_up.set()
        sent.put_nowait({"type": "http.disconnect"})

    began = time.monotonic()
    await side.app(scope | {"client": None, "headers": [], "extensions": {HANG_UP: hang_up}}, sent.get, None)
    assert hung_up.is_set()
    assert time.monotonic() - began > 0.15


BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><MsgId>&b;</MsgId></xml>'
OUTSIDE = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Content>&a;</Content></xml>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"{}",
        b"<xml",
        b"<xml></xml>",
        b"<other><MsgType>text</MsgType></other>",
        BOMB,
        OUTSIDE,
        b"<xml>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</xml>",
        b"<xml>" + b"<a>1</a>" * 5000 + b"</xml>",
        b'<?xml version="1.0" encoding="no-such"?><xml/>',
        b'<?xml version="1.0" encoding="utf-7"?><xml>+ADw-</xml>',
        b"<xml><Encrypt>AAAA</Encrypt></xml>",
        "<xml><FromUserName>a</FromUserName><MsgType>text</MsgType><CreateTime>١</CreateTime></xml>".encode(),
        b"<xml><FromUserName>a</FromUserName><MsgType>text</MsgType><CreateTime>"
        + b"9" * 5000
        + b"</CreateTime></xml>",
    ],
)
async def test_nonsense_is_refused(body: bytes) -> None:
    side = Side()
    status, answer = await side.post(body, query())
    assert (status, answer) == (400, b"")
    assert not side.window.asked


async def test_what_is_too_large_is_refused() -> None:
    side = Side()
    assert (await side.post(b"<xml>" + b"a" * 70_000, query()))[0] == 413
    assert (await side.post(b"", "a" * 5000))[0] == 414
    assert (await side.post(b"", "&".join(f"k{number}=1" for number in range(100))))[0] == 400
    assert (await side.post(b"", "signature=%ff&timestamp=%00&nonce=\x00"))[0] == 403


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=400), signature_right=st.booleans())
async def test_no_input_is_answered_with_500(data: bytes, signature_right: bool) -> None:
    side = Side(encryption="compatible", app_id=APP, encoding_aes_key=SecretStr(AES_KEY))
    address = query() if signature_right else data.decode("latin-1")[:200]
    for body in (data, b"<xml>" + data + b"</xml>", b"<xml><Encrypt>" + data + b"</Encrypt></xml>"):
        status, answer = await side.post(body, address)
        assert status in (200, 400, 403, 413, 414)
        assert answer in (b"", b"success")


async def test_changed_encrypted_messages_are_refused(phone: Phone) -> None:
    side = Side(encryption="aes", app_id=APP, encoding_aes_key=SecretStr(AES_KEY))
    oracle = Oracle()
    phone.encrypt, phone.decrypt = oracle.encrypt, oracle.decrypt
    message = phone.message("anna", "text", Content="x")
    body, address = phone.signed(message)
    assert phone.checked(message, (await side.post(body, address))[1])["Content"] == "hi"
    secret = read(body)["Encrypt"]
    for changed in (secret[:-4] + "AAA=", secret[: len(secret) // 2], "", secret[::-1]):
        status, answer = await side.post(body.replace(secret.encode(), changed.encode()), address)
        assert (status in (400, 403), answer) == (True, b"")
    assert (await side.post(body, address.replace("msg_signature=", "msg_signature=0")))[0] == 403
    assert (await side.post(message, address))[0] == 403
    other = Oracle(app_id="wx-of-another")
    phone.encrypt = other.encrypt
    body, address = phone.signed(message)
    assert (await side.post(body, address)) == (400, b"")
    assert len(side.window.asked) == 1


async def test_several_accounts_have_their_own_paths(phone: Phone) -> None:
    host = FakeHost(window=Window())
    given = WeChatOfficialSettings.model_validate(
        {"token": TOKEN, "path": "/w", "accounts": [{"name": "two", "token": "token-of-two"}]}
    )
    adapter = WeChatOfficialAdapter(given, host.host)
    routes = {route.path: route.app for route in adapter.routes}
    assert set(routes) == {"/w", "/w/", "/w/two", "/w/two/"}
    body, address = phone.signed(phone.message("anna", "text", Content="x"))
    assert (await ask(routes["/w"], "POST", "/w", address, body))[0] == 200
    assert (await ask(routes["/w/two"], "POST", "/w/two", address, body))[0] == 403
    assert {event.room.account for event in host.window.asked} == {"main"}  # type: ignore[attr-defined]


def test_it_is_on_once_there_is_a_token() -> None:
    assert not enabled(WeChatOfficialSettings(), {})
    assert enabled(WeChatOfficialSettings(token=SecretStr("t")), {})
    assert PLUGIN.customs is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"encryption": "aes"},
        {"push": True},
        {"encoding_aes_key": "short"},
        {"path": "wechat"},
        {"api_base": "ftp://x"},
        {"reply_seconds": 5},
        {"accounts": [{"name": "main", "token": "b"}], "token": "a"},
        {"accounts": [{"name": "two"}]},
        {"name": "a/b"},
        {"timezone": "Nowhere/Land"},
    ],
)
def test_settings_that_do_not_go_together(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        WeChatOfficialSettings.model_validate(wrong)


def test_words_are_of_the_language_and_changeable() -> None:
    assert terms_of(WeChatOfficialSettings()).thinking.startswith("这个问题有点难")
    assert terms_of(WeChatOfficialSettings(language="en")).thinking.startswith("This one is hard")
    assert terms_of(WeChatOfficialSettings(thinking_text="moment")).thinking == "moment"


def test_deep_xml_is_no_stack_overflow() -> None:
    with pytest.raises(BadXml):
        read(b"<xml>" + b"<a>" * 20_000 + b"</a>" * 20_000 + b"</xml>")


async def test_a_slow_body_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.platforms.wechat_official.callback._BODY_SECONDS", 0.02)
    side, answer = Side(), []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(10)
        return {}

    async def send(message: dict[str, Any]) -> None:
        answer.append(message)

    scope = {"type": "http", "method": "POST", "path": "/wechat", "query_string": query().encode(), "client": None}
    await side.app(scope, receive, send)
    assert answer[0]["status"] == 408
