"""Requests that are handed on as their client wrote them, and vectors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from hubbub.core.errors import ProviderError
from hubbub.core.models import ModelSpec
from hubbub.core.turns import ChatRequest, Delta, Parameters, Turn
from hubbub.providers.openai_compatible.client import OpenAICompatible
from hubbub.providers.openai_compatible.wire import body_of
from tests.fakes.model import FakeModel

RAW: dict[str, object] = {"messages": [{"role": "user", "content": "raw"}], "seed": 1}
CALLS = [{"id": "call_1", "name": "now", "arguments": '{"zone": "UTC"}'}]


@pytest.fixture
async def fake() -> AsyncIterator[FakeModel]:
    async with FakeModel() as fake:
        yield fake


def body(raw: dict[str, object], *, stream: bool = False, **spec: Any) -> dict[str, Any]:
    request = ChatRequest("m", (Turn("user", "said anew"),), stream=stream, raw=raw)
    return body_of(ModelSpec("m", **spec), request, "id")


def test_only_model_and_streaming_are_the_hubs() -> None:
    assert body(RAW) == {**RAW, "model": "id", "stream": False}
    assert body({**RAW, "model": "theirs", "stream_options": {"include_usage": False, "x": 1}}, stream=True) == {
        **RAW,
        "model": "id",
        "stream": True,
        "stream_options": {"include_usage": True, "x": 1},
    }
    assert "stream_options" not in body({**RAW, "stream_options": {"include_usage": True}})


def test_settings_of_the_model_are_behind_what_the_client_says() -> None:
    own = Parameters(temperature=0.1, max_tokens=50)
    made = body(RAW, parameters=own, extra={"top_k": 3})
    assert (made["temperature"], made["max_tokens"], made["top_k"]) == (0.1, 50, 3)
    made = body({**RAW, "temperature": 1.5, "max_completion_tokens": 7}, parameters=own)
    assert (made["temperature"], made["max_completion_tokens"]) == (1.5, 7)
    assert "max_tokens" not in made


def test_a_request_of_the_other_api_is_said_anew() -> None:
    assert body(RAW, api="completions")["prompt"] == "User: said anew\n\nAssistant:"
    assert body({"prompt": "raw"})["messages"] == [{"role": "user", "content": "said anew"}]
    assert body({"prompt": "raw", "suffix": "!"}, api="completions") == {
        "prompt": "raw",
        "suffix": "!",
        "model": "id",
        "stream": False,
    }


async def ask(fake: FakeModel, *, stream: bool, attempts: int = 1, **spec: Any) -> list[Delta]:
    client = OpenAICompatible(ModelSpec("m", id="id", base_url=fake.url, attempts=attempts, **spec), backoff=0.01)
    request = ChatRequest("m", (Turn("user", "x"),), stream=stream, raw=RAW)
    try:
        return [delta async for delta in client.stream(request)]
    finally:
        await client.close()


async def test_documents_come_back_as_they_are(fake: FakeModel) -> None:
    fake.behave(tool_calls=CALLS, reasoning="hm", choice={"logprobs": {"content": []}})
    (whole,) = await ask(fake, stream=False)
    (document,) = whole.raw
    choice: Any = document["choices"]
    assert choice[0]["logprobs"] == {"content": []}
    assert choice[0]["message"]["reasoning_content"] == "hm"
    pieces = [document for delta in await ask(fake, stream=True) for document in delta.raw]
    choices: list[Any] = [piece["choices"] for piece in pieces]
    arguments = [call["function"].get("arguments", "") for each in choices if each
                 for call in each[0]["delta"].get("tool_calls", ())]  # fmt: skip
    assert "".join(arguments) == '{"zone": "UTC"}'
    assert len(arguments) > 2
    assert pieces[-1]["usage"]


async def test_what_is_not_handed_on_brings_no_documents(fake: FakeModel) -> None:
    deltas = await ask(fake, stream=True, api="completions")
    assert all(not delta.raw for delta in deltas)
    assert "".join(delta.content for delta in deltas) == "LLM-OK x"


async def test_an_answer_that_says_nothing_is_the_clients_to_judge(fake: FakeModel) -> None:
    fake.behave(reply="", finish="length")
    for stream in (False, True):
        deltas = await ask(fake, stream=stream)
        assert deltas[-1].finish == "length"
        assert any(delta.raw for delta in deltas)


async def test_a_stream_without_choices_is_asked_for_again(fake: FakeModel) -> None:
    fake.fail("empty_choices")
    deltas = await ask(fake, stream=True, attempts=2)
    assert fake.count == 2
    assert "".join(delta.content for delta in deltas) == "LLM-OK raw"


async def test_a_whole_answer_to_a_wish_for_pieces_is_no_piece(fake: FakeModel) -> None:
    fake.behave(check=False)
    client = OpenAICompatible(ModelSpec("m", id="id", base_url=fake.url, extra={"stream": False}))
    request = ChatRequest("m", (Turn("user", "x"),), stream=True, raw=RAW)
    deltas = [delta async for delta in client.stream(request)]
    await client.close()
    assert [(delta.content, delta.raw, delta.finish) for delta in deltas] == [("LLM-OK raw", (), "stop")]


# --- vectors


async def embed(fake: FakeModel, model: str = "", **spec: Any) -> Any:
    client = OpenAICompatible(ModelSpec("m", base_url=fake.url, **({"id": "id"} | spec)), backoff=0.01)
    try:
        return await client.embed({"input": ["a", "bc"], "dimensions": 3}, model)
    finally:
        await client.close()


async def test_vectors(fake: FakeModel) -> None:
    answer = await embed(fake)
    assert [each["embedding"][0] for each in answer["data"]] == [1.0, 2.0]
    assert fake.requests[0].body == {"input": ["a", "bc"], "dimensions": 3, "model": "id"}


async def test_vectors_of_another_model_there(fake: FakeModel) -> None:
    assert (await embed(fake, "other"))["model"] == "other"
    assert (await embed(fake, id=""))["model"] == "fake-model"


async def test_vectors_are_asked_for_again_while_there_is_hope(fake: FakeModel) -> None:
    fake.fail(500, times=2)
    assert (await embed(fake))["data"]
    assert fake.count == 3


@pytest.mark.parametrize(
    ("kind", "times", "status"),
    [(400, 1, 400), (404, 1, 404), (501, 1, 501), ("not_json", 3, 200), ("error_200", 3, 200), ("html", 3, 200)],
)
async def test_vectors_that_do_not_come(fake: FakeModel, kind: Any, times: int, status: int) -> None:
    fake.fail(kind, times=5)
    with pytest.raises(ProviderError) as caught:
        await embed(fake)
    assert (fake.count, caught.value.status) == (times, status)


async def test_vectors_that_take_too_long(fake: FakeModel) -> None:
    from hubbub.core.models import Timeouts

    fake.fail("timeout", times=5)
    with pytest.raises(ProviderError) as caught:
        await embed(fake, timeouts=Timeouts(whole=0.05), attempts=1)
    assert caught.value.user_text is not None
    assert caught.value.user_text.key == "error.model_timeout"
