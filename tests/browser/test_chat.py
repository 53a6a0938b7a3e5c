"""The chat page in a real browser."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web
from playwright.async_api import Page, expect

from tests.browser.conftest import Chromium, faults, picture
from tests.fakes.model import FakeModel
from tests.fakes.pages import Site, site

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWER = r"""A *pivot* parts the list; then both parts are sorted the same way. On average that takes
$O(n \log n)$ comparisons:

$$
T(n) = 2\,T\left(\frac{n}{2}\right) + \Theta(n)
$$

```python
def quicksort(items: list[int]) -> list[int]:
    if len(items) < 2:
        return items
    pivot, *rest = items
    smaller = [item for item in rest if item < pivot]
    larger = [item for item in rest if item >= pivot]
    return [*quicksort(smaller), pivot, *quicksort(larger)]
```

| case | comparisons | when |
|:-----|:-----------:|:-----|
| best | $n \log_2 n$ | the pivot is the median |
| worst | $n^2/2$ | the list is sorted already |

Shall we look at how to choose the pivot?
"""
CHINESE = r"""先选一个*基准*，把列表分成两部分，再用同样的办法分别排序，平均需要 $O(n \log n)$ 次比较：

```python
def quicksort(items: list[int]) -> list[int]:
    if len(items) < 2:
        return items
    pivot, *rest = items
    smaller = [item for item in rest if item < pivot]
    larger = [item for item in rest if item >= pivot]
    return [*quicksort(smaller), pivot, *quicksort(larger)]
```

| 情形 | 比较次数 | 何时 |
|:-----|:-----------:|:-----|
| 最好 | $n \log_2 n$ | 基准是中位数 |
| 最坏 | $n^2/2$ | 列表已经有序 |

