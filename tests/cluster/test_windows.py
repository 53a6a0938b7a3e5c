"""A platform that comes for its answers may come to any gateway, also when the one it came to first is gone."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import aiohttp
import pytest

from hubbub.platforms.wechat_official.dev.phone import FAULT, Phone
from tests.cluster.hubs import hubs
from tests.fakes.wechat import TOKEN

_SECTION = "HUBBUB_PLATFORMS__WECHAT_OFFICIAL__"
THINKING = "这个问题有点难，助手还在思考中...\n\n回复“1”查看回复。"


async def test_retries_at_another_gateway(tmp_path: Path, dsn: str) -> None:
    environ = {f"{_SECTION}TOKEN": TOKEN, f"{_SECTION}REPLY_SECONDS": "0.75"}
    async with hubs(tmp_path, dsn, environ, first_ms=3000) as cluster, aiohttp.ClientSession() as client:
        await cluster.start("gateway", "gateway", "worker")

        def phone(name: str) -> Phone:
            return Phone(f"{cluster.url(name)}/wechat", TOKEN, client, scale=0.2, ahead=60.0)

        first, second = phone("gateway1"), phone("gateway2")
        body = first.message("anna", "text", Content="hello")
        assert await first.post(body) == (0, b"")
        cluster.kill("gateway1")
        text = (await second.deliver(body)).text
        while text == THINKING:
            text = (await second.say("anna", "1")).text
        assert text == "LLM-OK hello"
        assert second.checked(body, (await second.post(body))[1])["Content"] == "LLM-OK hello"
        assert len(cluster.model.requests) == 1, cluster.logs()


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_deliveries_at_two_gateways_while_workers_die(tmp_path: Path, dsn: str) -> None:
    """Delivery 1 here, delivery 2 there at the same time, and who works on it dies: one answer each."""
    environ = {
        f"{_SECTION}TOKEN": TOKEN,
        f"{_SECTION}REPLY_SECONDS": "0.75",
        f"{_SECTION}MESSAGES_PER_DAY": "0",
    }
    told: dict[str, set[str]] = {}
    async with hubs(tmp_path, dsn, environ, first_ms=900) as cluster, aiohttp.ClientSession() as client:
        await cluster.start("gateway", "gateway", "worker", "worker", "worker")
        phones = [
            Phone(f"{cluster.url(name)}/wechat", TOKEN, client, scale=0.2, ahead=60.0)
            for name in ("gateway1", "gateway2")
        ]

        async def person(number: int) -> None:
            draw, user = random.Random(number), f"user{number}"
            for turn in range(4):
                question = f"q{number}.{turn}"
                first, second = draw.sample(phones, 2)
                body = first.message(user, "text", Content=question)
                begun = asyncio.gather(first.post(body), second.post(body))
                said = [second.checked(body, answer)["Content"] for _, answer in await begun if answer]
                text = (await draw.choice(phones).deliver(body)).text
                while text in (THINKING, FAULT):
                    phone = draw.choice(phones)
                    text = (await (phone.say(user, "1") if text == THINKING else phone.deliver(body))).text
                told[question] = {text, *said} - {THINKING}

        async def deaths() -> None:
            for name in ("worker1", "worker2"):
                await asyncio.sleep(2)
                cluster.kill(name)

        await asyncio.gather(deaths(), *(person(number) for number in range(40)))
        asked = Counter(each.body["messages"][-1]["content"] for each in cluster.model.requests)
    assert told == {question: {f"LLM-OK {question}"} for question in asked}, cluster.logs()
    assert len(told) == 160
    again = sum(asked.values()) - len(asked)
    assert again <= 80, "what a dying worker had begun is asked again, and nothing else"
