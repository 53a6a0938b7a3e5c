"""The client against the strict fake: every way in which a model fails, and what becomes of it."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from email.utils import formatdate
from typing import Any, cast

import pytest
from typing_extensions import override

from hubbub.core.errors import ConfigError, ProviderError
from hubbub.core.models import Endpoint, ModelSpec, Timeouts
from hubbub.core.turns import ChatRequest, Delta, Parameters, Turn, Usage
from hubbub.providers.openai_compatible.client import OpenAICompatible
from hubbub.providers.openai_compatible.link import LONGEST_ANSWER
from hubbub.providers.openai_compatible.session import new_session
from tests.fakes.model import FakeModel

QUICK = Timeouts(connect=2, first_byte=2, idle=2, whole=4)
STREAMS = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


@pytest.fixture
async def fake() -> AsyncIterator[FakeModel]:
    async with FakeModel() as fake:
        yield fake


class Asked:
    """A client of the fake for one test."""

    def __init__(self, fake: FakeModel, **spec: Any) -> None:
        known: dict[str, Any] = {"base_url": fake.url, "id": "id", "api_keys": ("sk-test-key",), "timeouts": QUICK}
        self.client = OpenAICompatible(ModelSpec("m", **known | spec), backoff=0.01)

    async def __aenter__(self) -> "Asked":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    async def deltas(self, *, stream: bool = False, text: str = "hello there", **request: Any) -> list[Delta]:
        made = ChatRequest("m", (Turn("user", text),), stream=stream, **request)
        return [delta async for delta in self.client.stream(made)]

    async def failure(self, *, stream: bool = False, **request: Any) -> tuple[ProviderError, list[Delta]]:
        """The failure, and what came before it."""
        came: list[Delta] = []
        made = ChatRequest("m", (Turn("user", "one two three four five six"),), stream=stream, **request)
        with pytest.raises(ProviderError) as error:  # noqa: PT012 - what came first is of interest
            async for delta in self.client.stream(made):
                came.append(delta)  # noqa: PERF401 - kept when the failure comes
        return error.value, came


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.content for delta in deltas)


def key_of(error: ProviderError) -> str:
    assert error.user_text is not None
    return error.user_text.key


@STREAMS
async def test_an_answer(fake: FakeModel, stream: bool) -> None:
    fake.behave(cached_tokens=2, reasoning="let me see", first_ms=1)
    async with Asked(fake) as asked:
        deltas = await asked.deltas(stream=stream)
    assert text_of(deltas) == "LLM-OK hello there"
    assert "".join(delta.reasoning for delta in deltas) == "let me see"
    assert [delta.finish for delta in deltas if delta.finish] == ["stop"]
    assert deltas[-1].finish == "stop"
    assert deltas[-1].usage == Usage(3, 3, 2)
    assert fake.requests[0].headers["authorization"] == "Bearer sk-test-key"


async def test_an_answer_that_is_not_streamed_is_one_delta(fake: FakeModel) -> None:
    async with Asked(fake) as asked:
        assert len(await asked.deltas()) == 1


async def test_pieces_come_as_they_are_made(fake: FakeModel) -> None:
    fake.behave(gap_ms=30)
    async with Asked(fake) as asked:
        made = ChatRequest("m", (Turn("user", "a b c"),), stream=True)
        came = [(delta.content, time.perf_counter()) async for delta in asked.client.stream(made)]
    words = [(content, at) for content, at in came if content]
    assert [content for content, _ in words] == ["LLM-OK", " a", " b", " c"]
    assert words[-1][1] - words[0][1] > 0.06


@STREAMS
async def test_tool_calls(fake: FakeModel, stream: bool) -> None:
    calls = [
        {"id": "a", "name": "now", "arguments": '{"zone": "UTC"}'},
        {"id": "b", "name": "later", "arguments": "{}"},
    ]
    fake.behave(reply="", tool_calls=calls)
    async with Asked(fake) as asked:
        last = (await asked.deltas(stream=stream))[-1]
    assert [(call.id, call.name, call.arguments) for call in last.tool_calls] == [
        ("a", "now", '{"zone": "UTC"}'),
        ("b", "later", "{}"),
    ]
    assert last.finish == "tool_calls"


@STREAMS
async def test_a_model_that_only_continues_texts(fake: FakeModel, stream: bool) -> None:
    async with Asked(fake, api="completions") as asked:
        assert text_of(await asked.deltas(stream=stream)) == "LLM-OK hello there"
    assert fake.requests[0].path == "/v1/completions"


async def test_a_connection_is_used_again(fake: FakeModel) -> None:
    async with Asked(fake) as asked:
        for stream in (False, True, False, True):
            await asked.deltas(stream=stream)
    assert fake.connections == 1


async def test_a_stream_that_nobody_wants_any_more_stops_the_model(fake: FakeModel) -> None:
    fake.behave(gap_ms=20)
    async with Asked(fake) as asked:
        made = ChatRequest("m", (Turn("user", "w " * 50),), stream=True)
        async with aclosing(cast("Any", asked.client.stream(made))) as deltas:
            async for _ in deltas:
                break
        for _ in range(100):
            if fake.aborted:
                break
            await asyncio.sleep(0.01)
    assert fake.aborted == 1
    assert fake.in_flight == 0


async def test_the_first_model_that_is_listed_is_asked_where_no_id_is_set(fake: FakeModel) -> None:
    fake.behave(models=("text-embedding-3", "chatty", "other"))
    async with Asked(fake, id="") as asked:
        await asked.deltas()
        await asked.deltas()
        assert [info.id for info in await asked.client.models()] == ["text-embedding-3", "chatty", "other"]
    assert [one.body["model"] for one in fake.requests if one.body] == ["chatty", "chatty"]


@pytest.mark.parametrize("prefix", ["", "/v1", "/api/paas/v4"])
async def test_the_base_url_may_lack_what_everybody_forgets(prefix: str) -> None:
    async with FakeModel(prefix=prefix) as fake:
        given = [fake.url, f"{fake.url}/"] if prefix != "/v1" else [fake.url, f"http://127.0.0.1:{fake.port}/"]
        for url in given:
            async with Asked(fake, base_url=url) as asked:
                assert text_of(await asked.deltas()) == "LLM-OK hello there"


async def test_a_server_with_neither_says_so(fake: FakeModel) -> None:
    async with Asked(fake, base_url=f"http://127.0.0.1:{fake.port}") as asked:
        fake.behave(prefix="/elsewhere")
        error, _ = await asked.failure()
    assert (error.status, key_of(error)) == (404, "error.model_failed")
    assert [one.path for one in fake.requests] == ["/v1/chat/completions", "/chat/completions"]


# --- once more ---


@STREAMS
@pytest.mark.parametrize(
    "kind",
    [
        500,
        502,
        503,
        429,
        408,
        "disconnect",
        "empty_body",
        "empty_choices",
        "empty_content",
        "not_json",
        "html",
        "error_200",
    ],
)
async def test_what_may_pass_is_asked_again(fake: FakeModel, stream: bool, kind: Any) -> None:
    fake.fail(kind, times=2)
    async with Asked(fake) as asked:
        assert text_of(await asked.deltas(stream=stream)) == "LLM-OK hello there"
    assert fake.count == 3


@STREAMS
@pytest.mark.parametrize(
    ("kind", "key"),
    [
        (500, "error.model_failed"),
        (503, "error.model_busy"),
        (429, "error.model_busy"),
        ("disconnect", "error.model_failed"),
        ("empty_body", "error.model_empty"),
        ("empty_choices", "error.model_empty"),
        ("empty_content", "error.model_empty"),
        ("not_json", "error.model_failed"),
        ("html", "error.model_failed"),
        ("error_200", "error.model_busy"),
    ],
)
async def test_what_does_not_pass_is_a_failure_that_another_model_may_not_share(
    fake: FakeModel, stream: bool, kind: Any, key: str
) -> None:
    fake.fail(kind, times=9)
    async with Asked(fake) as asked:
        error, came = await asked.failure(stream=stream)
    assert (key_of(error), error.retryable, came) == (key, True, [])
    assert fake.count == 3


@STREAMS
@pytest.mark.parametrize(
    ("status", "code", "key", "retryable"),
    [
        (401, "invalid_api_key", "error.model_auth", True),
        (403, "", "error.model_auth", True),
        (429, "insufficient_quota", "error.model_busy", True),
        (400, "", "error.model_refused", False),
        (400, "context_length_exceeded", "error.model_context", False),
    ],
)
async def test_what_will_not_pass_is_asked_once(
    fake: FakeModel, stream: bool, status: int, code: str, key: str, retryable: bool
) -> None:
    fake.fail(status, times=9, code=code)
    async with Asked(fake) as asked:
        error, _ = await asked.failure(stream=stream)
    assert (key_of(error), error.retryable, error.status, fake.count) == (key, retryable, status, 1)


async def test_the_wait_that_is_asked_for_is_kept(fake: FakeModel) -> None:
    fake.fail(429, retry_after="0.3")
    async with Asked(fake) as asked:
        began = time.perf_counter()
        await asked.deltas()
    assert time.perf_counter() - began >= 0.3


async def test_a_wait_may_be_given_as_a_date(fake: FakeModel) -> None:
    fake.fail(503, retry_after=formatdate(time.time() + 2, usegmt=True))
    async with Asked(fake) as asked:
        began = time.perf_counter()
        await asked.deltas()
    assert 0.9 <= time.perf_counter() - began < 4


async def test_nobody_waits_long_for_one_model(fake: FakeModel) -> None:
    fake.fail(429, retry_after="90", times=9)
    async with Asked(fake) as asked:
        error, _ = await asked.failure()
    assert (error.retry_after, fake.count) == (90, 1)


async def test_the_number_of_attempts_is_a_setting(fake: FakeModel) -> None:
    fake.fail(500, times=9)
    async with Asked(fake, attempts=1) as asked:
        await asked.failure()
    assert fake.count == 1


# --- broken off ---


@pytest.mark.parametrize("kind", ["cut_stream", "stop_stream", "broken_sse"])
async def test_what_came_before_a_break_stays_and_is_not_repeated(fake: FakeModel, kind: Any) -> None:
    fake.behave(gap_ms=1)
    fake.fail(kind)
    async with Asked(fake) as asked:
        error, came = await asked.failure(stream=True)
    assert "LLM-OK one two three four five six".startswith(text_of(came))
    assert came
    assert (key_of(error), error.retryable, fake.count) == ("error.model_failed", False, 1)


async def test_a_break_in_the_very_chunk_of_the_pieces_loses_none_of_them(fake: FakeModel) -> None:
    fake.fail("broken_sse")
    async with Asked(fake) as asked:
        error, came = await asked.failure(stream=True)
    assert text_of(came).startswith("LLM-OK")
    assert not error.retryable


async def test_a_stream_without_its_last_mark_is_whole_when_it_says_so(fake: FakeModel) -> None:
    fake.behave(done=False)
    async with Asked(fake) as asked:
        assert text_of(await asked.deltas(stream=True)) == "LLM-OK hello there"


async def test_a_whole_answer_to_a_wish_for_a_stream_is_taken(fake: FakeModel) -> None:
    async with Asked(fake, extra={"stream": False, "stream_options": None}) as asked:
        fake.behave(check=False)
        assert text_of(await asked.deltas(stream=True)) == "LLM-OK hello there"


# --- never ---


async def test_a_whole_answer_that_never_comes(fake: FakeModel) -> None:
    fake.fail("timeout")
    async with Asked(fake, timeouts=Timeouts(whole=0.1)) as asked:
        error, _ = await asked.failure()
    assert (key_of(error), error.retryable, fake.count) == ("error.model_timeout", True, 1)


async def test_a_stream_that_never_begins(fake: FakeModel) -> None:
    fake.fail("timeout")
    async with Asked(fake, timeouts=Timeouts(first_byte=0.1)) as asked:
        error, came = await asked.failure(stream=True)
    assert (key_of(error), error.retryable, came) == ("error.model_timeout", True, [])


async def test_a_stream_that_begins_and_says_nothing(fake: FakeModel) -> None:
    fake.behave(first_ms=5000)
    async with Asked(fake, timeouts=Timeouts(first_byte=0.1)) as asked:
        error, _ = await asked.failure(stream=True)
    assert key_of(error) == "error.model_timeout"


async def test_a_stream_that_stops_in_the_middle(fake: FakeModel) -> None:
    fake.fail("stall_stream")
    async with Asked(fake, timeouts=Timeouts(idle=0.1)) as asked:
        error, came = await asked.failure(stream=True)
    assert (key_of(error), error.retryable) == ("error.model_timeout", False)
    assert text_of(came).startswith("LLM-OK")


async def test_a_stream_that_drips_for_ever(fake: FakeModel) -> None:
    fake.behave(gap_ms=20, reply="w " * 1000)
    async with Asked(fake, timeouts=Timeouts(whole=0.3)) as asked:
        error, came = await asked.failure(stream=True)
    assert (key_of(error), error.retryable) == ("error.model_timeout", False)
    assert came


@STREAMS
async def test_nobody_listens(fake: FakeModel, stream: bool) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with Asked(fake, base_url=f"http://127.0.0.1:{port}/v1") as asked:
        error, _ = await asked.failure(stream=stream)
    assert (key_of(error), error.retryable, error.status) == ("error.model_failed", True, 0)
    assert str(port) in str(error)


async def test_a_caller_who_is_cancelled_is_cancelled(fake: FakeModel) -> None:
    fake.fail("timeout")
    async with Asked(fake) as asked:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await asked.deltas()


# --- keys ---


async def test_keys_take_turns(fake: FakeModel) -> None:
    async with Asked(fake, api_keys=("one", "two")) as asked:
        for _ in range(4):
            await asked.deltas()
    used = [one.headers["authorization"] for one in fake.requests]
    assert used == ["Bearer one", "Bearer two"] * 2


@pytest.mark.parametrize("status", [401, 429])
async def test_a_key_that_is_refused_rests_and_the_next_is_tried_at_once(fake: FakeModel, status: int) -> None:
    fake.fail(status, times=9, key="bad", retry_after="60")
    async with Asked(fake, api_keys=("bad", "good")) as asked:
        began = time.perf_counter()
        for _ in range(3):
            await asked.deltas()
    used = [one.headers["authorization"].removeprefix("Bearer ") for one in fake.requests]
    assert used == ["bad", "good", "good", "good"]
    assert time.perf_counter() - began < 20


async def test_when_every_key_is_refused_so_is_the_request(fake: FakeModel) -> None:
    fake.behave(keys=("other",))
    async with Asked(fake, api_keys=("one", "two", "three")) as asked:
        error, _ = await asked.failure()
    assert key_of(error) == "error.model_auth"
    assert fake.count == 3
    assert "three" not in str(error)


async def test_no_key_sends_none(fake: FakeModel) -> None:
    async with Asked(fake, api_keys=()) as asked:
        await asked.deltas()
    assert "authorization" not in fake.requests[0].headers


# --- what a model does not take ---


async def test_a_field_that_a_model_refuses_is_left_out_and_stays_out(fake: FakeModel) -> None:
    message = "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead."
    fake.fail(400, message=message, param="max_tokens")
    async with Asked(fake) as asked:
        for _ in range(2):
            await asked.deltas(parameters=Parameters(max_tokens=50))
    assert [one.body.get("max_completion_tokens") for one in fake.requests] == [None, 50, 50]


async def test_the_request_is_refused_by_what_the_api_does_not_know(fake: FakeModel) -> None:
    async with Asked(fake, extra={"nonsense": 1}) as asked:
        error, _ = await asked.failure()
    assert key_of(error) == "error.model_refused"
    assert "nonsense" in str(error)


# --- around it ---


async def test_headers_of_the_settings_are_sent(fake: FakeModel) -> None:
    async with Asked(fake, headers={"X-Title": "Hubbub"}) as asked:
        await asked.deltas()
    assert fake.requests[0].headers["x-title"] == "Hubbub"
    assert "aiohttp" not in str(fake.requests[0].headers)


async def test_a_proxy_is_asked_for_the_whole_address(fake: FakeModel) -> None:
    async with Asked(fake, base_url="http://model.invalid/v1", proxy=f"http://127.0.0.1:{fake.port}") as asked:
        fake.behave(prefix="http://model.invalid/v1")
        assert text_of(await asked.deltas()) == "LLM-OK hello there"


async def test_a_redirect_is_not_followed(fake: FakeModel) -> None:
    fake.fail(302)
    async with Asked(fake) as asked:
        error, _ = await asked.failure()
    assert "redirects are not followed" in str(error)


def test_what_cannot_be_an_address_is_said_at_once() -> None:
    with pytest.raises(ConfigError):
        OpenAICompatible(ModelSpec("m", base_url="example.com"))


async def test_a_session_that_was_given_is_left_open(fake: FakeModel) -> None:
    async with new_session() as session:
        client = OpenAICompatible(ModelSpec("m", id="id", base_url=fake.url), session)
        assert [delta async for delta in client.stream(ChatRequest("m", (Turn("user", "x"),)))]
        await client.close()
        assert not session.closed


class Moving:
    """A server of the hub's own that is somewhere else after every failure."""

    def __init__(self, *endpoints: Endpoint) -> None:
        self.endpoints = list(endpoints)
        self.closed = False

    async def endpoint(self) -> Endpoint:
        return self.endpoints.pop(0) if len(self.endpoints) > 1 else self.endpoints[0]

    async def close(self) -> None:
        self.closed = True


