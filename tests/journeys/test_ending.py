"""How `hubbub run` ends: what is under way may end, what is not waits for the next start."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.crash.program import Program
from tests.fakes.model import FakeModel
from tests.fakes.onebot_peer import Conduct, OneBotPeer
from tests.journeys.inside import Talker, until


@asynccontextmanager
async def running(folder: Path, model: FakeModel, **settings: str) -> AsyncIterator[Program]:
    environ = {"HUBBUB_MODEL": "fake", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-journey", **settings}
    hub = Program(folder, environ)
    hub.start()
    try:
        await hub.listening()
        yield hub
    finally:
        hub.clear()


async def ask(hub: Program, key: str, text: str) -> tuple[int, Any]:
    body, headers = {"owner": "anna", "text": text}, {"Idempotency-Key": key}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{hub.url}/api/v1/messages", json=body, headers=headers) as response,
    ):
        return response.status, await response.json()


async def test_answers_under_way_end_before_the_hub_does(tmp_path: Path) -> None:
    async with FakeModel(check=False, first_ms=2500) as model, running(tmp_path, model) as hub:
        people = Talker(await OneBotPeer(Conduct()).connect(hub.onebot))
        people.say("hello")
        asking = asyncio.create_task(ask(hub, "k1", "hello"))
        await until(lambda: model.in_flight == 2)
        began = time.monotonic()
        assert await hub.end() == 0
        assert time.monotonic() - began < 8
        assert people.seen == ["LLM-OK hello"]
        status, answer = await asking
        assert (status, answer["replies"][0]["text"]) == (200, "LLM-OK hello")
        assert "Traceback" not in hub.log


async def test_what_takes_too_long_is_answered_by_the_next_run(tmp_path: Path) -> None:
    conduct = Conduct()
    short = {"HUBBUB_DISPATCH__SHUTDOWN_SECONDS": "1"}
    async with FakeModel(check=False, first_ms=60_000) as model:
        async with running(tmp_path, model, **short) as hub:
            people = Talker(await OneBotPeer(conduct).connect(hub.onebot))
            people.say("hello")
            asking = asyncio.create_task(ask(hub, "k1", "hello"))
            await until(lambda: model.in_flight == 2)
            people.say("and then")
            await asyncio.sleep(0.1)
            began = time.monotonic()
            assert await hub.end() == 0
            assert time.monotonic() - began < 20
            status, answer = await asking
            assert status in (503, 504), answer
            assert answer["error"]["message"]
            assert not people.seen
            assert "handled at the next start" in hub.log
            assert "Traceback" not in hub.log
        model.behave(check=False)
        async with running(tmp_path, model) as hub:
            people = Talker(await OneBotPeer(conduct).connect(hub.onebot))
            assert await people.until_seen(2) == ["LLM-OK hello", "LLM-OK and then"]
            status, answer = await ask(hub, "k1", "hello")
            assert (status, answer["duplicate"]) == (200, True)
            assert answer["replies"][0]["text"] == "LLM-OK hello"


async def test_open_connections_do_not_hold_it_up(tmp_path: Path) -> None:
    async with FakeModel(check=False) as model, running(tmp_path, model) as hub:
        peers = [await OneBotPeer(Conduct(self_id=number)).connect(hub.onebot) for number in (1, 2, 3)]
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{hub.url}/healthz") as response:
                await response.read()
            began = time.monotonic()
            assert await hub.end() == 0
            assert time.monotonic() - began < 7
        for peer in peers:
            await asyncio.wait_for(peer.closed.wait(), 20)
            assert peer.close_code in (1001, 1012), "who ends says so"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once(tmp_path: Path, number: signal.Signals) -> None:
    async with FakeModel(check=False, first_ms=60_000) as model, running(tmp_path, model) as hub:
        people = Talker(await OneBotPeer(Conduct()).connect(hub.onebot))
        people.say("hello")
        await until(lambda: model.in_flight)
        assert hub.process is not None
        hub.process.send_signal(number)
        await until(lambda: "Stopping" in hub.log)
        began = time.monotonic()
        assert await hub.end(number) == 130
        assert time.monotonic() - began < 7
        people.peer.close()


async def test_new_requests_are_sent_away_while_it_ends(tmp_path: Path) -> None:
    async with FakeModel(check=False, first_ms=1500) as model, running(tmp_path, model) as hub:
        asking = asyncio.create_task(ask(hub, "k1", "hello"))
        await until(lambda: model.in_flight)
        ending = asyncio.create_task(hub.end())
        await until(lambda: "Stopping" in hub.log)
        status, answer = await ask(hub, "k2", "me too")
        assert (status, answer["error"]["code"]) == (503, "overloaded"), answer
        async with aiohttp.ClientSession() as http, http.get(f"{hub.url}/readyz") as response:
            assert response.status == 503
        assert (await asking)[0] == 200
        assert await ending == 0


async def test_a_question_that_a_kill_cut_off_keeps_its_place_in_the_limit(tmp_path: Path) -> None:
    """What was reserved before the kill is the same question's afterwards: answered, and counted once."""
    async with FakeModel(check=False, first_ms=30_000) as model:
        async with running(tmp_path, model, HUBBUB_LIMITS__MESSAGES_PER_DAY="1") as hub:
            asking = asyncio.create_task(ask(hub, "k1", "hello"))
            await until(lambda: model.in_flight == 1)
            await hub.end(signal.SIGKILL)
            with contextlib.suppress(aiohttp.ClientError):
                await asking
        model.behave(first_ms=0)
        async with running(tmp_path, model, HUBBUB_LIMITS__MESSAGES_PER_DAY="1") as hub:
            status, answer = await ask(hub, "k1", "hello")
            assert (status, answer["replies"][0]["text"]) == (200, "LLM-OK hello")
            assert "1 questions today" in (await ask(hub, "k2", "more"))[1]["replies"][0]["text"]
    assert len(model.requests) == 2
