"""Requests that want the hub's memory: what goes on the road, and what comes back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.api.openai.memory import lacking, split, wants_memory
from hubbub.core.addresses import Room
from hubbub.core.events import Received
from hubbub.core.messages import Image, Media, Text
from tests.fakes.doors import MemoryHub, doors, until
from tests.unit.api.openai.door import HELLO, failure, pieces, post, words

REMEMBERING = {**HELLO, "model": "demo@memory"}


def asked(hub: MemoryHub) -> Received:
    event = list(hub.entries.values())[-1].event
    assert isinstance(event, Received)
    return event


@pytest.mark.parametrize(
    ("model", "found"),
    [
        ("a", ("a", None)),
        ("a@memory", ("a", "")),
        ("a@memory:work", ("a", "work")),
        ("@memory", ("", "")),
        ("a@memory:", ("a", "")),
        ("a@memories", ("a@memories", None)),
        ("a@b", ("a@b", None)),
    ],
)
def test_what_stands_behind_a_model(model: str, found: tuple[str, str | None]) -> None:
    assert split(model) == found
    assert wants_memory(model, None) == (found[1] is not None)
    assert wants_memory(model, "")


async def test_a_question_goes_the_road() -> None:
    body = {
        **REMEMBERING,
        "messages": [
            {"role": "system", "content": "be somebody else"},
            {"role": "user", "content": "earlier"},
            {"role": "assistant", "content": "yes"},
            {"role": "user", "content": "hello"},
        ],
        "temperature": 0.5,
        "max_completion_tokens": 9,
    }
    async with doors() as at:
        status, answer = await post(at, body, headers={"Accept-Language": "zh-CN,en", "Idempotency-Key": "k"})
        event = asked(at.hub)
        assert at.hub.registry.requests == []
    assert (status, answer["choices"][0]["message"]["content"]) == (200, "echo: hello")
    assert (answer["model"], answer["choices"][0]["finish_reason"]) == ("demo@memory", "stop")
    assert event.room == Room("http", "local", "private", "local")
    assert (event.id, event.message_id, event.owner, event.branch) == ("local/k", "k", "local", "")
    assert (event.message, event.addressed, event.locale) == ((Text("hello"),), True, "zh-CN")
    assert event.options == {"model": "demo", "temperature": 0.5, "max_tokens": 9}


async def test_the_hubs_own_api_knows_the_same_conversation() -> None:
    async with doors() as at:
        await post(at, {**REMEMBERING, "model": "default@memory:work"}, headers={"X-Hubbub-Owner": "anna"})
        first = asked(at.hub)
        async with at.client.post(
            f"{at.url}/api/v1/messages", json={"owner": "anna", "conversation": "work", "text": "hello"}
        ) as answer:
            assert answer.status == 200
        second = asked(at.hub)
    assert (first.room, first.owner, first.branch) == (second.room, second.owner, second.branch)
    assert first.options == second.options == {}


async def test_whose_memory() -> None:
    async with doors() as at:
        await post(at, REMEMBERING, headers=await at.token("openai", owner="anna"))
        assert asked(at.hub).owner == "anna"
        await post(at, REMEMBERING, headers={"X-Hubbub-Owner": "%E5%B0%8F%E6%98%8E", "X-Hubbub-Conversation": "a b"})
        assert (asked(at.hub).owner, asked(at.hub).branch) == ("小明", "a b")
        bound = await at.token("openai", owner="anna")
        assert failure(await post(at, REMEMBERING, headers={"X-Hubbub-Owner": "ben", **bound})) == (
            403,
            "permission_error",
            "owner_forbidden",
        )
        free = await at.token("openai")
        await post(at, REMEMBERING, headers=free)
        assert asked(at.hub).owner not in ("", "local")


async def test_names_that_cannot_be() -> None:
    async with doors() as at:
        for name in ("x" * 201, "%0a", "%20a", "a%7F"):
            for header in ("X-Hubbub-Owner", "X-Hubbub-Conversation"):
                answer = await post(at, REMEMBERING, headers={header: name})
                assert failure(answer) == (400, "invalid_request_error", "invalid_value"), name
                assert answer[1]["error"]["param"] == header


async def test_what_does_not_go_together_with_memory() -> None:
    refused: list[tuple[dict[str, Any], str]] = [
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages"),
        ({"n": 2}, "n"),
    ]
    async with doors() as at:
        for more, param in refused:
            answer = await post(at, REMEMBERING | more)
            assert failure(answer)[0] == 400, more
            assert answer[1]["error"]["param"] == param, more
        assert at.hub.entries == {}
        assert (await post(at, REMEMBERING | {"tools": [], "response_format": {"type": "text"}}))[0] == 200
        assert failure(await post(at, {**HELLO, "model": "none@memory"}))[0] == 404


async def test_a_key_names_the_message() -> None:
    async with doors() as at:
        first = await post(at, REMEMBERING, headers={"Idempotency-Key": "k"})
        again = await post(at, REMEMBERING, headers={"Idempotency-Key": "k"})
        streamed = await pieces(at, REMEMBERING, headers={"Idempotency-Key": "k"})
        assert first[1]["choices"] == again[1]["choices"]
        assert words(streamed) == "echo: hello"
        assert at.hub.accepted == 1
        other = {**REMEMBERING, "messages": [{"role": "user", "content": "other"}]}
        for stream in (False, True):
            told = failure(await post(at, {**other, "stream": stream}, headers={"Idempotency-Key": "k"}))
            assert told == (422, "invalid_request_error", "key_reused")


async def test_a_reply_in_pieces() -> None:
    async with doors(MemoryHub(pieces=("\necho", ": ", "hel"))) as at:
        events = await pieces(at, REMEMBERING)
    assert (words(events), events[-1]) == ("echo: hello", "[DONE]")
    assert len(events) == 7  # the role, three pieces, what they lacked, the end
    assert len({event["id"] for event in events[:-1]}) == 1


async def test_pictures_come_as_markdown_and_replies_to_other_rooms_do_not() -> None:
    picture = Image(Media(url="https://example.org/a.png"), alt="a cat")
    kept = Image(Media(url="hub:abc"), alt="painted")
    hub = MemoryHub(answer=lambda event: (Text("see"), picture, kept), elsewhere=[Room("loopback", "7", "group", "42")])
    async with doors(hub) as at:
        _, body = await post(at, REMEMBERING)
    assert body["choices"][0]["message"]["content"] == (
        "see\n\n![a cat](https://example.org/a.png)\n\n![painted](/files/abc)"
    )


async def test_a_client_that_goes_away_loses_nothing() -> None:
    async with doors() as at:
        at.hub.go.clear()
        asking = asyncio.create_task(post(at, REMEMBERING, headers={"Idempotency-Key": "k"}))
        await until(lambda: at.hub.accepted == 1)
        asking.cancel()
        await asyncio.sleep(0.05)
        at.hub.go.set()
        assert (await post(at, REMEMBERING, headers={"Idempotency-Key": "k"}))[1]["choices"][0]["message"][
            "content"
        ] == "echo: hello"
        assert at.hub.accepted == 1


async def test_a_hub_that_is_full_says_so() -> None:
    async with doors(MemoryHub(overloaded=True)) as at:
        for stream in (False, True):
            assert failure(await post(at, {**REMEMBERING, "stream": stream})) == (503, "server_error", "overloaded")


@pytest.mark.parametrize(
    ("stored", "shown", "rest"),
    [
        ("hello", "", "hello"),
        ("hello", "hel", "lo"),
        ("hello", "hello\n", ""),
        ("hello\n\n(stopped)", "hello ", "\n\n(stopped)"),
        ("> thought\n\n---\n\nhello", "hello", ""),
        ("hello", "h lo", "\n\nhello"),
        ("", "hel", ""),
    ],
)
def test_what_pieces_lack(stored: str, shown: str, rest: str) -> None:
    assert lacking(stored, shown) == rest


@given(stored=st.text(max_size=30), shown=st.text(max_size=30))
def test_nothing_of_a_stored_reply_is_ever_missing(stored: str, shown: str) -> None:
    rest, bare = lacking(stored, shown), shown.rstrip()
    # What a model thought stands before the reply in the store; it is not shown again behind it.
    assert stored.strip() in shown + rest or (bare and stored.endswith(bare + rest))
