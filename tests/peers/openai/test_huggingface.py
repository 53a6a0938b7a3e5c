"""A client of this API that somebody else wrote: `huggingface_hub`, which reads answers strictly, on a real hub."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from huggingface_hub import AsyncInferenceClient, InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from tests.peers.openai.conftest import World

HELLO = [{"role": "user", "content": "Say hello"}]
TOOL = {
    "type": "function",
    "function": {"name": "now", "description": "tells the time", "parameters": {"type": "object", "properties": {}}},
}


@pytest.fixture
def client(world: World) -> Iterator[InferenceClient]:
    with InferenceClient(base_url=world.url, api_key="not-needed-here", timeout=10) as made:
        yield made


@pytest.fixture
async def other(world: World) -> AsyncIterator[AsyncInferenceClient]:
    async with AsyncInferenceClient(base_url=world.url, api_key="not-needed-here", timeout=10) as made:
        yield made


def test_a_whole_answer(client: InferenceClient) -> None:
    answer = client.chat.completions.create(model="main", messages=HELLO, seed=1)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("LLM-OK Say hello", "stop")
    assert (answer.model, answer.usage.total_tokens > 0) == ("main", True)


def test_a_streamed_answer(client: InferenceClient, world: World) -> None:
    world.model.behave(gap_ms=2)
    pieces = list(
        client.chat.completions.create(
            model="main",
            messages=HELLO,
            stream=True,
            stream_options={"include_usage": True},
        )
    )
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices) == "LLM-OK Say hello"
    assert pieces[-1].usage is not None


async def test_the_same_without_threads(other: AsyncInferenceClient) -> None:
    stream = await other.chat.completions.create(model="org/spare", messages=HELLO, stream=True)
    assert "".join([piece.choices[0].delta.content or "" async for piece in stream]) == "LLM-OK Say hello"


def test_tools(client: InferenceClient, world: World) -> None:
    world.model.behave(reply="", tool_calls=[{"id": "call_1", "name": "now", "arguments": '{"zone": "UTC"}'}])
    first = client.chat.completions.create(model="main", messages=HELLO, tools=[TOOL], tool_choice="required")
    (call,) = first.choices[0].message.tool_calls or []
    assert (call.id, call.function.name, call.function.arguments) == ("call_1", "now", '{"zone": "UTC"}')
    assert (world.asked["tools"], world.asked["tool_choice"]) == ([TOOL], "required")
    pieces = list(client.chat.completions.create(model="main", messages=HELLO, tools=[TOOL], stream=True))
    calls: list[Any] = [each for piece in pieces for each in piece.choices[0].delta.tool_calls or ()]
    assert "".join(each.function.arguments for each in calls) == '{"zone": "UTC"}'


def test_pictures(client: InferenceClient, world: World) -> None:
    parts = [
        {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}},
        {"type": "text", "text": "what is it"},
    ]
    client.chat.completions.create(model="main", messages=[{"role": "user", "content": parts}])
    assert world.asked["messages"] == [{"role": "user", "content": parts}]


def test_failures(client: InferenceClient) -> None:
    with pytest.raises(HfHubHTTPError) as caught:
        client.chat.completions.create(model="gpt-99", messages=HELLO)
    assert caught.value.response.status_code == 404
    assert "does not exist here" in caught.value.response.text


def test_memory(client: InferenceClient, world: World) -> None:
    for text in ("I am Eva", "who am I"):
        client.chat.completions.create(model="main@memory:eva", messages=[{"role": "user", "content": text}])
    asked: Any = world.asked["messages"]
    assert [each["content"] for each in asked[1:]] == ["I am Eva", "LLM-OK I am Eva", "who am I"]
