"""The database goes away while two processes work: they stay up, promise nothing, and go on when it is back."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.cluster.hubs import Hubs, hubs
from tests.peers.postgres import Server

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("seconds", [8.0, pytest.param(60.0, marks=pytest.mark.slow)])
async def test_what_is_said_meanwhile_is_answered_afterwards(tmp_path: Path, seconds: float) -> None:
    server = Server(durable=True)
    await asyncio.to_thread(server.start)
    try:
        async with hubs(tmp_path, server.dsn) as cluster:
            await cluster.start("gateway", "worker")
            cluster.say("before")
            await cluster.until(lambda: cluster.shown)
            assert await _get(cluster, "gateway1", "/readyz") == (200, '{"status":"ready"}')
            await asyncio.to_thread(server.kill)
            await _without(cluster, seconds)
            await asyncio.to_thread(server.serve)
            for number in range(10):
                cluster.say(f"after {number}")
            await cluster.until(lambda: len(cluster.shown) >= 21, 60 + seconds)
            texts = ["before", *(f"meanwhile {n}" for n in range(10)), *(f"after {n}" for n in range(10))]
            assert cluster.shown == [f"LLM-OK {text}" for text in texts]
            assert (await cluster.post("gateway1", "hello", key="k"))[0] == "LLM-OK hello"
            await _ready_again(cluster)
    finally:
        await asyncio.to_thread(server.stop)


async def _without(cluster: Hubs, seconds: float) -> None:
    """While the database is away."""
    loop = asyncio.get_running_loop()
    since = loop.time()
    for number in range(10):
        cluster.say(f"meanwhile {number}")
    body = {"owner": "anna", "text": "hello"}
    async with cluster.http.post(f"{cluster.url('gateway1')}/api/v1/messages", json=body) as response:
        assert response.status == 503, await response.text()
    async with asyncio.timeout(20):
        while (await _get(cluster, "gateway1", "/readyz"))[0] != 503:
            await asyncio.sleep(0.1)
    told = '{"status":"not ready","reason":"the database cannot be reached"}'
    for name in ("gateway1", "worker1"):
        assert await _get(cluster, name, "/healthz") == (200, '{"status":"ok"}')
    assert await _get(cluster, "gateway1", "/readyz") == (503, told)
    await asyncio.sleep(max(0.0, seconds - (loop.time() - since)))
    assert len(cluster.shown) == 1


async def _ready_again(cluster: Hubs) -> None:
    async with asyncio.timeout(20):
        for name in ("gateway1", "worker1"):
            while (await _get(cluster, name, "/readyz"))[0] != 200:
                await asyncio.sleep(0.1)


async def _get(cluster: Hubs, name: str, path: str) -> tuple[int, str]:
    async with cluster.http.get(cluster.url(name) + path) as response:
        return response.status, await response.text()
