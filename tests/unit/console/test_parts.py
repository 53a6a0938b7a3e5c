"""What the pages are made of, without a hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from starlette.requests import Request

from hubbub.api.auth import Access
from hubbub.console.asks import Ask, Asks
from hubbub.console.events import event
from hubbub.console.guides import text_of, with_address
from hubbub.console.listing import Listed, Lister, new_name, root_of
from hubbub.console.looks import Look, look_of
from hubbub.console.recent import RecentLog
from hubbub.console.seals import Seals
from hubbub.console.sessions import Sessions
from hubbub.console.turns import rounds_of, versions_of
from hubbub.console.visitors import Visitors
from hubbub.console.writing import message_html
from hubbub.core.addresses import Room
from hubbub.core.errors import Overloaded, StoreError
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Contact, Face, File, Image, Link, Location, Media, Mention, Text
from hubbub.core.ports import Streamed
from hubbub.core.work import Append, Branch, Entry, Exchanged, Node, Receipt, Row
from tests.fakes.doors import MemorySecrets
from tests.fakes.memory import MemoryConversations

LOOK = Look("en", "", "hub.example:8443", secure=True)
ROOM = Room("http", "local", "private", "web:local", "c")
EVENT = Received("e1", ROOM, Author("web:local"), (Text("x"),), 0.0, "e1", owner="web:local", branch="c")


def node(number: int, parent: int, role: str, content: str, **more: object) -> Node:
    return Node(number, parent, {"role": role, "content": content, **more}, 0.0)


# --- events


def test_an_event_keeps_lines_and_is_never_empty() -> None:
    assert event("a", "x\r\ny\rz") == "event: a\ndata: x\ndata: y\ndata: z\n\n"
    assert event("a", "") == "event: a\ndata: <!---->\n\n"


# --- turns


def test_pictures_that_a_model_made_stand_below_its_words() -> None:
    kept = [{"url": "hub:abc", "mime": "image/png"}]
    nodes = (node(1, 0, "user", "paint"), node(2, 1, "assistant", "", images=kept), node(3, 2, "assistant", "Here."))
    (only,) = rounds_of(nodes, "en")
    assert [each.html.count("<img") for each in only.answers] == [1, 0]
    assert '<img src="/files/abc"' in only.answers[0].html


def test_rounds_pair_questions_with_answers() -> None:
    nodes = (
        node(1, 0, "assistant", "welcome"),
        node(2, 1, "user", "a"),
        node(3, 2, "assistant", "", tool_calls=[]),
        node(4, 3, "tool", "found"),
        node(5, 4, "assistant", "b", reasoning_content="hm", model="m"),
        node(6, 5, "user", "c", images=[]),
        Node(7, 6, "junk", 0.0),
    )
    first, second, third = rounds_of(nodes, "en")
    assert first.question is None
    assert [each.html for each in first.answers] == ["<p>welcome</p>"]
    assert second.question is not None
    assert (second.question.text, second.question.node, second.question.parent) == ("a", 2, 1)
    assert [(each.html, each.reasoning, each.model) for each in second.answers] == [("<p>b</p>", "<p>hm</p>", "m")]
    assert third.question is not None
    assert third.question.pictures_gone
    assert third.answers == ()


def test_versions_are_questions_behind_the_same_turn() -> None:
    shared = node(1, 0, "user", "a"), node(2, 1, "assistant", "b")
    old = Branch("o", "context", "t", 3, 0.0, (*shared, node(3, 2, "user", "c")))
    new = Branch("o", "context", "t~2", 4, 0.0, (*shared, node(4, 2, "user", "d")))
    begun = Branch("o", "context", "t~3", 5, 0.0, (node(5, 0, "user", "e"),))
    found = versions_of(new, (begun, old))
    assert (found[4].number, found[4].count, found[4].before, found[4].after) == (2, 2, "t", "")
    assert (found[1].number, found[1].count, found[1].before, found[1].after) == (1, 2, "", "t~3")
    assert versions_of(old, ()) == {}


# --- the list


async def test_the_list_shows_a_conversation_once() -> None:
    kept = MemoryConversations(clock=lambda: 1.0)
    for name, text in (("a", "first"), ("b", "x" * 200), ("a~2-ff", "first, changed"), (".unanswered", "secret")):
        kept.apply(Append("o", "context", name, ({"role": "user", "content": text},)))
    lister = Lister(kept)
    listed = (await lister.part("o")).conversations
    assert {each.root for each in listed} == {"a", "b"}
    assert all(len(each.title) <= 70 for each in listed)
    assert await lister.search("o", "secret") == await lister.search("o", "nothing")
    assert [each.name for each in (await lister.search("o", "CHANGED")).conversations] == ["a~2-ff"]
    assert (await lister.next_version("o", "a~2-ff")).startswith("a~3-")
    assert (await lister.next_version("o", "new")).startswith("new~2-")
    assert (await lister.part("somebody else")).conversations == ()


async def test_a_title_follows_its_conversation() -> None:
    kept = MemoryConversations(clock=lambda: 1.0)
    lister = Lister(kept)
    kept.apply(Append("o", "context", "a", ({"role": "user", "content": "one\n two"},)))
    assert (await lister.part("o")).conversations == (Listed("a", "a", "one two"),)
    kept.apply(Append("o", "context", "a", ({"role": "user", "content": "other"},), onto=0))
    assert (await lister.part("o")).conversations == (Listed("a", "a", "other"),)


def test_names_sort_by_time_and_know_their_root() -> None:
    assert new_name(0).startswith("1970-01-01-000000-")
    assert new_name(0) != new_name(0)
    assert root_of("a~2-ff") == root_of("a") == "a"


# --- messages


def test_every_segment_that_can_be_shown_is() -> None:
    message = (
        Text("**a**"),
        Text("*b*", verbatim=True),
        Image(Media("data:image/png;base64,AAAA"), "c"),
        Image(Media("https://example.org/d.png")),
        File(Media("https://example.org/e.pdf", name="e.pdf")),
        Link("https://example.org/", "f"),
        Location(1.5, 2.5, "g"),
        Contact("j", ("110",)),
        Mention("7", "h"),
        Face("1", ":i:"),
    )
    html = message_html(message, "en")
    for part in (
        "<strong>a</strong>",
        ">*b*<",
        "<img src=",
        ">e.pdf</a>",
        ">f</a>",
        "g (1.5",
        "j 110",
        "@h",
        ":i:",
        ">Picture</a>",
    ):
        assert part in html


# --- the log


def test_the_log_forgets_the_oldest_and_hides_secrets() -> None:
    recent = RecentLog(lambda text: text.replace("secret", "***"), keep=3)
    for number in range(5):
        recent.handle(logging.LogRecord("a", logging.INFO, "", 0, "line %d secret", (number,), None))
    assert [line.message for line in recent.lines()] == ["line 4 ***", "line 3 ***", "line 2 ***"]
    assert [line.message for line in recent.lines(text="LINE 3")] == ["line 3 ***"]
    assert recent.lines(least=logging.ERROR) == []
    recent.handle(logging.LogRecord("a", logging.INFO, "", 0, "broken %d", ("x",), None))
    assert len(recent.lines()) == 3


# --- guides


def test_a_guide_is_the_section_of_the_readme(tmp_path: Path) -> None:
    assert text_of(tmp_path, "en").connecting == ""
    (tmp_path / "README.md").write_text("# Pigeons\n\n## Connecting\nBuy one.\n\n## Other\nx\n", encoding="utf-8")
    (tmp_path / "README.zh.md").write_text("# 鸽子\n\n## 接入\n买一只。\n", encoding="utf-8")
    assert (text_of(tmp_path, "en").title, text_of(tmp_path, "en").connecting) == ("Pigeons", "Buy one.")
    assert (text_of(tmp_path, "zh").title, text_of(tmp_path, "zh").connecting) == ("鸽子", "买一只。")


def test_a_guide_gets_the_address_that_the_browser_calls() -> None:
    text = 'ws://127.0.0.1:8080/ws http://127.0.0.1:8080/x {"Host": "127.0.0.1", "Port": 8080}'
    assert with_address(text, LOOK) == (
        'wss://hub.example:8443/ws https://hub.example:8443/x {"Host": "hub.example", "Port": 8443}'
    )
    plain = Look("en", "", "hub.example", secure=False)
    assert with_address(text, plain).endswith('{"Host": "hub.example", "Port": 80}')


# --- who looks


def request(client: str = "127.0.0.1", **headers: str) -> Request:
    sent = {"host": "127.0.0.1:8080", **headers}
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/",
            "scheme": "http",
            "query_string": b"",
            "client": (client, 1),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()],
        }
    )


def visitors(**options: object) -> Visitors:
    secrets = MemorySecrets()
    access = Access(secrets, **options)  # type: ignore[arg-type]

    async def admin_hash() -> str | None:
        return None

    return Visitors(access, Sessions(secrets, admin_hash, access.tokens, lambda: 0.0))


async def test_people_on_this_machine_are_one_owner_and_neighbours_are_many() -> None:
    found = visitors(trusted_networks=("127.0.0.0/8", "192.168.0.0/16"))
    here = await found.of(request())
    assert here is not None
    assert here.owner == "web:local"
    first, second = await found.of(request("192.168.1.2")), await found.of(request("192.168.1.2"))
    assert first is not None
    assert second is not None
    assert first.owner.startswith("web:guest-")
    assert first.owner != second.owner
    again = await found.of(request("192.168.1.2", cookie=f"hubbub-visitor-8080={first.new_cookie}"))
    assert again is not None
    assert again.owner == first.owner
    assert again.new_cookie == ""
    assert await found.of(request("203.0.113.9")) is None


async def test_odd_cookies_are_no_cookies() -> None:
    for odd in ("hubbub-session-8080=\x00", "=;=;", "a" * 9000, "hubbub-session-8080=" + "x" * 500):
        assert await visitors().of(request(cookie=odd)) is not None


def test_the_look_follows_cookies_then_the_browser_then_the_hub() -> None:
    assert look_of(request(accept_language="zh-CN,en;q=0.5"), None, "en").language == "zh"
    assert look_of(request(accept_language="fr"), None, "zh").language == "zh"
    chosen = look_of(request(cookie="hubbub-language=en; hubbub-theme=dark", accept_language="zh"), None, "zh")
    assert (chosen.language, chosen.theme) == ("en", "dark")
    assert look_of(request(cookie="hubbub-theme=<script>"), None, "en").theme == ""


def test_a_proxy_may_speak_https_for_the_hub() -> None:
    assert not look_of(request(), None, "en").secure
    assert look_of(request(x_forwarded_proto="https"), None, "en").secure
    assert look_of(request(origin="https://hub.example"), None, "en").address == "https://127.0.0.1:8080"


async def test_sessions_that_cannot_be_read_are_forgotten() -> None:
    secrets = MemorySecrets({"web.sessions": '[{"odd": 1}]'})

    async def admin_hash() -> str | None:
        return "hash"

    sessions = Sessions(secrets, admin_hash, Access(secrets).tokens, lambda: 0.0)
    assert await sessions.find("x") is None
    assert await sessions.find(await sessions.open_admin()) is not None


async def test_a_seal_is_for_one_owner() -> None:
    secrets = MemorySecrets()
    sealed = await Seals(secrets).seal("anna", 7)
    assert await Seals(secrets).opened("anna", sealed) == 7
    for owner, odd in (("bert", sealed), ("anna", sealed + "0"), ("anna", "7."), ("anna", "x"), ("anna", "9" * 40)):
        assert await Seals(secrets).opened(owner, odd) is None


# --- questions under way


class Scripted:
    """An exchange that gives what it is told."""

    def __init__(self, *items: Receipt | Streamed | Row | Exception) -> None:
        self.items = items
        self.go = asyncio.Event()

    async def ask(self, event: Received) -> Exchanged:
        raise NotImplementedError

    async def stream(self, event: Received) -> AsyncGenerator[Receipt | Streamed | Row, None]:
        for item in self.items:
            if isinstance(item, Exception):
                raise item
            yield item
        await self.go.wait()


RECEIPT = Receipt(Entry(5, "lane", EVENT))


async def test_an_ask_gathers_what_comes_and_goes_on_by_itself() -> None:
    exchange = Scripted(RECEIPT, Streamed("a"), Streamed("b", "thought"), Streamed(note="🎨 …"))
    async with asyncio.TaskGroup() as tasks:
        asks = Asks(exchange, tasks)
        ask = await asks.start(Ask(EVENT, "x", 0, 0.0))
        await asyncio.sleep(0)
        assert asks.running("web:local", "c") is ask
        assert asks.running("web:other", "c") is None
        assert asks.find("web:local", 5) is ask
        assert asks.find("web:other", 5) is None
        assert await asks.start(Ask(EVENT, "x", 0, 0.0)) is ask
        assert (ask.content, ask.reasoning, ask.note) == ("ab", "thought", "🎨 …")
        version = ask.version
        exchange.go.set()
        await ask.later_than(version, 5)
        assert ask.done
        assert asks.running("web:local", "c") is None


@pytest.mark.parametrize("error", [Overloaded("full"), StoreError("broken"), RuntimeError("odd")])
async def test_a_question_that_is_not_taken_is_told_and_can_be_sent_again(error: Exception) -> None:
    async with asyncio.TaskGroup() as tasks:
        exchange = Scripted(error)
        asks = Asks(exchange, tasks)
        with pytest.raises(type(error)):
            await asks.start(Ask(EVENT, "x", 0, 0.0))
        exchange.items = (RECEIPT,)
        exchange.go.set()
        assert (await asks.start(Ask(EVENT, "x", 0, 0.0))).entry == 5


async def test_an_answer_that_takes_too_long_is_told() -> None:
    async with asyncio.TaskGroup() as tasks:
        ask = await Asks(Scripted(RECEIPT, TimeoutError()), tasks).start(Ask(EVENT, "x", 0, 0.0))
        await ask.later_than(ask.version, 1)
        assert ask.failure is not None
        assert ask.done


async def test_waiting_ends_by_itself() -> None:
    ask = Ask(EVENT, "x", 0, 0.0)
    began = asyncio.get_running_loop().time()
    await ask.later_than(0, 0.01)
    assert asyncio.get_running_loop().time() - began < 1
