"""Answers on their way: comments while nothing comes, clients that go away, bounds, the hub's end."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from hubbub.api.openai import answers
from hubbub.api.openai.answers import Gate, Source, StreamedAnswer
from hubbub.api.openai.documents import ChatDocuments, Head
from hubbub.core.errors import Overloaded
from hubbub.core.turns import ChatRequest, Delta
from tests.fakes.doors import MemoryHub, doors, until
from tests.fakes.registry import FakeRegistry
from tests.fakes.scripted import failing
from tests.unit.api.openai.door import HELLO, failure, post

SLOW: list[Any] = ["Hel", 30.0, "lo"]
SILENT: list[Any] = [30.0, "late"]


@pytest.mark.parametrize("script", [SLOW, SILENT], ids=["slow", "silent"])
@pytest.mark.parametrize("stream", [False, True])
async def test_a_client_that_goes_away_ends_the_models_answer(script: Any, stream: bool) -> None:
    registry = FakeRegistry(script)
    async with doors(MemoryHub(registry=registry)) as at:
        asking = asyncio.create_task(post(at, {**HELLO, "stream": stream}))
        await until(lambda: bool(registry.requests))
        asking.cancel()
        await until(lambda: registry.closed == 1)


async def test_the_first_piece_is_not_held_back() -> None:
    async with (
        doors(MemoryHub(registry=FakeRegistry(SLOW))) as at,
        at.client.post(f"{at.url}/v1/chat/completions", json={**HELLO, "stream": True}) as answer,
    ):
        read = b""
        while b"Hel" not in read:
            read += await asyncio.wait_for(answer.content.readany(), 20)
        assert answer.headers["x-request-id"].startswith("chatcmpl-")


async def test_comments_keep_a_silent_answer_open() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def deltas() -> Any:
        await asyncio.sleep(0.05)
        yield Delta("hello", finish="stop")

    answer = StreamedAnswer(Gate(), "id", Source(deltas, ChatDocuments(Head("id", 1, "m"))), beat=0.01)
    await answer({}, receive, send)
    assert [message["type"] for message in sent].count("http.response.start") == 1
    bodies = [message["body"] for message in sent[1:]]
    assert bodies[0] == b": still here\n\n"
    assert bodies[-1].endswith(b"data: [DONE]\n\n")
    assert [message.get("more_body") for message in sent[1:]] == [True] * (len(bodies) - 1) + [False]


async def test_a_failure_after_a_comment_ends_the_stream() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        await asyncio.Event().wait()

    deltas: Any = partial(FakeRegistry([0.03, *failing()]).stream, ChatRequest("demo", ()))
    answer = StreamedAnswer(Gate(), "id", Source(deltas, ChatDocuments(Head("id", 1, "m"))), beat=0.01)
    await answer({}, receive, send)
    assert sent[0]["status"] == 200
    assert b'"code":"model_failed"' in sent[-1]["body"]
    assert sent[-1]["more_body"] is False


async def test_answers_under_way_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(1)
    with gate.enter(), pytest.raises(Overloaded), gate.enter():
        pass
    assert gate.inside == 0
    monkeypatch.setattr(answers.Gate.__init__, "__defaults__", (1,))
    registry = FakeRegistry(SLOW)
    async with doors(MemoryHub(registry=registry)) as at:
        asking = asyncio.create_task(post(at))
        await until(lambda: bool(registry.requests))
        for stream in (False, True):
            assert failure(await post(at, {**HELLO, "stream": stream})) == (503, "server_error", "overloaded")
        asking.cancel()


async def test_the_end_of_the_hub_is_told() -> None:
    registry = FakeRegistry(SLOW)
    async with doors(MemoryHub(registry=registry), stop_seconds=1) as at:
        whole = asyncio.create_task(post(at))
        async with at.client.post(f"{at.url}/v1/chat/completions", json={**HELLO, "stream": True}) as answer:
            await answer.content.readany()
            at.server.stop()
            rest = b"".join([chunk async for chunk in answer.content.iter_any()])
        assert b'"code":"stopping"' in rest
        assert failure(await whole) == (503, "server_error", "stopping")
        await until(lambda: registry.closed == 2)
