"""The owner's page shows the processes that share the data, and what each of them is at."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from tests.fakes.pages import site

if TYPE_CHECKING:
    from pathlib import Path


async def test_the_overview_shows_every_process(tmp_path: Path, dsn: str) -> None:
    other = PostgresStore(dsn, Member("worker-7", "http://10.0.0.7:8080", 60.0))
    await other.open()
    other.known_as("http://10.0.0.7:8080", ("worker", "scheduler"))
    try:
        assert await other.leases.acquire("hub:reading", "worker-7", 60.0) is not None
        async with site(tmp_path, {"DATABASE_URL": dsn, "HUBBUB_CLUSTER__NODE": "gateway-1"}) as here:
            browser = await here.browser()
            await browser.login()
            async with asyncio.timeout(60):
                while "holds hub:reading" not in (page := await browser.open("/console")).words:
                    await asyncio.sleep(0.05)
                while "worker scheduler" not in " ".join((page := await browser.open("/console")).words.split()):
                    await asyncio.sleep(0.05)
            assert "gateway-1" in page.words
            assert "worker-7" in page.words
            assert "at http://10.0.0.7:8080" in page.words
            assert "messages that wait: 0, the oldest for 0 s" in page.words
            assert re.search(r"heard (less than a minute|\d+ min) ago", page.words)
    finally:
        await other.close()


async def test_a_hub_that_has_its_data_alone_shows_none(tmp_path: Path) -> None:
    async with site(tmp_path) as here:
        browser = await here.browser()
        await browser.login()
        assert "Processes" not in (await browser.open("/console")).words
