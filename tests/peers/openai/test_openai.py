"""The `openai` package, as its users call it, on a real hub."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import shlex
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

import hubbub.api.openai
from tests.peers.openai.conftest import World

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

PICTURE = "data:image/png;base64," + base64.b64encode(b"\x89PNG not really").decode()
HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Say hello"}]
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "tells the weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
CALLS = [
    {"id": "call_1", "name": "weather", "arguments": '{"city": "北京"}'},
    {"id": "call_2", "name": "weather", "arguments": '{"city": "Oslo"}'},
]


@pytest.fixture
def client(world: World) -> Iterator[OpenAI]:
    with OpenAI(base_url=world.url, api_key="not-needed-here", max_retries=0, timeout=10) as made:
        yield made


@pytest.fixture
async def other(world: World) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=world.url, api_key="not-needed-here", max_retries=0, timeout=10) as made:
        yield made


# --- models


def test_models_are_listed_and_shown(client: OpenAI) -> None:
    listed = client.models.list().data
    names = ["main", "org/spare", "old"]
    assert [model.id for model in listed] == [*names, *(f"{name}@memory" for name in names)]
    assert {model.owned_by for model in listed} == {"hubbub"}
    assert client.models.retrieve("org/spare").id == "org/spare"
    assert client.models.retrieve("fake-model").id == "main"
    assert client.models.retrieve("main@memory").id == "main@memory"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-99")
    assert caught.value.code == "model_not_found"
    assert caught.value.param == "model"


# --- chat


def test_a_whole_answer(client: OpenAI, world: World) -> None:
    answer = client.chat.completions.create(model="main", messages=HELLO)
    assert answer.object == "chat.completion"
    assert answer.model == "main"
    assert answer.choices[0].message.content == "LLM-OK Say hello"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    assert answer._request_id
    assert abs(answer.created - time.time()) < 60
    assert world.asked == {"model": "fake-model", "messages": HELLO, "stream": False}
    assert world.model.requests[-1].headers["authorization"] == "Bearer sk-the-hubs-own"


@pytest.mark.parametrize("usage", [True, False])
def test_a_streamed_answer(client: OpenAI, world: World, usage: bool) -> None:
    options: Any = {"include_usage": True} if usage else openai.omit
    pieces = list(client.chat.completions.create(model="main", messages=HELLO, stream=True, stream_options=options))
    said = [piece.choices[0].delta.content or "" for piece in pieces if piece.choices]
    assert "".join(said) == "LLM-OK Say hello"
    assert len(list(filter(None, said))) == 3
    assert {piece.model for piece in pieces} == {"main"}
    assert len({piece.id for piece in pieces}) == 1
    assert [piece.choices[0].finish_reason for piece in pieces if piece.choices][-1] == "stop"
    counted = [piece for piece in pieces if piece.usage is not None]
    assert len(counted) == usage
    assert all(not piece.choices for piece in counted)


async def test_both_without_threads(other: AsyncOpenAI) -> None:
    whole, stream = await asyncio.gather(
        other.chat.completions.create(model="default", messages=HELLO),
        other.chat.completions.create(model="default", messages=HELLO, stream=True),
    )
    said = [piece.choices[0].delta.content or "" async for piece in stream]
    assert whole.choices[0].message.content == "".join(said) == "LLM-OK Say hello"


def test_every_field_goes_to_the_model_as_it_is(client: OpenAI, world: World) -> None:
    given: dict[str, Any] = {
        "messages": [
            {"role": "developer", "content": "be brief"},
            {"role": "user", "content": "one", "name": "ann"},
            {"role": "assistant", "content": "1"},
            {"role": "user", "content": [{"type": "text", "text": "two"}]},
        ],
        "seed": 7,
        "logprobs": True,
        "top_logprobs": 2,
        "logit_bias": {"50256": -100},
        "temperature": 0.3,
        "max_completion_tokens": 20,
        "stop": ["\n"],
        "response_format": {"type": "json_object"},
        "service_tier": "auto",
        "metadata": {"a": "b"},
        "user": "somebody",
        "n": 1,
    }
    client.chat.completions.create(model="main", **given)
    assert world.asked == {"model": "fake-model", "stream": False, **given}


def test_fields_that_nobody_knows_go_too(client: OpenAI, world: World) -> None:
    world.model.behave(check=False)
    client.chat.completions.create(model="main", messages=HELLO, extra_body={"chat_template_kwargs": {"x": [1.5]}})
    assert world.asked["chat_template_kwargs"] == {"x": [1.5]}


def test_what_the_settings_say_of_a_model_holds_where_the_client_is_silent(client: OpenAI, world: World) -> None:
    client.chat.completions.create(model="org/spare", messages=HELLO)
    assert (world.asked["temperature"], world.asked["max_tokens"]) == (0.5, 99)
    client.chat.completions.create(model="org/spare", messages=HELLO, temperature=1, max_completion_tokens=5)
    assert (world.asked["temperature"], world.asked["max_completion_tokens"]) == (1, 5)
    assert "max_tokens" not in world.asked


def test_every_field_of_the_answer_comes_back(client: OpenAI, world: World) -> None:
    token = {"token": "LLM", "logprob": -0.1, "bytes": [76], "top_logprobs": []}
    world.model.behave(choice={"logprobs": {"content": [token], "refusal": None}})
    whole = client.chat.completions.create(model="main", messages=HELLO, logprobs=True)
    assert whole.choices[0].logprobs is not None
    assert whole.choices[0].logprobs.content is not None
    assert whole.choices[0].logprobs.content[0].logprob == -0.1
    pieces = list(client.chat.completions.create(model="main", messages=HELLO, logprobs=True, stream=True))
    assert pieces[1].choices[0].logprobs is not None


def test_reasoning_comes_apart(client: OpenAI, world: World) -> None:
    world.model.behave(reasoning="let me see")
    answer = client.chat.completions.create(model="main", messages=HELLO)
    assert answer.choices[0].message.model_extra == {"reasoning_content": "let me see"}
    assert answer.choices[0].message.content == "LLM-OK Say hello"


def test_an_answer_that_says_nothing_is_the_clients_to_judge(client: OpenAI, world: World) -> None:
    world.model.behave(reply="", finish="length")
    answer = client.chat.completions.create(model="main", messages=HELLO, max_tokens=1)
    assert (answer.choices[0].message.content, answer.choices[0].finish_reason) == ("", "length")


def test_pictures_by_url_and_inline(client: OpenAI, world: World) -> None:
    parts: Any = [
        {"type": "text", "text": "what is it"},
        {"type": "image_url", "image_url": {"url": "https://example.org/cat.png", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": PICTURE}},
    ]
    answer = client.chat.completions.create(model="main", messages=[{"role": "user", "content": parts}])
    assert answer.choices[0].message.content == "LLM-OK what is it  "
    assert world.asked["messages"] == [{"role": "user", "content": parts}]


# --- tools


def test_tools_are_called_and_answered(client: OpenAI, world: World) -> None:
    world.model.behave(reply="", tool_calls=CALLS)
    choice: Any = {"type": "function", "function": {"name": "weather"}}
    first = client.chat.completions.create(model="main", messages=HELLO, tools=[WEATHER], tool_choice=choice)
    assert (world.asked["tools"], world.asked["tool_choice"]) == ([WEATHER], choice)
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls is not None
    assert [json.loads(call.function.arguments)["city"] for call in message.tool_calls] == ["北京", "Oslo"]  # type: ignore[union-attr]
    world.model.behave()
    results: list[Any] = [{"role": "tool", "tool_call_id": call.id, "content": "sunny"} for call in message.tool_calls]
    talk: list[Any] = [*HELLO, message.model_dump(exclude_none=True), *results]
    second = client.chat.completions.create(model="main", messages=talk, tools=[WEATHER])
    assert second.choices[0].message.content == "LLM-OK Say hello"
    assert world.asked["messages"] == talk


def test_tool_calls_are_streamed_as_they_are_written(client: OpenAI, world: World) -> None:
    world.model.behave(reply="", tool_calls=CALLS)
    with client.chat.completions.stream(model="main", messages=HELLO, tools=[WEATHER]) as stream:
        pieces = [event for event in stream if event.type == "tool_calls.function.arguments.delta"]
        final = stream.get_final_completion()
    assert len(pieces) > 4
    calls = final.choices[0].message.tool_calls or []
    assert [(call.id, call.function.name) for call in calls] == [("call_1", "weather"), ("call_2", "weather")]
    assert [json.loads(call.function.arguments)["city"] for call in calls] == ["北京", "Oslo"]


def test_a_parsed_answer(client: OpenAI, world: World) -> None:
    class Weather(BaseModel):
        city: str
        degrees: int

    world.model.behave(reply='{"city": "Oslo", "degrees": -3}')
    answer = client.chat.completions.parse(model="main", messages=HELLO, response_format=Weather)
    assert answer.choices[0].message.parsed == Weather(city="Oslo", degrees=-3)


# --- models that only go on with a text, and clients that only know such


def test_chat_with_a_model_that_only_goes_on(client: OpenAI, world: World) -> None:
    answer = client.chat.completions.create(model="old", messages=HELLO, temperature=0.2)
    assert answer.choices[0].message.content == "LLM-OK Say hello"
    assert world.asked["prompt"] == "User: Say hello\n\nAssistant:"
    assert world.asked["temperature"] == 0.2
    pieces = list(client.chat.completions.create(model="old", messages=HELLO, stream=True))
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == "LLM-OK Say hello"
    assert pieces[0].choices[0].delta.role == "assistant"
    assert pieces[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize("model", ["main", "old"])
def test_completions(client: OpenAI, world: World, model: str) -> None:
    whole = client.completions.create(model=model, prompt="Once upon", max_tokens=9, stop="\n")
    assert (whole.object, whole.model, whole.choices[0].text) == ("text_completion", model, "LLM-OK Once upon")
    assert (world.asked["max_tokens"], world.asked["stop"]) == (9, "\n")
    assert whole.usage is not None
    pieces = list(
        client.completions.create(model=model, prompt="Once upon", stream=True, stream_options={"include_usage": True})
    )
    assert "".join(piece.choices[0].text for piece in pieces if piece.choices) == "LLM-OK Once upon"
    assert [piece.choices[0].finish_reason for piece in pieces if piece.choices][-1] == "stop"
    assert pieces[-1].usage is not None


def test_completions_hand_on_what_such_a_model_can(client: OpenAI, world: World) -> None:
    client.completions.create(model="old", prompt="a", suffix="b", logprobs=2, echo=True)
    assert world.asked == {
        "model": "old-model",
        "prompt": "a",
        "suffix": "b",
        "logprobs": 2,
        "echo": True,
        "stream": False,
    }
    with pytest.raises(openai.BadRequestError) as caught:
        client.completions.create(model="main", prompt="a", suffix="b")
    assert caught.value.param == "suffix"
    assert client.completions.create(model="main", prompt="a", echo=True).choices[0].text == "aLLM-OK a"


# --- vectors


@pytest.mark.parametrize("encoding", ["float", "base64", None])
def test_embeddings(client: OpenAI, world: World, encoding: Any) -> None:
    given = {"encoding_format": encoding} if encoding else {}
    answer = client.embeddings.create(model="main", input=["a", "four"], dimensions=3, **given)
    vectors = [each.embedding for each in answer.data]
    if encoding == "base64":  # who asks for it in words gets it as it came
        assert all(isinstance(vector, str) for vector in vectors)
    else:
        assert vectors == [[1.0, 0.5, -1.0], [4.0, 0.5, -1.0]]
    assert (answer.model, world.asked["model"], world.asked["dimensions"]) == ("main", "fake-model", 3)


async def test_a_model_for_vectors_need_not_be_set_up(other: AsyncOpenAI, world: World) -> None:
    await other.embeddings.create(model="text-embedding-3-small", input="x")
    assert world.asked["model"] == "text-embedding-3-small"
    world.model.fail(404, message="no such model")
    with pytest.raises(openai.NotFoundError) as caught:
        await other.embeddings.create(model="text-embedding-9", input="x")
    assert caught.value.code == "model_not_found"


# --- failures

UPSTREAM = [
    (429, openai.RateLimitError, "rate_limit_exceeded"),
    (401, openai.InternalServerError, "model_auth"),
    (400, openai.BadRequestError, "model_refused"),
    (500, openai.InternalServerError, "model_failed"),
    (504, openai.InternalServerError, "model_timeout"),
    ("disconnect", openai.InternalServerError, "model_failed"),
    ("timeout", openai.InternalServerError, "model_timeout"),
    ("html", openai.InternalServerError, "model_failed"),
    ("empty_choices", openai.InternalServerError, "model_empty"),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("kind", "raised", "code"), UPSTREAM)
def test_a_models_failure_is_told_in_plain_words(
    client: OpenAI, world: World, kind: Any, raised: type[openai.APIStatusError], code: str, stream: bool
) -> None:
    world.model.fail(kind, message="sk-secret of acct_42", param="messages[0]", retry_after="3")
    with pytest.raises(raised) as caught:
        list(client.chat.completions.create(model="main", messages=HELLO, stream=stream))
    error = caught.value
    assert error.code == code
    assert "(error " in error.message
    assert "secret" not in error.message
    assert error.status_code == {"model_timeout": 504, "rate_limit_exceeded": 429, "model_refused": 400}.get(code, 502)
    if code == "rate_limit_exceeded":
        assert error.response.headers["retry-after"] == "3"
    if code == "model_refused":
        assert error.param == "messages[0]"


def test_a_request_that_is_too_long(client: OpenAI, world: World) -> None:
    world.model.fail(400, message="maximum context length is 8 tokens", code="context_length_exceeded")
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="main", messages=HELLO)
    assert caught.value.code == "context_length_exceeded"


@pytest.mark.parametrize("kind", ["cut_stream", "stop_stream", "broken_sse"])
def test_a_stream_that_breaks_off_says_so(client: OpenAI, world: World, kind: Any) -> None:
    world.model.behave(reply="one two three four five six seven", gap_ms=1)
    world.model.fail(kind)
    pieces: list[Any] = []
    stream = client.chat.completions.create(model="main", messages=HELLO, stream=True)
    with pytest.raises(openai.APIError) as caught:
        pieces.extend(stream)
    assert pieces
    assert caught.value.code == "model_failed"


def test_bad_requests_name_the_field(client: OpenAI) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("messages", {"messages": []}),
        ("n", {"messages": HELLO, "n": 2}),
        ("messages.0.role", {"messages": [{"content": "x"}]}),
        ("stream", {"messages": HELLO, "extra_body": {"stream": "yes"}}),
    ]
    for param, given in wrong:
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(model="main", **given)
        assert caught.value.param == param, given
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="gpt-99", messages=HELLO)
    with pytest.raises(openai.NotFoundError) as missing:
        client.responses.create(model="main", input="x")
    assert missing.value.code == "unknown_url"


def test_a_client_that_goes_away_ends_the_models_answer(client: OpenAI, world: World) -> None:
    world.model.behave(reply=" ".join(["word"] * 2000), gap_ms=5)
    before = world.model.aborted
    stream = client.chat.completions.create(model="main", messages=HELLO, stream=True)
    next(iter(stream))
    stream.close()
    _until(lambda: world.model.aborted > before)
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.3).chat.completions.create(model="main", messages=HELLO)
    _until(lambda: world.model.aborted > before + 1)


def _until(done: Any, seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- tokens


def test_tokens_are_checked(world: World) -> None:
    def ask(key: str) -> Any:
        with OpenAI(base_url=world.url, api_key=key, max_retries=0) as client:
            return client.chat.completions.create(model="main", messages=HELLO)

    assert ask(world.token("--scope", "openai")).choices
    with pytest.raises(openai.AuthenticationError) as unknown:
        ask("hub_nobody-made-this")
    assert unknown.value.code == "invalid_api_key"
    with pytest.raises(openai.PermissionDeniedError):
        ask(world.token("--scope", "status"))
    with pytest.raises(openai.AuthenticationError):
        ask(world.token("--scope", "openai", "--days", "0"))
    secret = world.token("--scope", "openai", "--per-minute", "2")
    assert all(ask(secret).choices for _ in range(2))
    with pytest.raises(openai.RateLimitError) as limited:
        ask(secret)
    assert limited.value.code == "rate_limit_exceeded"
    assert 0 < int(limited.value.response.headers["retry-after"]) <= 30


# --- memory


def test_memory_by_the_models_name(client: OpenAI, world: World) -> None:
    secret = world.token("--owner", "anna")
    mine = client.with_options(api_key=secret)
    first = mine.chat.completions.create(model="main@memory", messages=[{"role": "user", "content": "I am Anna"}])
    assert first.choices[0].message.content == "LLM-OK I am Anna"
    assert first.model == "main@memory"
    world.model.behave(gap_ms=3)
    pieces = list(
        mine.chat.completions.create(
            model="default@memory", messages=[{"role": "user", "content": "who am I"}], stream=True
        )
    )
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == "LLM-OK who am I"
    assert len(pieces) > 4
    assert pieces[-1].choices[0].finish_reason == "stop"
    said: Any = world.asked["messages"]
    assert [each["content"] for each in said[1:]] == ["I am Anna", "LLM-OK I am Anna", "who am I"]
    fresh = mine.chat.completions.create(model="main@memory:other", messages=[{"role": "user", "content": "and here"}])
    assert fresh.choices[0].message.content == "LLM-OK and here"
    assert len(world.asked["messages"]) == 2  # type: ignore[arg-type]


def test_memory_by_header(client: OpenAI, world: World) -> None:
    def ask(text: str, owner: str, **headers: str) -> Any:
        given = {"X-Hubbub-Conversation": "%E5%B7%A5%E4%BD%9C", "X-Hubbub-Owner": owner} | headers
        messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": text}]
        return client.chat.completions.create(model="main", messages=messages, extra_headers=given)

    ask("first", "ben")
    ask("second", "ben")
    assert len(world.asked["messages"]) == 4  # type: ignore[arg-type]
    ask("mine", "cleo")
    assert len(world.asked["messages"]) == 2  # type: ignore[arg-type]
    count = world.model.count
    again = [ask("once", "ben", **{"Idempotency-Key": "k1"}).choices[0].message.content for _ in range(3)]
    assert again == ["LLM-OK once"] * 3
    assert world.model.count == count + 1
    with pytest.raises(openai.UnprocessableEntityError) as reused:
        ask("another", "ben", **{"Idempotency-Key": "k1"})
    assert reused.value.code == "key_reused"
    bound = client.with_options(api_key=world.token("--owner", "dora"))
    with pytest.raises(openai.PermissionDeniedError) as foreign:
        bound.chat.completions.create(model="main@memory", messages=HELLO, extra_headers={"X-Hubbub-Owner": "ben"})
    assert foreign.value.code == "owner_forbidden"


def test_memory_knows_commands_and_refuses_tools(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="main@memory", messages=[{"role": "user", "content": "/echo hi"}])
    assert answer.choices[0].message.content == "hi"
    pieces = list(
        client.chat.completions.create(
            model="main@memory", messages=[{"role": "user", "content": "/echo hi"}], stream=True
        )
    )
    assert "".join(piece.choices[0].delta.content or "" for piece in pieces) == "hi"
    with pytest.raises(openai.BadRequestError) as refused:
        client.chat.completions.create(model="main@memory", messages=HELLO, tools=[WEATHER])
    assert refused.value.param == "tools"


# --- the README


def test_what_the_readme_shows_runs(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    readme = (Path(hubbub.api.openai.__file__).parent / "README.md").read_text(encoding="utf-8")
    shown = readme.replace("http://127.0.0.1:8080/v1", world.url)
    (program,) = re.findall(r"```python\n(.*?)```", shown, re.DOTALL)
    secret = world.token(*shlex.split(re.findall(r"^hubbub token create phone (.*)$", readme, re.MULTILINE)[0]))
    exec(program.replace("hub_...", secret), {})  # noqa: S102 - our own words
    assert capsys.readouterr().out == "LLM-OK Say hello\n"
    body = re.findall(r"-d '(.*?)'$", readme, re.MULTILINE)[0]
    request = urllib.request.Request(
        f"{world.url}/chat/completions", body.encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.load(answer)["choices"][0]["message"]["content"] == "LLM-OK Say hello"
