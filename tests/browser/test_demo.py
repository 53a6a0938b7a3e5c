"""The first five minutes: a hub in an empty folder, without any key, opened in a browser."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Chromium, picture

FETCH_SECONDS = 240
KEYS = re.compile(r"_API_KEY$|^OPENAI_|^HUBBUB_")


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[str]:
    """`hubbub run` as a person starts it; where it serves."""
    environ = {name: value for name, value in os.environ.items() if not KEYS.search(name)}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hubbub", "run", "--port", "0"),
        cwd=folder,
        env=environ,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    told = ""
    address = ""
    try:
        async with asyncio.timeout(FETCH_SECONDS):
            async for line in process.stdout:
                told += line.decode()
                found = re.search(r"serves (http://\S+)", told)
                address = found[1] if found else ""
                if address and re.search(r"the model \S+ runs", told):
                    break
                if "does not start" in told:
                    pytest.skip(f"the demo model cannot be had here: {told}")
        yield address
    finally:
        process.terminate()
        await process.communicate()


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_hello_to_the_demo_model(tmp_path: Path, chromium: Chromium) -> None:
    async with running(tmp_path) as address, chromium.visitor() as page:
        await page.goto(address)
        await expect(page.locator("#empty")).to_contain_text("demo")
        await page.fill("#text", "hello")
        await page.press("#text", "Enter")
        await expect(page.locator(".bot .md:not(.answer)")).to_be_attached(timeout=60_000)
        answer = await page.locator(".bot .md").inner_text()
        assert len(answer.split()) > 2
        await picture(page, "first")
