"""A browser, and pages that must not complain."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests.fakes.pages import Site, site

NAMES = ("chromium", "chromium-browser", "google-chrome")
ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
AXE = ROOT / "tests" / "fixtures" / "axe" / "axe.min.js"
# What a browser logs of answers that are meant: a wrong password, a conversation that is not there.
EXPECTED = "Failed to load resource"


@dataclass
class Chromium:
    """A browser without a screen. ``complaints`` is what pages logged as errors."""

    browser: Browser
    complaints: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def visitor(self, **options: Any) -> AsyncIterator[Page]:
        """A new page of a new visitor."""
        chosen = {"viewport": {"width": 1200, "height": 800}, "locale": "en-GB", **options}
        context: BrowserContext = await self.browser.new_context(**chosen)
        context.set_default_timeout(15_000)
        page = await context.new_page()
        page.on("console", self._logged)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("dialog", lambda dialog: self.complaints.append(f"dialog: {dialog.message}"))
        try:
            yield page
        finally:
            await context.close()

    def _logged(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and EXPECTED not in message.text:
            self.complaints.append(message.text)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def started() -> AsyncIterator[Browser]:
    """One browser for all tests; skips where there is none."""
    found = os.environ.get("HUBBUB_TEST_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium is installed: tools/browser.sh, or name one in HUBBUB_TEST_BROWSER")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def chromium(started: Browser) -> AsyncIterator[Chromium]:
    """The browser for one test, which fails where a page complained."""
    chromium = Chromium(started)
    yield chromium
    assert chromium.complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def here(tmp_path: Path) -> AsyncIterator[Site]:
    """A running hub; its model has a name that people know, for the pictures in the documents."""
    async with site(tmp_path, {"HUBBUB_MODEL": "qwen3"}) as running:
        yield running


async def faults(page: Page) -> list[str]:
    """What axe finds that keeps people from using the page, of the serious and critical kind."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate("async () => (await axe.run({resultTypes: ['violations']})).violations")
    return [
        f"{each['impact']} {each['id']}: {each['help']} at {[node['html'][:120] for node in each['nodes'][:3]]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


async def picture(page: Page, name: str) -> None:
    """Take a screenshot for the documents, when they are wanted (HUBBUB_TEST_PICTURES=1)."""
    if os.environ.get("HUBBUB_TEST_PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        await page.wait_for_timeout(300)
        await page.screenshot(path=PICTURES / f"{name}.png")
