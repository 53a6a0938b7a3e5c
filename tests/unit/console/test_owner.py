"""The owner's pages of a running hub."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from hubbub.app import hub, pages
from hubbub.core.identities import Role
from hubbub.core.people import Stranger, User
from hubbub.core.reports import Report, Told
from hubbub.core.work import State, Unit
from tests.fakes.onebot_peer import Conduct, OneBotPeer
from tests.fakes.pages import Browser, Event, Site, commit, in_doubt, site
from tests.fakes.people import MemoryPeople


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as running:
        yield running


@pytest.fixture
async def owner(here: Site) -> Browser:
    browser = await here.browser()
    await browser.login()
    return browser


async def test_the_overview_tells_what_runs(owner: Browser) -> None:
    page = await owner.open("/console")
    assert "running" in page.words
    assert "fake-model" in page.words
    assert "OPENAI_API_KEY is set" in page.words
    assert "No account has connected yet." in page.words
    assert "None. Every message arrived" in page.words


async def test_the_overview_follows_accounts(here: Site, owner: Browser) -> None:
    events = owner.events("/console/live")
    await seen(events, "accounts", "No account has connected yet")
    peer = await OneBotPeer(Conduct(self_id=10001)).connect(here.url.replace("http", "ws") + "/onebot/v11/ws")
    await seen(events, "accounts", "connected for less than a minute")
    assert "10001" in (await owner.open("/console")).words
    peer.close()
    await seen(events, "accounts", "down for less than a minute")
    assert "0 of 1 connected" in (await owner.open("/console")).words


async def test_a_guide_has_this_hubs_address_and_sees_the_account_come(here: Site, owner: Browser) -> None:
    assert "OneBot v11" in (await owner.open("/console/platforms")).words
    page = await owner.open("/console/platforms/onebot")
    address = here.url.replace("http://", "ws://") + "/onebot/v11/ws"
    assert address in page.words
    assert "127.0.0.1:8080" not in page.words
    assert f'"Port": {here.url.rpartition(":")[2]}' in page.words
    assert "No account is connected yet." in page.words
    events = owner.events("/console/platforms/onebot/live")
    await seen(events, "connected", "No account is connected yet.")
    peer = await OneBotPeer(Conduct(self_id=10001)).connect(address)
    await seen(events, "connected", "It works")
    peer.close()
    assert (await owner.open("/console/platforms/nothing")).status == 404


async def test_deliveries_in_doubt_are_sent_again_or_dropped(here: Site, owner: Browser) -> None:
    first = await in_doubt(here, "perhaps *there*", State.UNKNOWN)
    second = await in_doubt(here, "never there", State.DEAD)
    page = await owner.open("/console")
    assert "perhaps *there*" in page.words
    assert "in doubt" in page.words
    assert "given up" in page.words
    answer = await owner.post(f"/console/deliveries/{second}/drop")
    assert answer.status == 200
    assert "never there" not in answer.text
    answer = await owner.post(f"/console/deliveries/{first}/retry")
    assert answer.status == 200
    assert await state(here, second) is State.DROPPED
    assert await state(here, first) not in (State.UNKNOWN, State.DEAD)
    for number in (str(second), "999999", "x", "9" * 30):
        assert (await owner.post(f"/console/deliveries/{number}/drop")).status == 404


async def test_when_a_platform_told_that_a_message_is_lost_is_shown(here: Site, owner: Browser) -> None:
    number = await in_doubt(here, "lost", State.UNKNOWN)
    (row,) = await here.hub.store.outbox.deliveries([State.UNKNOWN], 1, number - 1)
    assert "told so at" not in (await owner.open("/console")).words
    report = Report(row.out.room, "m1", Told.FAILED, time.time(), "nobody is there", row.key)
    await here.hub.store.outbox.report([report])
    assert "nobody is there (the platform told so at" in (await owner.open("/console")).words


async def test_a_model_says_hello(here: Site, owner: Browser) -> None:
    assert "fake-model" in (await owner.open("/console/models")).words
    here.model.behave(reply="Hello **there**!")
    page = await owner.post("/console/models/hello", {"model": "fake-model"})
    assert "Hello <strong>there</strong>!" in page.text
    assert re.search(r"First words after \d+\.\d s", page.words)
    assert (await owner.post("/console/models/hello", {"model": "no such"})).status == 404


async def test_a_model_that_does_not_is_told_with_an_id(here: Site, owner: Browser) -> None:
    here.model.fail(401, times=9)
    page = await owner.post("/console/models/hello", {"model": "fake-model"})
    assert "refused the hub's key" in page.words
    found = re.search(r'href="(/console/log\?q=\w+)"', page.text)
    assert found is not None
    assert "did not answer a hello" in (await owner.open(found[1])).words
    assert "sk-test" not in page.text


async def test_a_token_is_shown_once_and_can_be_revoked(here: Site, owner: Browser) -> None:
    made = await owner.post(
        "/console/tokens", [("name", "script"), ("scope", "messages"), ("days", "2"), ("owner", "anna")]
    )
    found = re.search(r"hub_[\w-]{20,}", made.text)
    assert found is not None
    page = await owner.open("/console/tokens")
    assert found[0] not in page.text
    assert "only as anna" in page.words
    caller = await here.hub.access.require(
        "203.0.113.9", [(b"authorization", f"Bearer {found[0]}".encode())], "messages"
    )
    assert caller.owner == "anna"
    number = re.search(r"/console/tokens/(\w+)/revoke", page.text)
    assert number is not None
    gone = await owner.post(f"/console/tokens/{number[1]}/revoke")
    assert "There is no token yet." in gone.words
    assert (await owner.post(f"/console/tokens/{number[1]}/revoke")).status == 404


async def test_people_are_blocked_and_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = MemoryPeople({"onebot:7": User("onebot:private:7", "onebot:7", Role.USER, messages=12, tokens=345)})
    made = pages.console_services
    monkeypatch.setattr(hub, "console_services", lambda *given: replace(made(*given), people=people))
    async with site(tmp_path) as here:
        owner = await here.browser()
        assert "People" in (await owner.login()).words
        page = await owner.open("/console/people")
        assert "onebot:7" in page.words
        assert "messages: 12, tokens: 345" in page.words
        blocked = await owner.post("/console/people/role", {"name": "onebot:7", "role": "blocked"})
        assert "Unblock" in blocked.words
        assert people.known["onebot:7"].role is Role.BLOCKED
        assert "Block" in (await owner.post("/console/people/role", {"name": "onebot:7", "role": "none"})).words
        for form in ({"name": "onebot:7", "role": "owner"}, {"name": "x", "role": "user"}):
            assert (await owner.post("/console/people/role", form)).status == 400
        await owner.post("/console/people/forget", {"name": "onebot:private:7"})
        assert people.forgotten == ["onebot:private:7"]


async def test_limits_are_set_and_strangers_let_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    people = MemoryPeople({"onebot:private:7": User("onebot:private:7", "onebot:7", Role.USER)})
    people.strangers.append(Stranger("AB23CD", "onebot:8", "Eve <b>", time.time() + 600))
    made = pages.console_services
    monkeypatch.setattr(hub, "console_services", lambda *given: replace(made(*given), people=people))
    async with site(tmp_path) as here:
        owner = await here.browser()
        await owner.login()
        page = await owner.open("/console/people")
        assert "AB23CD" in page.words
        assert "holds for" in page.words
        assert "Eve <b>" in page.words
        form = {"name": "onebot:private:7", "messages": "5", "tokens": ""}
        changed = await owner.post("/console/people/limits", form)
        assert changed.status == 200
        assert 'value="5"' in changed.text
        assert (people.known["onebot:private:7"].own_messages, people.known["onebot:private:7"].own_tokens) == (5, None)
        await owner.post("/console/people/limits", form | {"messages": "", "tokens": "0"})
        assert (people.known["onebot:private:7"].own_messages, people.known["onebot:private:7"].own_tokens) == (None, 0)
        for wrong in ("-1", "many", "1.5", "٣", "9" * 13):
            assert (await owner.post("/console/people/limits", form | {"messages": wrong})).status == 400
        assert (await owner.post("/console/people/pair", {"code": "XXXXXX"})).status == 400
        let_in = await owner.post("/console/people/pair", {"code": "AB23CD"})
        assert "Waiting to be let in" not in let_in.words
        assert people.known["onebot:8"].role is Role.USER


async def test_without_people_there_is_no_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = pages.console_services
    monkeypatch.setattr(hub, "console_services", lambda *given: replace(made(*given), people=None))
    async with site(tmp_path) as here:
        owner = await here.browser()
        assert "/console/people" not in (await owner.login()).text
        assert (await owner.open("/console/people")).status == 404


REFUSED_TOKENS = [
    ([("name", " "), ("scope", "messages")], "what the token is for"),
    ([("name", "x")], "what the token may do"),
    ([("name", "x"), ("scope", "everything")], "what the token may do"),
    ([("name", "x"), ("scope", "admin"), ("owner", "anna")], "cannot be an admin"),
    ([("name", "x"), ("scope", "messages"), ("days", "0")], "from 1 to 3650"),
    ([("name", "x"), ("scope", "messages"), ("days", "soon")], "from 1 to 3650"),
    ([("name", "x"), ("scope", "messages"), ("per_minute", "-1")], "from 1 to 100000"),
]


async def test_a_token_that_cannot_be_is_explained(owner: Browser) -> None:
    for form, told in REFUSED_TOKENS:
        page = await owner.post("/console/tokens", form)
        assert page.status == 400
        assert told in page.text


async def test_the_log_is_searched_by_text_and_level_without_secrets(owner: Browser) -> None:
    log = logging.getLogger("hubbub.test")
    log.info("an ordinary line with api_key=sk-secretsecret")
    log.error("error 1234abcd: it broke", exc_info=ValueError("because"))
    page = await owner.open("/console/log")
    assert "an ordinary line" in page.words
    assert "sk-secretsecret" not in page.text
    found = await owner.open("/console/log?q=1234ABCD")
    assert "ValueError: because" in found.words
    assert "an ordinary line" not in found.words
    part = await owner.open("/console/log?level=error", **{"hx-request": "true"})
    assert "it broke" in part.words
    assert "an ordinary line" not in part.words
    assert "<html" not in part.text


async def test_both_languages(owner: Browser) -> None:
    await owner.post("/page/language", {"language": "zh", "next": "/console"})
    for path in ("", "/platforms", "/models", "/tokens", "/log"):
        page = await owner.open("/console" + path)
        assert '<html lang="zh"' in page.text
        assert "控制台" in page.text
        assert "Overview" not in page.words
        assert "OPENAI_API_KEY is set" not in page.words
        if path in ("", "/models"):
            assert "已设置 OPENAI_API_KEY" in page.words


async def test_messages_that_were_given_up_are_listed(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        owner = await here.browser(language="zh-CN")
        await owner.login()
        assert "无法处理的消息" not in (await owner.open("/console")).words
        await commit(here, "poison", Unit(), dead="the hub ended 3 times")
        page = await owner.open("/console")
        assert "无法处理的消息" in page.words
        assert "the hub ended 3 times" in page.words
        assert "text of poison" in page.words


async def test_open_pages_do_not_keep_the_hub_from_stopping(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        browser = await here.browser()
        await browser.login()
        events = browser.events("/console/live")
        await anext(events)
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 4


async def seen(events: AsyncIterator[Event], name: str, words: str) -> None:
    """Listen until a part shows these words."""
    async with asyncio.timeout(10):
        async for event in events:
            if event.name == name and words in event.data:
                return
    raise AssertionError(words)


async def state(here: Site, number: int) -> State:
    rows = await here.hub.store.outbox.deliveries(tuple(State), 100)
    return next(row.state for row in rows if row.id == number)