要不要看看怎样选基准？
"""


async def say(page: Page, text: str) -> None:
    await page.fill("#text", text)
    await page.press("#text", "Enter")
    await expect(page.locator(".live")).to_be_attached()


async def done(page: Page) -> None:
    await expect(page.locator(".live")).not_to_be_attached(timeout=20_000)


async def ask(page: Page, text: str) -> None:
    rounds = await page.locator(".round").count()
    await page.fill("#text", text)
    await page.press("#text", "Enter")
    await expect(page.locator(".round")).to_have_count(rounds + 1)
    await done(page)


async def test_a_first_conversation(here: Site, chromium: Chromium) -> None:
    here.model.behave(reply=ANSWER, gap_ms=25)
    async with chromium.visitor() as page:
        await page.goto(here.url)
        await expect(page.locator(".greeting")).to_be_visible()
        await expect(page.locator("#text")).to_be_focused()
        await say(page, "How does quicksort work?")
        answer = page.locator(".live .answer")
        await expect(answer).to_contain_text("A pivot parts the list")
        early = len(await answer.inner_text())
        await expect(page.locator(".live .code")).to_contain_text("larger =")
        assert len(await answer.inner_text()) > early
        await expect(page.locator("#stop")).to_be_visible()
        await done(page)
        await expect(page.locator(".bot math")).to_have_count(4)
        await expect(page.locator(".bot table td")).to_have_count(6)
        await expect(page.locator("#list a[aria-current]")).to_have_text("How does quicksort work?")
        await expect(page.locator("#stop")).to_be_hidden()
        assert "?c=" in page.url
        await page.locator("#scroll").evaluate("each => { each.scrollTop = 0 }")
        await picture(page, "chat")
        await page.reload()
        await expect(page.locator(".bot")).to_contain_text("Shall we look at how to choose the pivot?")


async def test_code_is_copied(here: Site, chromium: Chromium) -> None:
    here.model.behave(reply="```py\nprint('<hello>')\n```")
    async with chromium.visitor() as page:
        await page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=here.url)
        await page.goto(here.url)
        await ask(page, "x")
        await page.click(".copy")
        await expect(page.locator(".copy")).to_have_text("Copied")
        assert await page.evaluate("navigator.clipboard.readText()") == "print('<hello>')"
        await page.hover(".turn.me")
        await page.click(".turn.me .copy-turn")
        assert await page.evaluate("navigator.clipboard.readText()") == "x"


@pytest.mark.parametrize("how", ["button", "Escape"])
async def test_stop(here: Site, chromium: Chromium, how: str) -> None:
    here.model.behave(reply="word " * 500, gap_ms=20)
    async with chromium.visitor() as page:
        await page.goto(here.url)
        await say(page, "x")
        await expect(page.locator(".live .answer")).to_contain_text("word word")
        if how == "button":
            await page.click("#stop")
        else:
            await page.keyboard.press(how)
        await done(page)
        words = (await page.locator(".bot .md").inner_text()).count("word")
        assert 1 < words < 400
        await expect(page.locator("#send")).to_be_visible()


async def test_a_reload_in_the_middle(here: Site, chromium: Chromium) -> None:
    here.model.behave(reply="word " * 80 + "end", gap_ms=20)
    async with chromium.visitor() as page:
        await page.goto(here.url)
        await say(page, "my question")
        await expect(page.locator(".live .answer")).to_contain_text("word word")
        await page.reload()
        await expect(page.locator(".live .bubble")).to_have_text("my question")
        await expect(page.locator(".live .answer")).to_contain_text("word word")
        await done(page)
        await expect(page.locator(".bot .md")).to_contain_text("word end")
        await expect(page.locator(".round")).to_have_count(1)


async def test_a_restart_of_the_hub_in_the_middle(tmp_path: Path, chromium: Chromium) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(FakeModel(reply="slow " * 900, gap_ms=20))
        page = await stack.enter_async_context(chromium.visitor())
        async with site(tmp_path, {"HUBBUB_DISPATCH__SHUTDOWN_SECONDS": "0"}, port=port, model=model) as first:
            await page.goto(first.url)
            await say(page, "my question")
            await expect(page.locator(".live .answer")).to_contain_text("slow slow")
        await expect(page.locator("#offline")).to_be_visible()
        model.behave(reply="here it is")
        async with site(tmp_path, port=port, model=model):
            await expect(page.locator(".bot .md")).to_have_text("here it is", timeout=20_000)
            await expect(page.locator(".bubble")).to_have_text("my question")
            await expect(page.locator("#offline")).to_be_hidden()
    chromium.complaints.clear()  # of the connection that was refused meanwhile


async def test_a_message_written_while_the_hub_is_away_arrives_once(tmp_path: Path, chromium: Chromium) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(FakeModel())
        page = await stack.enter_async_context(chromium.visitor())
        async with site(tmp_path, port=port, model=model) as first:
            await page.goto(first.url)
        await page.fill("#text", "are you there?")
        await page.press("#text", "Enter")
        await expect(page.locator("#offline")).to_be_visible()
        async with site(tmp_path, port=port, model=model):
            await expect(page.locator(".bot .md")).to_have_text("LLM-OK are you there?", timeout=20_000)
            await expect(page.locator(".round")).to_have_count(1)
            assert model.count == 1
    chromium.complaints.clear()


async def test_a_reload_after_a_restart_still_waits_for_the_answer(tmp_path: Path, chromium: Chromium) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with AsyncExitStack() as stack:
        model = await stack.enter_async_context(FakeModel(reply="slow " * 900, gap_ms=20))
        page = await stack.enter_async_context(chromium.visitor())
        async with site(tmp_path, {"HUBBUB_DISPATCH__SHUTDOWN_SECONDS": "0"}, port=port, model=model) as first:
            await page.goto(first.url)
            await say(page, "my question")
            await expect(page.locator(".live .answer")).to_contain_text("slow slow")
            address = page.url
            await page.goto("about:blank")
        model.behave(reply="here it is", first_ms=1500)
        async with site(tmp_path, port=port, model=model):
            await page.goto(address)
            await expect(page.locator(".live .bubble")).to_have_text("my question")
            await expect(page.locator(".bot .md")).to_have_text("here it is", timeout=20_000)
            await expect(page.locator(".round")).to_have_count(1)
    chromium.complaints.clear()


async def test_retry_and_edit(here: Site, chromium: Chromium) -> None:
    async with chromium.visitor() as page:
        await page.goto(here.url)
        await ask(page, "one")
        await ask(page, "two")
        here.model.behave(reply="better")
        await page.click(".round:last-of-type .retry")
        await expect(page.locator(".round:last-of-type .bot .md")).to_have_text("better")
        await expect(page.locator(".round")).to_have_count(2)
        here.model.behave()
        await page.hover(".round:first-of-type .me")
        await page.click(".round:first-of-type .edit")
        await expect(page.locator("#text")).to_have_value("one")
        await expect(page.locator("#editing")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("#editing")).to_be_hidden()
        await page.hover(".round:first-of-type .me")
        await page.click(".round:first-of-type .edit")
        await page.fill("#text", "uno")
        await page.press("#text", "Enter")
        await page.wait_for_url("**~2**")
        await expect(page.locator(".bot .md")).to_have_text("LLM-OK uno")
        await expect(page.locator(".versions")).to_contain_text("2/2")
        await expect(page.locator("#list li")).to_have_count(1)
        await page.click(".versions a")
        await expect(page.locator(".round")).to_have_count(2)
        await expect(page.locator(".versions")).to_contain_text("1/2")


async def test_the_list(here: Site, chromium: Chromium) -> None:
    async with chromium.visitor() as page:
        await page.goto(here.url)
        await ask(page, "about whales")
        await page.click(".new")
        await expect(page.locator(".greeting")).to_be_visible()
        await ask(page, "about dogs")
        await expect(page.locator("#list li")).to_have_count(2)
        await page.fill("#search", "whale")
        await expect(page.locator("#list li")).to_have_count(1)
        await page.click("#list a")
        await expect(page.locator(".bubble")).to_have_text("about whales")
        await expect(page.locator("#list a[aria-current]")).to_contain_text("about whales")


async def test_a_conversation_is_deleted_and_brought_back(here: Site, chromium: Chromium) -> None:
    async with chromium.visitor() as page:
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        await page.goto(here.url)
        await ask(page, "about whales")
        await page.click(".new")
        await expect(page.locator(".greeting")).to_be_visible()
        await ask(page, "about dogs")
        await expect(page.locator("#list a")).to_have_count(2)
        whales = page.locator("#list li", has_text="about whales")
        await whales.hover()
        await whales.locator(".drop").click()
        await expect(page.locator("#list a")).to_have_count(1)
        await page.click("#list .none button")
        await expect(page.locator("#list a")).to_have_count(2)
        await page.locator("#list .drop").first.focus()
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/?gone=*")
        await expect(page.locator(".greeting")).to_be_visible()
        await expect(page.locator("#list")).to_contain_text("Deleted: about dogs")
        assert await faults(page) == []
        await page.click("#list .none button")
        await expect(page.locator("#list a")).to_have_count(2)
        await page.click("#list a:has-text('about dogs')")
        await expect(page.locator(".bubble")).to_have_text("about dogs")
    asked = [each for each in chromium.complaints if each.startswith("dialog: Delete “about")]
    assert len(asked) == 2
    assert chromium.complaints == asked
    chromium.complaints.clear()


async def test_pictures(here: Site, chromium: Chromium, tmp_path: Path) -> None:
    async with chromium.visitor() as page:
        await page.goto(here.url)
        await page.screenshot(path=tmp_path / "shot.png", clip={"x": 0, "y": 0, "width": 300, "height": 200})
        (tmp_path / "not.png").write_bytes(b"no picture")
        await page.set_input_files("#file", tmp_path / "not.png")
        await expect(page.locator("#toast")).to_contain_text("no picture that can be sent")
        await page.set_input_files("#file", [tmp_path / "shot.png"] * 2)
        await expect(page.locator("#pictures img")).to_have_count(2)
        await page.click("#pictures button >> nth=0")
        await expect(page.locator("#pictures img")).to_have_count(1)
        await ask(page, "what is it?")
        await expect(page.locator(".me img")).to_be_visible()
        await expect(page.locator("#pictures img")).to_have_count(0)
        content = here.model.requests[-1].body["messages"][-1]["content"]
        assert {part["type"] for part in content} == {"text", "image_url"}
        await page.reload()
        await expect(page.locator(".gone")).to_be_visible()


async def test_a_phone(here: Site, chromium: Chromium) -> None:
    here.model.behave(reply=ANSWER)
    phone = {"width": 390, "height": 760}
    async with chromium.visitor(viewport=phone, is_mobile=True, has_touch=True, color_scheme="dark") as page:
        await page.goto(here.url)
        await page.fill("#text", "How does quicksort work?")
        await page.press("#text", "Enter")
        await expect(page.locator("#text")).to_have_value("How does quicksort work?\n")
        await page.tap("#send")
        await expect(page.locator(".bot")).to_contain_text("Shall we look")
        await done(page)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 390
        await expect(page.locator("#side")).to_be_hidden()
        await page.locator("#scroll").evaluate("each => { each.scrollTop = 0 }")
        await picture(page, "phone")
        await page.tap("#side-open")
        await expect(page.locator("#side")).to_be_visible()
        await expect(page.locator("#side-close")).to_be_focused()
        assert await faults(page) == []
        await page.tap("#side-close")
        await expect(page.locator("#side")).to_be_hidden()
        assert await faults(page) == []


async def test_both_languages(here: Site, chromium: Chromium) -> None:
    here.model.behave(reply=CHINESE)
    async with chromium.visitor(locale="zh-CN") as page:
        await page.goto(here.url)
        await expect(page.locator(".greeting")).to_have_text("想聊点什么？")
        await ask(page, "快速排序是怎么工作的？")
        await page.locator("#scroll").evaluate("each => { each.scrollTop = 0 }")
        await picture(page, "chat.zh")
        await page.click("text=English")
        await expect(page.locator("#text")).to_have_attribute("placeholder", "Write a message")
        await expect(page.locator(".bubble")).to_have_text("快速排序是怎么工作的？")
        await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_colours_are_remembered(here: Site, chromium: Chromium) -> None:
    async with chromium.visitor(color_scheme="light") as page:
        await page.goto(here.url)
        light = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        await page.click("#theme")
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != light
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_the_keyboard(here: Site, chromium: Chromium) -> None:
    async with chromium.visitor() as page:
        await page.goto(here.url)
        await page.type("#text", "one")
        await page.press("#text", "Shift+Enter")
        await page.type("#text", "two")
        await page.press("#text", "Enter")
        await expect(page.locator(".bubble")).to_have_text("one\ntwo")
        await done(page)
        await expect(page.locator("#text")).to_be_focused()
        await page.press("#text", "Enter")
        await expect(page.locator(".round")).to_have_count(1)


async def test_a_model_that_is_gone(here: Site, chromium: Chromium) -> None:
    here.model.fail(401, times=9)
    async with chromium.visitor() as page:
        await page.goto(here.url)
        await ask(page, "hello")
        await expect(page.locator(".note")).to_contain_text("refused the hub's key")
        assert await faults(page) == []
        here.model._planned.clear()
        await page.click(".note .retry")
        await expect(page.locator(".bot .md")).to_have_text("LLM-OK hello")


async def test_a_slow_model(here: Site, chromium: Chromium, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.console.answers.SLOW_SECONDS", 0.5)
    here.model.behave(first_ms=2500)
    async with chromium.visitor() as page:
        await page.goto(here.url)
        await say(page, "hello")
        await expect(page.locator(".wait")).to_contain_text("taking its time")
        await done(page)


async def test_scripts_in_messages_do_not_run(here: Site, chromium: Chromium) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:alert(3))"
    here.model.behave(reply=evil)
    async with chromium.visitor() as page:
        await page.goto(here.url)
        await ask(page, evil)
        await expect(page.locator(".bubble")).to_have_text(evil)
        await page.reload()
        await expect(page.locator(".bot .md")).to_contain_text("<script>alert(1)</script>")


async def test_another_site_can_send_nothing(here: Site, chromium: Chromium) -> None:
    """A page of another origin: a form, a request with cookies, and a WebSocket."""
    form = f'<form method="post" action="{here.url}/page/messages"><input name="text" value="evil"></form>'

    async def show(_request: web.Request) -> web.Response:
        return web.Response(text=form, content_type="text/html")

    application = web.Application()
    application.router.add_get("/", show)
    runner = web.AppRunner(application)
    await runner.setup()
    evil = web.TCPSite(runner, "127.0.0.1", 0)
    await evil.start()
    port = runner.addresses[0][1]
    try:
        async with chromium.visitor() as page:
            await page.goto(here.url)
            await ask(page, "hello")
            await page.goto(f"http://localhost:{port}/")
            outcome = await page.evaluate(
                """async (url) => {
                    try { await fetch(url + "/page/messages", {method: "POST", credentials: "include", mode: "no-cors",
                        headers: {"content-type": "application/x-www-form-urlencoded"}, body: "text=evil"}) } catch {}
                    return await new Promise((done) => {
                        const socket = new WebSocket(url.replace("http", "ws") + "/onebot/v11/ws");
                        socket.onopen = () => done("open");
                        socket.onerror = () => done("refused");
                    });
                }""",
                here.url,
            )
            assert outcome == "refused"
            async with page.expect_navigation():
                await page.evaluate("document.forms[0].submit()")
            await page.goto(here.url)
            await expect(page.locator("#list li")).to_have_count(1)
    finally:
        await runner.cleanup()
    chromium.complaints.clear()  # the refusals


async def test_nothing_keeps_people_from_using_the_page(here: Site, chromium: Chromium) -> None:
    here.model.behave(reply=ANSWER, reasoning="Let me see.")
    for scheme in ("light", "dark"):
        async with chromium.visitor(color_scheme=scheme) as page:
            await page.goto(here.url)
            assert await faults(page) == []
            await ask(page, "How does quicksort work?")
            assert await faults(page) == []