async def test_a_server_of_our_own_is_asked_for_its_address_each_time(fake: FakeModel) -> None:
    fake.behave(keys=("fresh",))
    moving = Moving(Endpoint("http://127.0.0.1:1/v1", "stale"), Endpoint(fake.url, "fresh"))
    client = OpenAICompatible(ModelSpec("demo", provider="embedded"), None, moving, backoff=0.01)
    deltas = [delta async for delta in client.stream(ChatRequest("demo", (Turn("user", "x"),)))]
    await client.close()
    assert text_of(deltas) == "LLM-OK x"
    assert fake.requests[0].body["model"] == "demo"
    assert moving.closed


class Late(Moving):
    """A server of the hub's own that takes long to start, once."""

    started = False

    @override
    async def endpoint(self) -> Endpoint:
        if not self.started:
            await asyncio.sleep(0.5)
            self.started = True
        return await super().endpoint()


@STREAMS
async def test_the_start_of_a_server_of_our_own_takes_none_of_the_answers_time(fake: FakeModel, stream: bool) -> None:
    spec = ModelSpec("demo", provider="embedded", timeouts=Timeouts(first_byte=0.4, whole=0.4), attempts=1)
    client = OpenAICompatible(spec, None, Late(Endpoint(fake.url, "")))
    request = ChatRequest("demo", (Turn("user", "x"),), stream=stream)
    assert text_of([delta async for delta in client.stream(request)]) == "LLM-OK x"
    await client.close()


@STREAMS
async def test_an_answer_is_bounded(fake: FakeModel, stream: bool) -> None:
    fake.behave(reply="w" * (LONGEST_ANSWER + 1))
    async with Asked(fake, attempts=1) as asked:
        error, came = await asked.failure(stream=stream)
    assert key_of(error) == "error.model_failed"
    assert "more than" in str(error)
    assert len(text_of(came)) <= LONGEST_ANSWER


async def test_many_at_once(fake: FakeModel) -> None:
    fake.behave(first_ms=50)
    async with Asked(fake) as asked:
        answers = await asyncio.gather(*(asked.deltas(text=f"number {number}") for number in range(300)))
    assert [text_of(deltas) for deltas in answers] == [f"LLM-OK number {number}" for number in range(300)]
    assert fake.most_in_flight > 100
