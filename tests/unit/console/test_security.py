"""What the pages must refuse, each as somebody would try it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubbub.console.paths import PATHS
from hubbub.console.sessions import Sessions
from tests.fakes.pages import PASSWORD, Browser, Page, Site, scripts, site

ELSEWHERE = {"HUBBUB_TRUSTED_NETWORKS": "10.1.0.0/16"}  # so that the tests' own address is not trusted
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as running:
        yield running


@pytest.fixture
async def public(tmp_path: Path) -> AsyncIterator[Site]:
    """A hub that trusts nobody for their address."""
    async with site(tmp_path, ELSEWHERE) as running:
        yield running


WRITES = [path.format(row="1", token="x") for method, path in PATHS if method == "POST"]


FOREIGN = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "same-site"},
    {"host": "evil.example", "origin": "http://evil.example"},
]


async def test_writes_from_another_page_are_refused(here: Site) -> None:
    browser = await here.browser()
    await browser.login()
    form = {"secret": PASSWORD, "text": "x", "language": "zh", "csrf": browser.csrf}
    for path in WRITES:
        for sent in FOREIGN:
            assert (await browser.post(path, form, **sent)).status == 403, (path, sent)


async def test_writes_without_the_pages_token_are_refused(here: Site) -> None:
    browser = await here.browser()
    await browser.login()
    for path in WRITES:
        for token in ("", "0" * 40):
            if path not in ("/page/login", "/page/language"):
                assert (await browser.post(path, {"text": "x"}, x_csrf_token=token)).status == 403, (path, token)


async def test_a_token_of_one_visitor_is_worth_nothing_to_another(here: Site) -> None:
    mine, theirs = await here.browser(), await here.browser()
    await mine.open()
    await theirs.open()
    mine.csrf = theirs.csrf
    assert (await mine.post("/page/messages", {"text": "x"})).status == 403


async def test_a_name_that_is_not_the_hubs_own_is_refused(here: Site) -> None:
    """DNS rebinding: the browser believes that the hub is the attacker's site."""
    browser = await here.browser()
    await browser.login()
    for path in ("/", "/console", "/page/conversations", "/console/log"):
        page = await browser.open(path, host="evil.example")
        assert page.status == 403, path
        assert "conversations" not in page.text.lower()


async def test_who_is_not_trusted_sees_only_the_log_in(public: Site) -> None:
    browser = await public.browser()
    for method, path in PATHS:
        if method == "GET" and not path.startswith(("/assets", "/page/login")):
            page = await browser.open(path.format(entry="1", platform="onebot"))
            assert "Log in" in page.words, path
            assert "fake-model" not in page.text
    assert (await browser.post("/page/messages", {"text": "x"})).status == 401


async def test_the_console_needs_the_password_even_on_this_machine(here: Site) -> None:
    browser = await here.browser()
    await browser.open()
    assert "Admin secret" in (await browser.open("/console")).words
    assert (await browser.post("/console/tokens", {"name": "x", "scope": "messages"})).status == 401


async def test_a_proxys_request_is_not_trusted_for_its_address(here: Site) -> None:
    browser = await here.browser(**{"x-forwarded-for": "192.0.2.7"})
    assert "Log in" in (await browser.open()).words


async def test_a_token_lets_in_to_the_chat_only(public: Site) -> None:
    _, secret = await public.hub.access.issue("anna's", ["messages"], owner="anna")
    browser = await public.browser()
    page = await browser.login(secret, "/")
    assert "What would you like to know?" in page.words
    assert "LLM-OK hello" in await browser.ask("hello")
    assert "Admin secret" in (await browser.open("/console")).words
    assert [owner async for owner in owners(public)] == ["web:anna"]


async def test_a_token_without_the_scope_does_not(public: Site) -> None:
    _, secret = await public.hub.access.issue("metrics", ["metrics"])
    browser = await public.browser()
    assert (await browser.login(secret, "/")).status == 403


async def test_a_session_ends_with_its_token(public: Site) -> None:
    token, secret = await public.hub.access.issue("anna's", ["messages"], owner="anna")
    browser = await public.browser()
    await browser.login(secret, "/")
    await public.hub.access.revoke(token.id)
    assert "Log in" in (await browser.open()).words


async def test_an_old_session_is_worth_nothing(here: Site) -> None:
    browser, thief = await here.browser(), await here.browser()
    await browser.login()
    thief.http.cookie_jar.update_cookies({each.key: each.value for each in browser.http.cookie_jar})
    assert "Overview" in (await thief.open("/console")).words
    await browser.open("/console")
    assert (await browser.post("/page/logout", {"csrf": browser.csrf})).status == 303
    assert "Admin secret" in (await thief.open("/console")).words


