"""The fake model refuses what the real API refuses: else tests against it would prove nothing."""

import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from tests.fakes.model import FakeModel

GOOD: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
async def fake() -> AsyncIterator[FakeModel]:
    async with FakeModel() as fake:
        yield fake


async def post(url: str, body: Any, path: str = "/chat/completions") -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    async with aiohttp.ClientSession() as session, session.post(url + path, data=data) as response:
        return response.status, await response.json()


@pytest.mark.parametrize(
    "change",
    [
        {"messages": []},
        {"messages": None},
        {"messages": [{"role": "bogus", "content": "x"}]},
        {"messages": [{"role": "user"}]},
        {"messages": [{"role": "user", "content": None}]},
        {"messages": [{"role": "user", "content": 5}]},
        {"messages": [{"role": "user", "content": "x", "name": "has space"}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc"}}]}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]},
        {"messages": [{"role": "tool", "content": "x", "tool_call_id": "none"}]},
        {"messages": [{"role": "assistant", "content": None}]},
        {"model": None},
        {"nonsense": 1},
        {"temperature": 3},
        {"temperature": "0.5"},
        {"max_tokens": 0},
        {"stop": ["a"] * 5},
        {"stream": "yes"},
        {"stream_options": {"include_usage": True}},
        {"tools": []},
        {"tools": [{"type": "function", "function": {"name": "has space"}}]},
    ],
)
async def test_it_refuses_what_the_api_refuses(fake: FakeModel, change: dict[str, Any]) -> None:
    status, answer = await post(fake.url, GOOD | change)
    assert status == 400
    assert answer["error"]["message"]


async def test_it_takes_what_the_api_takes(fake: FakeModel) -> None:
    status, answer = await post(fake.url, GOOD | {"temperature": 1, "top_p": 0.5, "stop": "x", "max_tokens": 5})
    assert status == 200
    assert answer["choices"][0]["message"]["content"] == "LLM-OK hi"


async def test_an_unanswered_tool_call_is_refused(fake: FakeModel) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [{"role": "assistant", "content": None, "tool_calls": [call]}]
    assert (await post(fake.url, GOOD | {"messages": messages}))[0] == 400
    messages.append({"role": "tool", "tool_call_id": "c", "content": "x"})
    assert (await post(fake.url, GOOD | {"messages": messages}))[0] == 200


async def test_it_records_what_was_asked(fake: FakeModel) -> None:
    await post(fake.url, GOOD)
    assert (fake.requests[0].path, fake.requests[0].body) == ("/v1/chat/completions", GOOD)
    assert (await post(fake.url, b"{"))[0] == 400
    assert (await post(fake.url, GOOD, "/nowhere"))[0] == 404


async def test_faults_come_as_often_as_they_are_planned(fake: FakeModel) -> None:
    fake.fail(500, times=2)
    assert [(await post(fake.url, GOOD))[0] for _ in range(3)] == [500, 500, 200]


async def test_faults_may_come_by_chance(fake: FakeModel) -> None:
    fake.behave(faults={"429": 0.5})
    statuses = [(await post(fake.url, GOOD))[0] for _ in range(40)]
    assert 5 < statuses.count(429) < 35
    assert statuses.count(429) + statuses.count(200) == 40


@pytest.fixture
def process() -> Iterator[str]:
    """The address of a fake that runs as a process of its own."""
    command = [sys.executable, "-m", "tests.fakes.model", "--lenient"]
    with subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        found = re.search(r"http://\S+", running.stdout.readline())
        assert found is not None
        yield found[0]
        running.kill()


async def test_it_runs_as_a_process_and_is_told_what_to_do(process: str) -> None:
    control = process.removesuffix("/v1")
    assert (await post(control, {"marker": "NEW"}, "/__behave"))[0] == 200
    assert (await post(control, {"kind": 503}, "/__fail"))[0] == 200
    assert (await post(process, GOOD))[0] == 503
    assert (await post(process, GOOD))[1]["choices"][0]["message"]["content"] == "NEW hi"
    assert (await post(control, None, "/__stats"))[1]["requests"] == 2
