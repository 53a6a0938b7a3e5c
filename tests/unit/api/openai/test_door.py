"""Requests at the door: who may come in, what is refused and how, what goes to the model."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from hubbub.api.errors import Refused
from hubbub.api.openai import models as names
from hubbub.commands.access.gate import Gate
from hubbub.commands.access.rules import AccessRules
from hubbub.conversations.limits import NO_LIMITS, Limits
from hubbub.core.errors import ProviderError, StoreError
from hubbub.core.identities import Role
from hubbub.core.models import ModelSpec
from hubbub.core.phrases import Phrase
from hubbub.core.turns import Delta, Parameters, Tool, Turn, Usage
from hubbub.core.work import Spend
from tests.fakes.doors import Doors, MemoryHub, doors, until
from tests.fakes.registry import FakeRegistry
from tests.fakes.scripted import failing
from tests.unit.api.openai.door import HELLO, failure, pieces, post, words


def hub(*scripts: Any, **spec: Any) -> MemoryHub:
    return MemoryHub(registry=FakeRegistry(*scripts, spec=ModelSpec("demo", **({"id": "m-1"} | spec))))


# --- who may come in


async def test_on_a_trusted_network_any_key_will_do() -> None:
    async with doors() as at:
        assert (await post(at))[0] == 200
        for key in ("sk-anything", "", "Hub-like", "none"):
            assert (await post(at, headers={"Authorization": f"Bearer {key}"}))[0] == 200, key


async def test_elsewhere_a_token_is_needed() -> None:
    async with doors(trusted=()) as at:
        for headers in ({}, {"Authorization": "Bearer sk-anything"}, {"Authorization": "Bearer hub_wrong"}):
            assert failure(await post(at, headers=headers)) == (401, "authentication_error", "invalid_api_key")
        assert (await post(at, headers=await at.token("openai")))[0] == 200
        assert (await post(at, headers=await at.token("*")))[0] == 200
        assert failure(await post(at, headers=await at.token("messages", "admin"))) == (
            403,
            "permission_error",
            "scope_missing",
        )
        expired = await at.token("openai", expires_at=1.0)
        assert failure(await post(at, headers=expired))[0] == 401


async def test_a_wrong_token_is_refused_on_a_trusted_network_too() -> None:
    async with doors() as at:
        assert failure(await post(at, headers={"Authorization": "Bearer hub_wrong"}))[0] == 401


async def test_a_word_for_a_key_opens_nothing_that_its_absence_does_not() -> None:
    wrong = [
        ({"X-Forwarded-For": "203.0.113.9"}, "invalid_api_key"),
        ({"Host": "evil.example"}, "host_unknown"),
        ({"Origin": "https://evil.example"}, "origin_foreign"),
    ]
    async with doors() as at:
        for headers, code in wrong:
            assert failure(await post(at, headers={"Authorization": "Bearer sk-anything", **headers}))[2] == code
        assert at.hub.registry.requests == []


async def test_a_token_with_a_limit() -> None:
    async with doors() as at:
        token = await at.token("openai", per_minute=1)
        assert (await post(at, headers=token))[0] == 200
        assert failure(await post(at, headers=token)) == (429, "rate_limit_error", "rate_limit_exceeded")


# --- what is refused


WRONG: list[tuple[Any, str | None]] = [
    ({"messages": HELLO["messages"]}, "model"),
    ({"model": "demo"}, "messages"),
    ({"model": "demo", "messages": []}, "messages"),
    ({"model": "demo", "messages": ["hi"]}, "messages.0"),
    ({"model": "demo", "messages": [{"role": 1}]}, "messages.0.role"),
    ({"model": "demo", "messages": [{"role": "user", "content": 5}]}, "messages.0.content.str"),
    ({**HELLO, "stream": 1}, "stream"),
    ({**HELLO, "stream_options": []}, "stream_options"),
    ({**HELLO, "n": 2}, "n"),
    ({**HELLO, "n": "1"}, "n"),
    ([], None),
]


async def test_a_field_that_is_wrong_is_named() -> None:
    async with doors() as at:
        for body, param in WRONG:
            answer = await post(at, body)
            assert failure(answer)[:2] == (400, "invalid_request_error"), body
            assert answer[1]["error"]["param"] == param, body


async def test_a_body_that_cannot_be_read() -> None:
    wrong = [
        (b"{", 400, "invalid_json"),
        (b'{"model": "\xff"}', 400, "invalid_json"),
        (b"[" * 129 + b"]" * 129, 400, "invalid_request"),
        (b"x" * 2001, 413, "request_too_large"),
    ]
    async with doors(max_body_bytes=2000) as at:
        for raw, status, code in wrong:
            assert failure(await post(at, raw=raw)) == (status, "invalid_request_error", code), raw[:9]


async def test_schemas_of_tools_may_be_deep() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(50):
        schema = {"type": "object", "properties": {"a": schema}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    async with doors() as at:
        assert (await post(at, {**HELLO, "tools": [tool]}))[0] == 200


async def test_what_is_not_served() -> None:
    async with doors() as at:
        assert failure(await post(at, path="responses")) == (404, "invalid_request_error", "unknown_url")
        async with at.client.get(f"{at.url}/v1/chat/completions") as answer:
            assert failure((answer.status, await answer.json()))[::2] == (405, "method_not_supported")
        async with at.client.post(f"{at.url}/v1/chat/completions", data="x") as answer:
            assert failure((answer.status, await answer.json()))[::2] == (415, "not_json")


# --- models


async def get(at: Doors, path: str) -> tuple[int, Any]:
    async with at.client.get(f"{at.url}/v1/{path}") as answer:
        return answer.status, await answer.json()


async def test_models() -> None:
    async with doors() as at:
        status, listed = await get(at, "models")
        model = {"object": "model", "created": 1, "owned_by": "hubbub"}
        assert (status, listed) == (
            200,
            {"object": "list", "data": [{"id": "demo", **model}, {"id": "demo@memory", **model}]},
        )
        assert await get(at, "models/demo@memory") == (200, {"id": "demo@memory", **model})
        assert await get(at, "models/default") == (200, {"id": "demo", **model})
        assert failure(await get(at, "models/org/none")) == (404, "invalid_request_error", "model_not_found")


async def test_a_model_has_three_names() -> None:
    async with doors(hub()) as at:
        for name in ("demo", "Default", "SmolLM2-135M"):  # the last is its id in the list of models
            status, body = await post(at, {**HELLO, "model": name})
            assert (status, body["choices"][0]["message"]["content"]) == (200, "hello")
        assert failure(await post(at, {**HELLO, "model": "gpt-99"})) == (
            404,
            "invalid_request_error",
            "model_not_found",
        )


async def test_who_asks_while_models_are_looked_for_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    async with doors() as at:
        at.hub.registry.known.clear()
        asking = asyncio.create_task(post(at))
        await asyncio.sleep(0.1)
        assert not asking.done()
        at.hub.registry.known.set()
        assert (await asking)[0] == 200
        at.hub.registry.known.clear()
        monkeypatch.setattr(names, "KNOWN_SECONDS", 0.01)
        assert failure(await post(at)) == (503, "server_error", "starting")


# --- to the model and back


async def test_a_provider_that_speaks_otherwise_is_told_the_same() -> None:
    schema: dict[str, object] = {"type": "object", "properties": {}}
    body = {
        "model": "demo",
        "messages": [{"role": "system", "content": "brief"}, {"role": "user", "content": "hi"}],
        "temperature": 0.5,
        "tools": [{"type": "function", "function": {"name": "now", "parameters": schema}}],
        "odd": {"a": 1},
        "stream": False,
    }
    async with doors(hub()) as at:
        assert (await post(at, body))[0] == 200
        (asked,) = at.hub.registry.requests
        assert (asked.model, asked.stream) == ("demo", False)
        assert asked.turns == (Turn("system", "brief"), Turn("user", "hi"))
        assert asked.parameters == Parameters(temperature=0.5)
        assert asked.tools == (Tool("now", "", schema),)
        assert asked.raw == {key: value for key, value in body.items() if key not in ("model", "stream")}


async def test_an_answer_whole_and_in_pieces() -> None:
    said = ["Hel", "lo", Delta(finish="stop", usage=Usage(3, 2), model="spare")]
    async with doors(hub(said)) as at:
        _, whole = await post(at)
        assert (whole["choices"][0]["message"]["content"], whole["model"]) == ("Hello", "spare")
        assert whole["usage"]["total_tokens"] == 5
        events = await pieces(at, {**HELLO, "stream_options": {"include_usage": True}})
        assert (words(events), events[-1]) == ("Hello", "[DONE]")
        assert events[-2]["usage"]["total_tokens"] == 5
        assert all("usage" not in event for event in (await pieces(at))[:-1])


async def test_what_is_used_is_counted_for_the_owner() -> None:
    said = ["Hello", Delta(finish="stop", usage=Usage(3, 2))]
    async with doors(hub(said)) as at:
        await post(at)
        await pieces(at, headers=await at.token("openai", owner="anna"))
        await post(at, {"model": "demo", "prompt": "x"}, "completions")
        await post(at, {"model": "demo", "input": "x"}, "embeddings")
        counted = at.hub.store.usage.counted
        await until(lambda: len(counted) == 4)  # after the answers
        assert [(spend.owner, spend.messages, spend.prompt_tokens, spend.completion_tokens) for spend in counted] == [
            ("local", 1, 3, 2),
            ("anna", 1, 3, 2),
            ("local", 1, 3, 2),
            ("local", 0, 1, 0),
        ]
        assert len(counted[0].day) == len("2026-01-31")


async def test_calls_are_logged_where_that_is_wanted() -> None:
    said = ["Hello", Delta(finish="stop", usage=Usage(3, 2))]
    async with doors(hub(said), call_log=True) as at:
        await post(at)
        await pieces(at, headers=await at.token("openai", owner="anna"))
        await post(at, {"model": "demo", "prompt": "x"}, "completions")
        kept = at.hub.store.calls.kept
        await until(lambda: len(kept) == 3)
        assert sorted(each.call.owner for each in kept) == ["anna", "local", "local"]
        record = kept[0].call.record
        assert (record["model"], record["user_id"], record["total_tokens"]) == (kept[0].call.model, "local", 5)
        assert (record["new_content_length"], record["stream"], "error" in record) == (5, False, False)
    async with doors(hub(said)) as at:
        await post(at)
        await until(lambda: bool(at.hub.store.usage.counted))
        assert not at.hub.store.calls.kept


async def test_a_call_that_failed_is_logged_and_a_log_that_fails_harms_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def add(_: object) -> int:
        raise StoreError("the disk is gone")

    async with doors(hub([ProviderError("out of order", user_text=Phrase("error.model_failed"))]), call_log=True) as at:
        assert (await post(at))[0] == 502
        await until(lambda: bool(at.hub.store.calls.kept))
        assert at.hub.store.calls.kept[0].call.record["error"] == "out of order"
    async with doors(call_log=True) as at:
        monkeypatch.setattr(at.hub.store.calls, "add", add)
        assert (await post(at))[0] == 200
        await until(lambda: "cannot keep the record" in caplog.text)


async def test_an_answer_is_given_also_when_it_cannot_be_counted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def add(spend: Spend) -> None:
        raise StoreError("the disk is gone")

    async with doors() as at:
        monkeypatch.setattr(at.hub.store.usage, "add", add)
        assert (await post(at))[0] == 200
        await until(lambda: bool(caplog.records))
    assert "cannot count what local used" in caplog.text


# --- what an owner may use


async def test_the_days_limits_hold() -> None:
    said: list[Any] = ["Hello", Delta(finish="stop", usage=Usage(30, 20))]
    registry = FakeRegistry(said, spec=ModelSpec("demo"))
    async with doors(MemoryHub(registry=registry, limits=Limits(messages_per_day=2))) as at:
        anna = await at.token("openai", owner="anna")
        assert [(await post(at, headers=anna))[0] for _ in range(2)] == [200, 200]
        await until(lambda: len(at.hub.store.usage.counted) == 2)
        refused = [await post(at, {**HELLO, "stream": stream}, headers=anna) for stream in (False, True)]
        assert [failure(each) for each in refused] == [(429, "rate_limit_error", "insufficient_quota")] * 2
        assert "2 questions" in refused[0][1]["error"]["message"]
        assert (await post(at))[0] == 200  # somebody else's day
    async with doors(MemoryHub(registry=registry, limits=Limits(tokens_per_day=50))) as at:
        assert (await post(at))[0] == 200
        await until(lambda: bool(at.hub.store.usage.counted))
        assert failure(await post(at))[2] == "insufficient_quota"
        assert failure(await post(at, {"model": "demo", "input": "x"}, "embeddings"))[2] == "insufficient_quota"


async def test_many_at_once_do_not_pass_where_one_is_the_last() -> None:
    registry = FakeRegistry([0.1, "late"], spec=ModelSpec("demo"))
    async with doors(MemoryHub(registry=registry, limits=Limits(messages_per_day=1))) as at:
        answers = await asyncio.gather(*(post(at) for _ in range(5)))
    assert sorted(status for status, _ in answers) == [200, 429, 429, 429, 429]


async def test_the_pace_of_an_owner_and_the_length_of_a_question() -> None:
    async with doors(MemoryHub(limits=Limits(messages_per_minute=1, message_characters=5))) as at:
        assert (await post(at))[0] == 200
        for _ in range(2):
            async with at.client.post(f"{at.url}/v1/chat/completions", json=HELLO) as answer:
                assert failure((answer.status, await answer.json()))[2] == "rate_limit_exceeded"
                assert 50 <= int(answer.headers["retry-after"]) <= 60
        long = {"model": "demo", "prompt": "123456"}
        told = await post(at, long, "completions", headers=await at.token("openai"))
        assert failure(told) == (400, "invalid_request_error", "invalid_request")


# --- failures

KINDS = {
    "error.model_failed": (502, "model_failed"),
    "error.model_timeout": (504, "model_timeout"),
    "error.model_busy": (429, "rate_limit_exceeded"),
    "error.model_auth": (502, "model_auth"),
    "error.model_context": (400, "context_length_exceeded"),
    "error.model_empty": (502, "model_empty"),
    "error.model_refused": (400, "model_refused"),
    "error.no_model": (503, "no_model"),
    "error.something_new": (502, "model_failed"),
}


async def test_a_models_failure_is_told_with_an_id_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with doors(hub(*(failing(key) for key in KINDS))) as at:
        for key, told in KINDS.items():
            answer = await post(at)
            assert failure(answer)[::2] == told, key
            message = answer[1]["error"]["message"]
            assert "upstream said no" not in message
            error_id = message.rpartition("(error ")[2].rstrip(")")
            assert any(error_id in each.message and "upstream said no" in each.message for each in caplog.records)


async def test_a_mistake_of_the_hub_is_told_with_an_id(caplog: pytest.LogCaptureFixture) -> None:
    def broken(request: object) -> Any:
        raise RuntimeError("a secret detail")

    async with doors(hub(broken)) as at:
        answer = await post(at)
        events = await asyncio.gather(post(at, {**HELLO, "stream": True}))
    assert failure(answer) == (500, "server_error", "internal")
    assert failure(events[0])[0] == 500
    assert "secret" not in str(answer)
    assert answer[1]["error"]["message"].rpartition("(error ")[2].rstrip(")") in caplog.text


async def test_a_failure_in_a_stream_ends_it() -> None:
    broken: list[Any] = ["Hel", ProviderError("cut", user_text=Phrase("error.model_failed"))]
    async with doors(hub(broken)) as at:
        events = await pieces(at)
    assert events[-1]["error"]["code"] == "model_failed"
    assert words(events[:-1]) == "Hel"


async def test_a_failure_before_the_first_piece_has_its_own_status() -> None:
    async with doors(hub(failing("error.model_busy"))) as at:
        assert failure(await post(at, {**HELLO, "stream": True}))[0] == 429


async def test_the_parameter_that_a_model_refused_is_named() -> None:
    refusal = ProviderError("no", user_text=Phrase("error.model_refused"), status=400)
    refusal.param = "temperature"
    async with doors(hub([refusal])) as at:
        assert (await post(at))[1]["error"]["param"] == "temperature"


async def test_refusals_of_the_hub_have_the_same_shape() -> None:
    def refusing(request: object) -> Any:
        raise Refused(503, "store_unavailable", "later", {"retry-after": "5"})

    async with doors(hub(refusing)) as at:
        assert failure(await post(at)) == (503, "server_error", "store_unavailable")


# --- the old kind, and vectors


async def test_what_a_model_that_chats_cannot_complete() -> None:
    refused: list[tuple[dict[str, Any], str]] = [
        ({"prompt": ["a", "b"]}, "prompt"),
        ({"prompt": [1, 2]}, "prompt"),
        ({"prompt": "a", "suffix": "b"}, "suffix"),
        ({"prompt": "a", "logprobs": 1}, "logprobs"),
        ({"prompt": "a", "best_of": 2}, "best_of"),
        ({"prompt": "a", "n": 3}, "n"),
    ]
    async with doors() as at:
        for more, param in refused:
            answer = await post(at, {"model": "demo", **more}, "completions")
            assert failure(answer) == (400, "invalid_request_error", "unsupported_value"), more
            assert answer[1]["error"]["param"] == param, more


async def test_a_prompt_becomes_the_one_message() -> None:
    async with doors() as at:
        body = {"model": "demo", "prompt": ["Once"], "max_tokens": 5, "logprobs": None, "best_of": 1, "echo": False}
        assert (await post(at, body, "completions"))[1]["choices"][0]["text"] == "hello"
        (asked,) = at.hub.registry.requests
        assert asked.turns == (Turn("user", "Once"),)
        assert asked.raw == {"max_tokens": 5, "messages": [{"role": "user", "content": "Once"}]}


async def test_a_model_of_the_old_kind_gets_all_of_it() -> None:
    async with doors(hub(api="completions")) as at:
        body = {"model": "demo", "prompt": [[1, 2]], "suffix": "x", "best_of": 3}
        assert (await post(at, body, "completions"))[0] == 200
        assert at.hub.registry.requests[0].raw == {"prompt": [[1, 2]], "suffix": "x", "best_of": 3}


async def test_vectors() -> None:
    async with doors() as at:
        status, body = await post(at, {"model": "Default", "input": ["a", "b"], "dimensions": 2}, "embeddings")
        assert (status, len(body["data"]), body["model"], body["object"]) == (200, 2, "Default", "list")
        assert at.hub.registry.embedded == [("demo", {"input": ["a", "b"], "dimensions": 2})]
        await post(at, {"model": "text-embedding-3-small", "input": [[1, 2]]}, "embeddings")
        assert at.hub.registry.embedded[-1][0] == "text-embedding-3-small"
        refused: list[Any] = [[], 5, None]
        for odd in refused:
            assert failure(await post(at, {"model": "demo", "input": odd}, "embeddings"))[0] == 400


async def test_vectors_that_a_model_does_not_make() -> None:
    cases = [
        ("demo", 501, (400, "model_not_supported")),
        ("other", 501, (400, "model_not_supported")),
        ("demo", 404, (400, "model_not_supported")),
        ("other", 404, (404, "model_not_found")),
        ("demo", 500, (502, "model_failed")),
    ]
    async with doors() as at:
        for name, status, told in cases:
            at.hub.registry.failure = ProviderError("no", user_text=Phrase("error.model_failed"), status=status)
            assert failure(await post(at, {"model": name, "input": "x"}, "embeddings"))[::2] == told, (name, status)


# --- whom the lists shut out


def listed(**more: Any) -> Gate:
    return Gate(cast("Any", None), AccessRules(**more), NO_LIMITS, lambda: 0.0)


@pytest.mark.parametrize(
    ("blocked", "owner"),
    [("qq:7", "qq:private:7"), ("http:ann", "ann"), ("http:ann", "web:ann"), ("http:qq:private:7", "qq:private:7")],
)
async def test_the_token_of_somebody_who_is_blocked_opens_nothing(blocked: str, owner: str) -> None:
    gate = listed(blocked=frozenset({blocked}))
    async with doors(MemoryHub(gate=gate)) as at:
        token = await at.token("openai", "messages", owner=owner)
        for path, body in (
            ("chat/completions", HELLO),
            ("chat/completions", HELLO | {"model": "demo@memory"}),
            ("completions", {"model": "demo", "prompt": "hello"}),
            ("embeddings", {"model": "demo", "input": "hello"}),
        ):
            refused = failure(await post(at, body, path, headers=token))
            assert refused == (403, "permission_error", "blocked"), (path, body)
        async with at.client.post(f"{at.url}/api/v1/messages", json={"text": "hello"}, headers=token) as answer:
            assert (answer.status, (await answer.json())["error"]["code"]) == (403, "blocked")
        assert at.hub.registry.requests == []
        assert at.hub.accepted == 0
        assert (await post(at, headers=await at.token("openai", owner="bob")))[0] == 200


async def test_who_names_somebody_that_is_blocked_is_refused() -> None:
    async with doors(MemoryHub(gate=listed(blocked=frozenset({"http:ann"})))) as at:
        named = {"X-Hubbub-Owner": "ann", "X-Hubbub-Conversation": ""}
        assert failure(await post(at, headers=named)) == (403, "permission_error", "blocked")
        async with at.client.post(f"{at.url}/api/v1/messages", json={"text": "hi", "owner": "ann"}) as answer:
            assert answer.status == 403


async def test_a_guest_may_not_ask_models_but_give_commands() -> None:
    gate = listed()
    async with doors(MemoryHub(gate=gate)) as at:
        token = await at.token("openai", "messages", owner="qq:private:7")
        assert (await post(at, headers=token))[0] == 200
        gate.set_role("qq:7", Role.GUEST, "test")
        assert failure(await post(at, headers=token)) == (403, "permission_error", "guest")
        async with at.client.post(f"{at.url}/api/v1/messages", json={"text": "/help"}, headers=token) as answer:
            assert answer.status == 200


async def test_an_admin_is_not_shut_out_by_a_name() -> None:
    async with doors(MemoryHub(gate=listed(blocked=frozenset({"http:local"})))) as at:
        assert failure(await post(at))[0] == 403
        assert (await post(at, headers=await at.token("*")))[0] == 200
