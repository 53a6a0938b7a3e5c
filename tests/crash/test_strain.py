"""Ten times what a hub can do, and a database that is away: bounded, told, and over soon."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import Counter
from typing import TYPE_CHECKING

import aiohttp
import psutil
import pytest

from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from tests.crash import judge
from tests.crash.lives import Keeper, Lives
from tests.crash.people import Callers
from tests.crash.scene import scene
from tests.crash.stored import Engine, Postgres
from tests.peers.postgres import Databases, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.crash

log = logging.getLogger(__name__)

MEGABYTES = 250
RECOVERY = 60.0
CAPACITY = 40.0
_TURN = 0.1
_MODEL_MS = 500.0


class Flood:
    """Requests at a rate, whatever becomes of them; each waits for its answer."""

    def __init__(self, hub: Lives, session: aiohttp.ClientSession) -> None:
        self.answers: Counter[int] = Counter()
        self.kept: list[str] = []
        self.most = 0.0
        self._hub = hub
        self._session = session
        self._process = psutil.Process(hub.pid)

    async def ask(self, number: int) -> int:
        body = {"owner": f"flood{number % 1000}", "text": f"question {number}"}
        headers = {"Idempotency-Key": f"flood-{number}"}
        try:
            async with self._session.post(f"{self._hub.url}/api/v1/messages", json=body, headers=headers) as response:
                await response.read()
                self.answers[response.status] += 1
                if response.status == 200:
                    self.kept.append(f"flood-{number}")
                return response.status
        except (aiohttp.ClientError, TimeoutError):
            self.answers[0] += 1
            return 0

    async def run(self, rate: float, seconds: float) -> None:
        async with asyncio.TaskGroup() as tasks:
            begun, number = time.monotonic(), 0
            while (now := time.monotonic() - begun) < seconds:
                for each in range(number, int(now * rate)):
                    tasks.create_task(self.ask(each))
                number = int(now * rate)
                self.most = max(self.most, self._process.memory_info().rss / 1e6)
                await asyncio.sleep(_TURN)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", [8.0, pytest.param(60.0, marks=pytest.mark.slow)])
async def test_ten_times_too_much_is_refused_and_soon_forgotten(
    tmp_path: Path, keeper: Keeper, engine: Engine, seconds: float
) -> None:
    async with scene(tmp_path, keeper, engine, "blind") as found:
        found.model.behave(first_ms=_MODEL_MS)
        hub = found.hub
        # So many answers at once, of half a second each, make the capacity.
        bounds = {"CONVERSATIONS": int(CAPACITY * _MODEL_MS / 1000), "ACCEPTED": int(CAPACITY * 4)}
        hub.environ = {**hub.environ, **{f"HUBBUB_DISPATCH__{key}": str(value) for key, value in bounds.items()}}
        await hub.start()
        timeout = aiohttp.ClientTimeout(total=90)
        connections = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(timeout=timeout, connector=connections) as session:
            flood = Flood(hub, session)
            await flood.run(10 * CAPACITY, seconds)
            over, number = time.monotonic(), 10**6
            while await flood.ask(number) != 200:
                number += 1
                assert time.monotonic() - over < RECOVERY
                await asyncio.sleep(0.1)
            recovered = time.monotonic() - over
        stored = await found.end()
    log.warning("%s, 10 times for %.0f s: %s, at most %.0f MB, well again after %.2f s", engine.name, seconds,
                dict(flood.answers), flood.most, recovered)  # fmt: skip
    assert set(flood.answers) <= {200, 429, 503}
    assert flood.answers[200] > CAPACITY * seconds / 4, "it went on working"
    assert flood.answers[429] + flood.answers[503] > flood.answers[200], "what was too much was refused"
    assert flood.most < MEGABYTES
    done = Counter(entry.key.rpartition("/")[2] for entry in stored.entries if entry.state == 1)
    assert all(done[key] == 1 for key in flood.kept), "what was answered is stored"
    assert len(done) == len(stored.entries)


@pytest.fixture
def mortal() -> Iterator[Server]:
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seconds", [7.0, pytest.param(60.0, marks=pytest.mark.slow)])
async def test_while_the_database_is_away_nothing_is_taken_that_could_be_lost(
    tmp_path: Path, keeper: Keeper, mortal: Server, seconds: float
) -> None:
    databases = Databases(mortal.dsn)
    engine = Postgres(databases.address(await databases.make()))
    store = PostgresStore(engine.dsn, Member(""))
    await store.open()
    await store.close()
    async with scene(tmp_path, keeper, engine, "idempotent") as found:
        await found.hub.start()
        callers = Callers(found.hub, random.Random("away"))
        talking = asyncio.create_task(found.people.chatter())
        calling = asyncio.create_task(callers.call())
        await asyncio.wait_for(callers.answered.wait(), 30)
        await asyncio.sleep(1.0)
        await asyncio.to_thread(mortal.kill)
        away = time.monotonic()
        await asyncio.sleep(seconds)
        ready = await asked(f"{found.hub.url}/readyz")
        alive = await asked(f"{found.hub.url}/healthz")
        await asyncio.to_thread(mortal.serve)
        back = time.monotonic()
        callers.answered.clear()
        await asyncio.wait_for(callers.answered.wait(), RECOVERY)
        recovered = time.monotonic() - back
        await asyncio.sleep(1.0)
        talking.cancel()
        callers.leaving.set()
        await asyncio.wait_for(calling, 60)
        stored = await found.end()
    log.warning("away for %.0f s: %d messages and %d requests in all, answered again %.2f s after it was back",
                back - away, len(found.people.said), len(callers.said), recovered)  # fmt: skip
    # What was refused is delivered again, behind what was said later: the order is that of acceptance.
    assert not list(judge.handled_once([*found.people.said, *callers.said], stored))
    assert not list(judge.shown_once(found.people.shown(), stored, "idempotent"))
    assert not callers.faults
    assert (ready, alive) == (503, 200)


async def asked(url: str) -> int:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session, session.get(url) as response:
        return response.status
