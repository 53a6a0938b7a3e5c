"""The owner's pages in a real browser."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from hubbub.core.work import Spend, State, Unit
from tests.browser.conftest import Chromium, faults, picture
from tests.fakes.onebot_peer import Conduct, OneBotPeer
from tests.fakes.pages import PASSWORD, Site, commit, in_doubt

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def login(page: Page, here: Site, password: str = PASSWORD) -> None:
    await page.goto(here.url + "/console")
    await page.fill("#secret", password)
    await page.press("#secret", "Enter")


def door(here: Site) -> str:
    return here.url.replace("http://", "ws://") + "/onebot/v11/ws"


async def test_the_owner_logs_in_and_out(here: Site, chromium: Chromium) -> None:
    async with chromium.visitor() as page:
        await login(page, here, "a wrong password")
        await expect(page.locator("#problem")).to_have_text("That is not right. Please try again.")
        assert await faults(page) == []
        await page.fill("#secret", PASSWORD)
        await page.press("#secret", "Enter")
        await expect(page.locator("h1")).to_have_text("Overview")
        await page.click("header form[action='/page/logout'] button")
        await page.goto(here.url + "/console")
        await expect(page.locator("h1")).to_have_text("Log in")


async def test_the_overview_follows_an_account_that_comes_and_goes(here: Site, chromium: Chromium) -> None:
    async with chromium.visitor() as page:
        await login(page, here)
        await expect(page.locator("#accounts")).to_contain_text("No account has connected yet.")
        peer = await OneBotPeer(Conduct(self_id=2854196310)).connect(door(here))
        await expect(page.locator("#accounts")).to_contain_text("2854196310")
        await expect(page.locator("#accounts .dot.up")).to_be_visible()
        await in_doubt(here, "Good morning! The train leaves at 8:15 today.", State.UNKNOWN)
        await expect(page.locator("#deliveries")).to_contain_text("Good morning!")
        await picture(page, "overview")
        peer.close()
        await expect(page.locator("#accounts .dot.down")).to_be_visible()
        await expect(page.locator("#state")).to_contain_text("0 of 1 connected")
        await picture(page, "overview.down")


async def test_a_delivery_is_sent_again(here: Site, chromium: Chromium) -> None:
    async with chromium.visitor() as page:
        await login(page, here)
        peer = await OneBotPeer(Conduct(self_id=1)).connect(door(here))
        await expect(page.locator("#accounts .dot.up")).to_be_visible()
        await in_doubt(here, "never there", State.DEAD)
        await in_doubt(here, "unwanted", State.DEAD)
        row = page.locator(".delivery", has_text="never there")
        await row.get_by_text("Send again").click()
        await expect(row).not_to_be_attached()
        await page.locator(".delivery", has_text="unwanted").get_by_text("Drop").click()
        await expect(page.locator("#deliveries")).to_contain_text("None.")
        async with asyncio.timeout(30):
            while not peer.conduct.shown:
                await asyncio.sleep(0.01)
        assert [shown.text for shown in peer.conduct.shown] == ["never there"]
        peer.close()


async def test_a_platforms_guide_sees_its_account_come(here: Site, chromium: Chromium) -> None:
    async with chromium.visitor() as page:
        await login(page, here)
        await page.click("nav >> text=Platforms")
        await page.click(".cards >> text=OneBot v11")
        await expect(page.locator("#connected")).to_contain_text("No account is connected yet.")
        await expect(page.locator(".guide")).to_contain_text(door(here))
        await picture(page, "guide")
        assert await faults(page) == []
        peer = await OneBotPeer(Conduct(self_id=1)).connect(door(here))
        await expect(page.locator("#connected")).to_contain_text("It works: an account is connected.")
        peer.close()
        await expect(page.locator("#connected .dot.down")).to_be_visible()


async def test_models_tokens_and_log(here: Site, chromium: Chromium) -> None:
    async with chromium.visitor() as page:
        await login(page, here)
        await page.click("nav >> text=Models")
        here.model.behave(reply="Hello, nice to meet you!")
        await page.click("text=Say hello")
        await expect(page.locator(".said")).to_have_text("Hello, nice to meet you!")
        assert await faults(page) == []
        await page.click("nav >> text=Tokens")
        await page.fill("#name", "a script")
        await page.click("form.fields button")
        await expect(page.locator(".secret code")).to_contain_text("hub_")
        assert await faults(page) == []
        await page.click("nav >> text=Log")
        await expect(page.locator("#lines")).not_to_be_empty()
        await page.fill("#q", "no line holds this")
        await expect(page.locator("#lines")).to_have_text("Nothing found.")
        assert await faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nothing_keeps_people_from_using_the_console(here: Site, chromium: Chromium, scheme: str) -> None:
    async with chromium.visitor(color_scheme=scheme) as page:
        await login(page, here)
        await in_doubt(here, "never there", State.DEAD)
        await in_doubt(here, "perhaps there", State.UNKNOWN)
        await expect(page.locator(".delivery")).to_have_count(2)
        await commit(here, "poison", Unit(), dead="the hub ended 3 times")
        await expect(page.locator("#given-up")).to_contain_text("the hub ended 3 times")
        assert await faults(page) == []
        await here.hub.store.usage.add(Spend("onebot:private:7", "2026-01-01", 3))
        await page.click("nav >> text=People")
        await page.click("#people summary")
        assert await faults(page) == []
        await page.fill("[name=messages]", "5")
        await page.click("#people form button")
        await expect(page.locator("#people")).to_contain_text("at most 5 messages a day")


async def test_a_phone(here: Site, chromium: Chromium) -> None:
    async with chromium.visitor(viewport={"width": 390, "height": 760}, is_mobile=True, has_touch=True) as page:
        await login(page, here)
        await in_doubt(here, "never there", State.DEAD)
        await expect(page.locator(".delivery")).to_be_visible()
        for path in ("", "/platforms/onebot", "/models", "/people", "/tokens", "/log"):
            await page.goto(here.url + "/console" + path)
            assert await page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert await faults(page) == []


async def test_in_chinese(here: Site, chromium: Chromium) -> None:
    async with chromium.visitor(locale="zh-CN") as page:
        await login(page, here)
        await expect(page.locator("h1")).to_have_text("概览")
        await picture(page, "overview.zh")