async def test_a_new_password_ends_every_session(here: Site) -> None:
    browser = await here.browser()
    await browser.login()
    assert "Overview" in (await browser.open("/console")).words
    await here.hub.access.set_admin("another password")
    assert "Admin secret" in (await browser.open("/console")).words
    assert (await browser.login()).status == 401
    assert "Overview" in (await browser.login("another password")).words


async def test_a_live_page_ends_with_its_session(here: Site) -> None:
    browser = await here.browser()
    await browser.login()
    seen = 0
    async with asyncio.timeout(10):
        async for _ in browser.events("/console/live"):
            seen += 1
            if seen == 1:
                await here.hub.access.set_admin("another password")
    assert seen == 6, "each part once"


async def test_sessions_end_by_themselves_and_are_kept_as_digests(here: Site) -> None:
    now = 1_000_000.0
    sessions = Sessions(
        here.hub.store.secrets, lambda: here.hub.store.secrets.get("admin.hash"), here.hub.access.tokens, lambda: now
    )
    secret = await sessions.open_admin()
    assert await sessions.find(secret) is not None
    assert secret not in (await here.hub.store.secrets.get("web.sessions") or "")
    assert await sessions.find(secret[:-1] + "x") is None
    now += 7 * 86_400
    assert await sessions.find(secret) is None


async def test_cookies_are_for_the_hubs_pages_alone(here: Site) -> None:
    browser = await here.browser()
    page = await browser.post("/page/login", {"secret": PASSWORD, "next": "/console"}, hx_request="")
    cookie = page.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()


