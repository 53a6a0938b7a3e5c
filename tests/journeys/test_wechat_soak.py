"""Many people of an Official Account, with redeliveries, restarts and slow models: one answer each, and their own.

The large sizes are for `make soak`.
"""

from __future__ import annotations

import asyncio
import logging
import random
from pathlib import Path

import aiohttp
import pytest

from hubbub.platforms.wechat_official.dev.phone import FAULT
from tests.journeys.inside import Inside, inside
from tests.journeys.test_wechat_official import THINKING, TOML, phone_to

log = logging.getLogger(__name__)

AT_ONCE = "[dispatch]\nshutdown_seconds = 0\n"
SMALL, LARGE = (60, 1), (10_000, 25)
IN_FLIGHT = 64
SLOWER = 0.4  # the platform hangs up after two seconds


async def bring(hub: Inside, bodies: list[tuple[str, bytes]], seed: int) -> dict[str, set[str]]:
    """Deliver callbacks once to three times each, many at a time; what each question was answered."""
    told: dict[str, set[str]] = {question: set() for question, _ in bodies}
    draw = random.Random(seed)
    waiting = [each for each in bodies for _ in range(draw.randint(1, 3))]
    draw.shuffle(waiting)
    limit = asyncio.Semaphore(IN_FLIGHT)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        phone = phone_to(hub, client)

        async def one(question: str, body: bytes) -> None:
            async with limit:
                status, answer = await phone.post(body)
            if status == 200:
                told[question].add(phone.checked(body, answer).get("Content", ""))

        await asyncio.gather(*(one(*each) for each in waiting))
    return told


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(SMALL, id="small"),
        pytest.param(LARGE, id="large", marks=(pytest.mark.slow, pytest.mark.timeout(1800))),
    ],
)
async def test_one_answer_each_with_redeliveries_and_restarts(tmp_path: Path, size: tuple[int, int]) -> None:
    callbacks, restarts = size
    told: dict[str, set[str]] = {}
    calls = 0
    left: list[tuple[str, bytes]] = []
    per_life = callbacks // restarts
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        for life in range(restarts + 1):
            more = "messages_per_day = 0\n" + AT_ONCE
            async with inside(tmp_path, TOML + more, first_ms=20) as hub:
                phone = phone_to(hub, client)
                questions = [f"question {life}.{number}" for number in range(per_life if life < restarts else 0)]
                fresh = [(each, phone.message(f"user-{each}", "text", Content=each)) for each in questions]
                bringing = asyncio.create_task(bring(hub, left + fresh, life))
                if life < restarts:
                    await asyncio.wait((bringing,), timeout=0.002 * per_life)  # and the hub ends under them
                else:
                    for question, answers in (await bringing).items():
                        told.setdefault(question, set()).update(answers)
            found = await bringing
            for question, answers in found.items():
                told.setdefault(question, set()).update(answers)
            calls += hub.model.count
            left = [each for each in left + fresh if not told[each[0]]]
    assert not left
    assert all(answers == {f"LLM-OK {question}"} for question, answers in told.items())
    assert len(told) == per_life * restarts
    assert len(told) <= calls <= len(told) + restarts * IN_FLIGHT  # what an end cut off is asked again


@pytest.mark.parametrize(
    "people",
    [pytest.param(8, id="few"), pytest.param(200, id="many", marks=(pytest.mark.slow, pytest.mark.timeout(600)))],
)
async def test_everybody_fetches_their_own_whole_answer(tmp_path: Path, people: int) -> None:
    """A model that takes 1 to 60 of the platform's seconds (here they are shorter)."""
    longest = 60.0 * SLOWER if people > 50 else 4.0
    async with (
        inside(tmp_path, TOML + "reply_seconds = 1.5\n", first_ms=0) as hub,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client,
    ):
        phone = phone_to(hub, client, scale=SLOWER)
        draw = random.Random(1)

        async def person(number: int) -> tuple[str, str]:
            words = f"question of {number}"
            hub.model.behave(first_ms=draw.uniform(200, longest * 1000), reply=None)
            text = (await phone.say(f"user{number}", words)).text
            while text == THINKING:
                text = (await phone.say(f"user{number}", "1")).text
            return words, text

        async def later(number: int) -> tuple[str, str]:
            await asyncio.sleep(number * 0.02)
            return await person(number)

        found = await asyncio.gather(*(later(number) for number in range(people)))
    assert [text for _, text in found] == [f"LLM-OK {words}" for words, _ in found]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("deliveries", [1, 3])
async def test_two_hundred_at_once_with_answers_of_eight_seconds(tmp_path: Path, deliveries: int) -> None:
    """No callback takes longer than 4.9 s: it is answered, or given back to be brought again."""
    more = f"deliveries = {deliveries}\n"
    async with (
        inside(tmp_path, TOML + more, first_ms=8000) as hub,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client,
    ):
        phone = phone_to(hub, client)
        told = await asyncio.gather(*(phone.say(f"user{number}", f"q{number}") for number in range(200)))
        assert FAULT not in {each.text for each in told}
        if deliveries == 1:
            assert {each.text for each in told} == {THINKING}
            assert all(len(each.seconds) == 1 for each in told)
            fetched = await asyncio.gather(*(phone.say(f"user{number}", "1") for number in range(200)))
        else:
            assert all(len(each.seconds) == 2 for each in told)
            fetched = told
        slowest = max(max(each.seconds) for each in (*told, *fetched))
        log.info("deliveries = %d: the slowest callback took %.3f s", deliveries, slowest)
        assert slowest < 4.9
        assert [each.text for each in fetched] == [f"LLM-OK q{number}" for number in range(200)]
        assert hub.model.count == 200
