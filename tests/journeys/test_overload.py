"""More comes in than can be done: the hub takes what it can hold, makes the rest wait, and recovers."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import psutil
import pytest
import websockets

from tests.crash.program import Program
from tests.fakes.model import FakeModel
from tests.fakes.onebot_peer import said
from tests.journeys.inside import until

MOST = 500
MEGABYTES = 200
LONG = "long " * 100


@pytest.fixture
async def model() -> AsyncIterator[FakeModel]:
    async with FakeModel(check=False, first_ms=120_000) as found:
        yield found


@pytest.fixture
async def hub(tmp_path: Path, model: FakeModel) -> AsyncIterator[Program]:
    environ = {"HUBBUB_MODEL": "fake", "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "sk-journey"}
    bounds = {"HUBBUB_DISPATCH__ACCEPTED": str(MOST), "HUBBUB_DISPATCH__CONVERSATIONS": "50"}
    program = Program(tmp_path, environ | bounds)
    program.start()
    try:
        await program.listening()
        yield program
    finally:
        program.clear()


def megabytes(hub: Program) -> float:
    assert hub.process is not None
    return float(psutil.Process(hub.process.pid).memory_info().rss / 1e6)


async def gauge(hub: Program, name: str) -> float:
    async with aiohttp.ClientSession() as http, http.get(f"{hub.url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return float(next(line for line in lines if name in line and not line.startswith("#")).split()[-1])


class Flood:
    """An implementation that sends as fast as it is let, and takes what it is sent."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self._connection = connection
        self.sent = 0
        self.seen: list[str] = []

    async def send(self) -> None:
        while True:
            self.sent += 1
            await self._connection.send(json.dumps(said(f"{self.sent} {LONG}", self.sent, user=self.sent % 3000 + 1)))

    async def take(self) -> None:
        async for frame in self._connection:
            call = json.loads(frame)
            data = {"message_id": len(self.seen) + 1} if call["action"].startswith("send_") else {}
            answer = {"status": "ok", "retcode": 0, "data": data, "echo": call["echo"]}
            await self._connection.send(json.dumps(answer))
            if data:
                self.seen.append(call["params"]["message"][0]["data"]["text"].split()[1])


async def test_a_flood_over_onebot_waits_on_the_wire(hub: Program, model: FakeModel) -> None:
    headers = {"X-Self-ID": "10001", "X-Client-Role": "Universal"}
    async with websockets.connect(hub.onebot, additional_headers=headers, max_size=None) as connection:
        flood = Flood(connection)
        taking = asyncio.create_task(flood.take())
        with suppress(TimeoutError):
            await asyncio.wait_for(flood.send(), 3)
        before = flood.sent
        with suppress(TimeoutError):
            await asyncio.wait_for(flood.send(), 1)
        assert flood.sent - before < 20, "it is read no further"
        assert await gauge(hub, "accepted_not_done") <= MOST
        assert model.most_in_flight <= 50
        assert megabytes(hub) < MEGABYTES
        release(model)
        await connection.send(json.dumps(said("the last one", 10_000_000, user=9)))
        await until(lambda: "the" in flood.seen, 30)
        async with asyncio.timeout(30):
            while await gauge(hub, "accepted_not_done") or await gauge(hub, "messages_being_sent"):
                await asyncio.sleep(0.05)
        taking.cancel()
    told = sorted(int(number) for number in flood.seen if number.isdecimal())
    assert told == list(range(1, flood.sent + 1)), "what came before was answered, once"
    assert megabytes(hub) < MEGABYTES
    assert await hub.end() == 0


async def test_a_flood_over_http_is_told_to_come_later(hub: Program, model: FakeModel) -> None:
    answers: Counter[int] = Counter()

    async def ask(http: aiohttp.ClientSession, number: int) -> None:
        body = {"owner": f"u{number}", "text": f"{number} {LONG}"}
        async with http.post(f"{hub.url}/api/v1/messages", json=body) as response:
            await response.read()
            answers[response.status] += 1
            assert response.status == 200 or int(response.headers["Retry-After"]) >= 1

    connector = aiohttp.TCPConnector(limit=1000)
    async with aiohttp.ClientSession(connector=connector) as http:
        asking = [asyncio.create_task(ask(http, number)) for number in range(3000)]
        await until(lambda: answers[503] >= 3000 - MOST, 30)
        assert megabytes(hub) < MEGABYTES
        async with http.get(f"{hub.url}/healthz") as response:
            assert response.status == 200
        release(model)
        await asyncio.wait_for(asyncio.gather(*asking), 30)
    assert answers == {503: 3000 - MOST, 200: MOST}
    assert megabytes(hub) < MEGABYTES
    assert await hub.end() == 0


def release(model: FakeModel) -> None:
    """The model answers from now on; those that wait for it ask again."""
    model.behave(check=False)
    for transport in list(model.open):
        transport.abort()
