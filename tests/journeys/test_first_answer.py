"""A machine with no key: the model inside the hub answers, soon, and goes when the hub goes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psutil
import pytest

from hubbub.providers.embedded.failures import EmbeddedError
from hubbub.providers.embedded.package import weights
from tests.crash.program import Program
from tests.journeys.inside import until

pytest.importorskip("xllamacpp")

MODELS = Path(__file__).parents[2] / ".cache" / "models"
FIRST_TOKEN_SECONDS = 3.0
TRIES = 3


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Program]:
    """One that nobody has told anything; the weights are unpacked already."""
    try:
        file = asyncio.run(weights(MODELS))
    except EmbeddedError as error:
        pytest.skip(f"no weights: {error}")
    models = tmp_path / "data" / "models"
    models.mkdir(parents=True)
    os.link(file, models / file.name)
    program = Program(tmp_path)
    yield program
    program.clear()


async def first_token(hub: Program) -> tuple[float, str]:
    """Seconds from the start of the process to the first piece of an answer, and the whole answer."""
    began = time.monotonic()
    hub.start()
    await hub.listening()
    first, told = 0.0, ""
    body = {"owner": "anna", "text": "Say hello", "stream": True}
    async with (
        aiohttp.ClientSession(read_bufsize=2**20) as http,
        http.post(f"{hub.url}/api/v1/messages", json=body) as response,
    ):
        async for raw in response.content:
            line = raw.decode().strip()
            if line == "event: piece":
                first = first or time.monotonic() - began
            elif line.startswith("data: ") and "segments" in line:
                told = json.loads(line[6:])["text"]
    return first, told


async def test_the_first_token_is_there_within_seconds_of_a_cold_start(hub: Program) -> None:
    best, allowed = float("inf"), FIRST_TOKEN_SECONDS
    for _ in range(TRIES):
        seconds, told = await first_token(hub)
        assert len(told) > 3
        assert await hub.end() == 0
        best = min(best, seconds)
        # On a machine that others use as well, it takes as much longer as it gets less of it.
        allowed = FIRST_TOKEN_SECONDS * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        if best < allowed:
            break
    assert best < allowed


async def test_a_terminal_alone_gets_a_real_answer(hub: Program) -> None:
    code, out, errors = await hub.call("chat", "--once", "Say hello")
    assert code == 0, errors
    assert len(out.strip()) > 3
    assert "demo" in errors
    assert "error" not in out.lower()


async def test_the_models_process_ends_with_the_hub(hub: Program) -> None:
    await first_token(hub)
    assert hub.process is not None
    children = psutil.Process(hub.process.pid).children(recursive=True)
    assert children
    assert await hub.end(signal.SIGKILL) == -signal.SIGKILL
    await until(lambda: not any(child.is_running() and child.status() != "zombie" for child in children))
