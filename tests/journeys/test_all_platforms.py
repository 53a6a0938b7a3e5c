"""What all platforms at once cost: how quickly the hub listens, and how much memory it takes while nobody writes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from tests.fakes.discord import FakeDiscord, discord
from tests.fakes.discord_payloads import TOKEN as DISCORD_TOKEN
from tests.fakes.telegram import TOKEN as TELEGRAM_TOKEN
from tests.fakes.telegram import FakeTelegram, telegram
from tests.fakes.whatsapp import NUMBER, FakeWhatsApp, whatsapp
from tests.fakes.whatsapp import TOKEN as WHATSAPP_TOKEN
from tests.journeys.inside import until
from tests.journeys.running import RunningProcess, running

PROMISED_MB, PROMISED_BARE_MB = 160, 75
# A loaded machine makes no process larger, but what it counts as a second of a processor is not always the same work.
CPU_SECONDS = 5.0
BARE_SLACK_MB = 5
MODEL = {"OPENAI_API_KEY": "sk-none", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "HUBBUB_MODEL": "none"}
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


def settings(telegram: FakeTelegram, discord: FakeDiscord, whatsapp: FakeWhatsApp) -> str:
    return f"""
[platforms.telegram]
token = "{TELEGRAM_TOKEN}"
api_base = "{telegram.url}"
[platforms.discord]
token = "{DISCORD_TOKEN}"
api_base = "{discord.url}"
[platforms.whatsapp]
phone_number_id = "{NUMBER}"
access_token = "{WHATSAPP_TOKEN}"
app_secret = "secret"
verify_token = "word"
api_base = "{whatsapp.url}"
[platforms.wechat_official]
token = "a-token-of-ours"
app_id = "wx0123456789abcdef"
[platforms.wecom]
corp_id = "ww0123456789abcdef"
corp_secret = "secret"
agent_id = 1000002
token = "a-token-of-ours"
encoding_aes_key = "{KEY}"
api_base = "{whatsapp.url}"
"""


@asynccontextmanager
async def hub(folder: Path, text: str) -> AsyncIterator[tuple[RunningProcess, psutil.Process]]:
    (folder / "hubbub.toml").write_text(text, encoding="utf-8")
    with running(folder, **MODEL) as process:
        await asyncio.to_thread(lambda: process.url)
        try:
            yield process, psutil.Process(process.pid)
        finally:
            await asyncio.to_thread(process.stop)


async def resting(process: psutil.Process) -> float:
    """Memory in MB once the process does nothing more."""
    used = -1.0
    while (now := sum(process.cpu_times()[:2])) - used > 0.02:
        used = now
        await asyncio.sleep(0.5)
    return float(process.memory_info().rss) / 1e6


@pytest.mark.skipif(os.name != "posix", reason="memory is counted otherwise there")
async def test_all_platforms_at_once_are_quick_and_small(tmp_path: Path) -> None:
    async with telegram() as bots, discord() as servers, whatsapp() as numbers:
        async with hub(tmp_path, settings(bots, servers, numbers)) as (_, process):
            assert sum(process.cpu_times()[:2]) < CPU_SECONDS
            await until(lambda: bots.fetching and servers.sockets, 60)
            assert await resting(process) < PROMISED_MB
        assert [*bots.refused, *servers.refused, *numbers.refused] == []


@pytest.mark.skipif(os.name != "posix", reason="memory is counted otherwise there")
async def test_a_hub_alone_is_smaller(tmp_path: Path) -> None:
    async with hub(tmp_path, "") as (_, process):
        assert sum(process.cpu_times()[:2]) < CPU_SECONDS
        assert await resting(process) < PROMISED_BARE_MB + BARE_SLACK_MB