async def test_guessing_is_slowed_down(here: Site) -> None:
    browser = await here.browser()
    statuses = [(await browser.login(f"wrong password {number}")).status for number in range(12)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert (await browser.login()).status == 429


async def test_the_log_in_leads_nowhere_else(here: Site) -> None:
    for target in (
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/console//evil",
        "javascript:alert(1)",
    ):
        browser = await here.browser()
        page = await browser.post("/page/login", {"secret": PASSWORD, "next": target}, hx_request="")
        assert page.headers["location"] == "/", target
        page = await browser.post("/page/language", {"language": "zh", "next": target})
        assert not page.headers["location"].startswith(("//", "/\\", "http", "java")), target


async def test_scripts_in_messages_names_and_logs_are_text(here: Site) -> None:
    here.model.behave(reply=f"{SCRIPT} [x](javascript:alert(3)) ![y](https://evil.example/z.png) $\\text{{{SCRIPT}}}$")
    browser = await here.browser()
    await browser.login()
    said = await browser.say(SCRIPT)
    done = await said.done()
    pages = [
        Page(200, done, {}),
        await browser.open(f"/?c={said.conversation}"),
        await browser.open("/page/conversations?q=script"),
    ]
    made = await browser.post("/console/tokens", {"name": SCRIPT, "scope": "messages", "owner": SCRIPT})
    pages += [made, await browser.open("/console/tokens"), await browser.open("/console/log?q=" + SCRIPT)]
    pages.append(await browser.open("/?c=" + SCRIPT.replace("/", "%2f")))
    for page in pages:
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "evil.example/z.png" not in "".join(re.findall(r"<img[^>]*>", page.text))
        assert scripts(page) == []


async def test_nobody_sees_anothers_conversation(public: Site) -> None:
    browsers: list[Browser] = []
    for name in ("anna", "bert"):
        _, secret = await public.hub.access.issue(name, ["messages"], owner=name)
        browser = await public.browser()
        await browser.login(secret, "/")
        browsers.append(browser)
    anna, bert = browsers
    said = await anna.say("my secret plan")
    await said.done()
    assert "secret plan" not in (await bert.open(f"/?c={said.conversation}")).text
    assert (await bert.open(f"/?c={said.conversation}")).status == 404
    assert (await bert.open(said.address)).status == 404
    assert (await bert.open(f"/page/turns?c={said.conversation}&live={said.address.rpartition('/')[2]}")).status == 404
    assert "secret plan" not in (await bert.open("/page/conversations?q=plan")).text
    assert "secret plan" not in (await bert.open(f"/page/turns?c={said.conversation}&before=9")).text
    nodes = (await public.hub.store.conversations.branch("web:anna", "context", said.conversation)).nodes
    page = await bert.post("/page/messages", {"text": "x", "c": said.conversation, "behind": str(nodes[-1].id)})
    assert page.status == 404
    assert (await bert.post("/page/conversations/delete", {"name": said.conversation})).status == 404
    assert "secret plan" in (await anna.open("/page/conversations")).text
    gone = await anna.post("/page/conversations/delete", {"name": said.conversation, "c": ""})
    mark = re.search(r"[0-9a-f]{12}", gone.text)
    assert mark
    assert (await bert.post("/page/conversations/restore", {"mark": mark[0]})).status == 404
    assert "secret plan" not in (await bert.open(f"/?gone={mark[0]}")).text


async def test_stopping_stops_ones_own_answer_only(public: Site) -> None:
    public.model.behave(reply="word " * 60, gap_ms=15)
    browsers = []
    for name in ("anna", "bert"):
        _, secret = await public.hub.access.issue(name, ["messages"], owner=name)
        browser = await public.browser()
        await browser.login(secret, "/")
        browsers.append(browser)
    said = await browsers[0].say("x")
    assert (await browsers[1].post("/page/stop", {"c": said.conversation})).status == 204
    assert (await said.done()).count("word") == 60


PATHS_OUT = ["..%2f..%2f..%2fetc%2fpasswd", "%2e%2e", "..", "README.md", "hubbub.css%00", "x", "%ff"]


async def test_assets_are_the_ones_there_are(here: Site) -> None:
    browser = await here.browser()
    for name in PATHS_OUT:
        assert (await browser.open(f"/assets/{name}")).status in (404, 303), name


async def test_names_of_conversations_are_checked(here: Site) -> None:
    browser = await here.browser()
    await browser.open()
    for name in (".unanswered", "a" * 101, "a%0ab", "%20a", "%00", "%ed%a0%80"):
        assert (await browser.open(f"/?c={name}")).status == 404, name
    for name in (".unanswered", "a" * 101, "a\nb"):
        assert (await browser.post("/page/messages", {"text": "x", "c": name})).status == 404, name


async def test_uploads_are_bounded(tmp_path: Path) -> None:
    async with site(tmp_path, {"HUBBUB_SERVER__MAX_BODY_BYTES": "100000"}) as here:
        browser = await here.browser()
        await browser.open()
        assert (await browser.post("/page/messages", {"text": "x" * 200_000})).status == 413
        assert (await browser.post("/page/stop", {"c": "x" * 70_000})).status == 413
        assert (await browser.post("/page/messages", [("x", str(each)) for each in range(100)])).status == 400
        assert (await browser.post("/page/messages", {"text": "x" * 90_000})).status == 200


async def test_too_many_words_or_pictures_are_refused(here: Site) -> None:
    browser = await here.browser()
    await browser.open()
    assert (await browser.post("/page/messages", {"text": "x" * 100_001})).status == 413
    assert (await browser.post("/page/messages", [("picture", "data:image/png;base64,")] * 5)).status == 413
    assert (await browser.post("/page/messages", {"text": "  "})).status == 400


async def test_every_page_has_a_strict_policy_and_nothing_inline(here: Site) -> None:
    browser = await here.browser()
    await browser.login()
    for method, path in PATHS:
        if method == "GET" and "{" not in path and "live" not in path:
            page = await browser.open(path)
            assert page.status == 200, path
            policy = page.headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert page.headers["x-content-type-options"] == "nosniff"
            assert page.headers["cache-control"] == "no-store"
            assert scripts(page) == [], path


async def test_the_page_is_light(here: Site) -> None:
    """All that a first visit loads, compressed where the hub compresses."""
    browser = await here.browser()
    page = await browser.open()
    weight = len(page.text.encode())
    for path in re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text):
        async with browser.http.get(
            browser.url + path, headers={"accept-encoding": "gzip"}, auto_decompress=False
        ) as answer:
            assert "immutable" in answer.headers["cache-control"]
            weight += len(await answer.read())
    assert weight < 150_000
    assert weight < 50_000, "three times as light as promised, so far"


async def test_what_breaks_is_told_with_an_id(here: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = await here.browser()
    await browser.open()

    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("hubbub.console.listing.Lister.part", broken)
    page = await browser.open()
    assert page.status == 500
    found = re.search(r"Error id: (\w+)", page.words)
    assert found is not None
    await browser.login()
    log = await browser.open(f"/console/log?q={found[1]}")
    assert "ZeroDivisionError" in log.words


async def owners(here: Site) -> AsyncIterator[str]:
    for owner in await here.hub.store.conversations.owners("context"):
        yield owner
