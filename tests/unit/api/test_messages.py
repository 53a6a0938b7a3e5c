"""POST /api/v1/messages over a real socket: answers, keys, streams, refusals, bad input."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hubbub.api.native import stream
from hubbub.core.addresses import Room
from hubbub.core.events import Received
from hubbub.core.messages import File, Forward, Image, Media, Message, Raw, Text
from hubbub.platforms.http.settings import HttpSettings
from tests.fakes.doors import Doors, MemoryHub, doors, until

if TYPE_CHECKING:
    from aiohttp import ClientResponse

FIXTURES = Path(__file__).parents[2] / "fixtures" / "http"
KEY = {"Idempotency-Key": "k"}
JSON = {"Content-Type": "application/json"}


def recorded_as(name: str) -> Any:
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


async def post(
    at: Doors, body: object = None, headers: dict[str, str] | None = None, *, raw: bytes | None = None
) -> tuple[int, Any]:
    data = json.dumps(body).encode() if raw is None else raw
    async with at.client.post(f"{at.url}/api/v1/messages", data=data, headers=JSON | (headers or {})) as answer:
        assert answer.content_type == "application/json"
        return answer.status, await answer.json()


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    status, body = answer
    assert body["error"]["message"]
    return status, body["error"]["code"]


def only(hub: MemoryHub) -> Received:
    (entry,) = hub.entries.values()
    assert isinstance(entry.event, Received)
    return entry.event


async def test_a_message_gets_its_answer() -> None:
    async with doors() as at:
        status, body = await post(
            at, {"text": "hello"}, {"Idempotency-Key": "key 1", "Accept-Language": "zh-CN,en;q=0.5"}
        )
        assert (status, body) == (
            200,
            {
                "id": "key 1",
                "entry": 1,
                "replies": [
                    {
                        "id": 1,
                        "segments": [{"type": "text", "text": "echo: hello", "verbatim": False}],
                        "text": "echo: hello",
                    }
                ],
                "duplicate": False,
            },
        )
        event = only(at.hub)
        assert event.room == Room("http", "local", "private", "local")
        assert (event.owner, event.branch, event.author.id) == ("local", "", "local")
        assert event.message == (Text("hello"),)
        assert event.addressed
        assert event.locale == "zh-CN"
        assert event.time > 1_500_000_000


async def test_owner_conversation_and_options_are_taken() -> None:
    async with doors() as at:
        body = {"owner": "爱丽丝/1", "conversation": "work", "text": "hi", "options": {"model": "m", "temperature": 0}}
        await post(at, body)
        event = only(at.hub)
        assert event.room == Room("http", "local", "private", "爱丽丝/1", "work")
        assert Room.parse(event.room.key) == event.room
        assert (event.owner, event.branch, event.options) == ("爱丽丝/1", "work", {"model": "m", "temperature": 0})


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.json")))
async def test_recorded_requests(name: str) -> None:
    """Each fixture is a body and what the hub answers: every kind of segment goes in and comes back as it was."""
    recorded = recorded_as(name)

    def same(event: Received) -> Message:
        return event.message

    async with doors(MemoryHub(answer=same)) as at:
        status, body = await post(at, recorded["body"])
        assert status == recorded["status"]
        if status == 200:
            assert body["replies"][0]["segments"] == recorded["segments"]
        else:
            assert recorded["says"] in body["error"]["message"]


async def test_segments_become_the_hubs_own() -> None:
    async with doors() as at:
        segments = [
            {"type": "image", "media": {"url": "https://x.example/1.png"}, "alt": "a cat"},
            {"type": "forward", "nodes": [{"author": "1", "name": "n", "message": [{"type": "text", "text": "in"}]}]},
            {"type": "raw", "platform": "onebot", "kind": "dice", "data": {"n": [1, None, {"x": 2**60}]}},
            {"type": "file", "media": {"file_id": "f", "name": "a.txt", "size": 3}},
        ]
        assert (await post(at, {"segments": segments}))[0] == 200
        image, forward, raw, file = only(at.hub).message
        assert image == Image(Media(url="https://x.example/1.png"), "a cat")
        assert isinstance(forward, Forward)
        assert forward.nodes[0].message == (Text("in"),)
        assert raw == Raw("onebot", "dice", {"n": [1, None, {"x": 2**60}]})
        assert file == File(Media(file_id="f", name="a.txt", size=3))


# --- keys


async def test_a_repeated_key_gets_the_first_answer() -> None:
    async with doors() as at:
        _, first = await post(at, {"text": "a"}, KEY)
        status, again = await post(at, {"text": "a"}, KEY)
        assert status == 200
        assert again == first | {"duplicate": True}
        assert at.hub.accepted == 1


async def test_a_repeated_key_at_once_is_accepted_once() -> None:
    async with doors() as at:
        at.hub.go.clear()
        posts = [asyncio.create_task(post(at, {"text": "a"}, KEY)) for _ in range(20)]
        await asyncio.sleep(0.1)
        assert not any(task.done() for task in posts)
        at.hub.go.set()
        answers = await asyncio.gather(*posts)
        assert at.hub.accepted == 1
        assert {body["replies"][0]["text"] for _, body in answers} == {"echo: a"}
        assert sum(not body["duplicate"] for _, body in answers) == 1


async def test_a_key_of_another_owner_or_token_is_another_key() -> None:
    async with doors() as at:
        token = await at.token("messages")
        for owner in ("alice", "bob"):
            _, body = await post(at, {"owner": owner, "text": owner}, KEY)
            assert body["replies"][0]["text"] == f"echo: {owner}"
        _, body = await post(at, {"owner": "alice", "text": "x"}, KEY | token)
        assert body["replies"][0]["text"] == "echo: x"
        assert at.hub.accepted == 3


async def test_a_key_with_another_message_is_refused() -> None:
    async with doors() as at:
        await post(at, {"text": "a"}, KEY)
        assert code(await post(at, {"text": "b"}, KEY)) == (422, "key_reused")
        assert code(await post(at, {"text": "b", "stream": True}, KEY)) == (422, "key_reused")


async def test_without_a_key_every_request_is_its_own() -> None:
    async with doors() as at:
        ids = {(await post(at, {"text": "a"}))[1]["id"] for _ in range(3)}
        assert len(ids) == at.hub.accepted == 3


async def test_a_key_that_is_none_is_refused() -> None:
    async with doors() as at:
        for key in ("", "x" * 256, "tab\there", "ünï"):
            assert code(await post(at, {"text": "a"}, {"Idempotency-Key": key})) == (422, "invalid_request"), key
        assert at.hub.accepted == 0


# --- who may


async def test_a_bound_token_speaks_as_its_owner_alone() -> None:
    async with doors() as at:
        token = await at.token("messages", owner="alice")
        await post(at, {"text": "a"}, token)
        assert only(at.hub).owner == "alice"
        assert (await post(at, {"text": "a", "owner": "alice"}, token))[0] == 200
        assert code(await post(at, {"text": "a", "owner": "bob"}, token)) == (403, "owner_forbidden")


async def test_an_unbound_token_names_owners_or_is_one_itself() -> None:
    async with doors(trusted=()) as at:
        assert code(await post(at, {"text": "a"})) == (401, "credentials_required")
        token = await at.token("messages")
        assert (await post(at, {"text": "a"}, token))[0] == 200
        (known,) = await at.access.tokens()
        assert only(at.hub).owner == only(at.hub).room.account == known.id


async def test_who_asks_is_looked_at_before_the_body() -> None:
    async with doors(trusted=()) as at:
        assert code(await post(at, raw=b"{broken")) == (401, "credentials_required")
        assert code(await post(at, headers=await at.token("status"), raw=b"{broken")) == (403, "scope_missing")


async def test_a_page_of_somebody_else_cannot_send() -> None:
    async with doors() as at:
        assert code(await post(at, {"text": "a"}, {"Origin": "https://evil.example"})) == (403, "origin_foreign")
        assert code(await post(at, {"text": "a"}, {"Host": "evil.example"})) == (403, "host_unknown")
        assert (await post(at, {"text": "a"}, {"Origin": at.url}))[0] == 200
        assert at.hub.accepted == 1


# --- faults


BAD = [
    (b"", (422, "invalid_request"), "body"),
    (b"{", (422, "invalid_request"), "not JSON"),
    (b'{"text": "\xff"}', (422, "invalid_request"), "not JSON"),
    (b'{"text": "\\ud800"}', (422, "invalid_request"), "not JSON"),
    (b'{"text": NaN}', (422, "invalid_request"), "not JSON"),
    (b'"text"', (422, "invalid_request"), "body"),
    (b"[" * 100_000, (422, "invalid_request"), "not JSON"),
    (b"[" * 100 + b"]" * 100, (400, "bad_request"), "24 levels"),
    (b'{"text": "a", "text2": 1}', (422, "invalid_request"), "text2"),
    (b'{"text": "a", "segments": []}', (422, "invalid_request"), "either text or segments"),
    (b"{}", (422, "invalid_request"), "either text or segments"),
    (b'{"text": "  \\n"}', (422, "invalid_request"), "spaces"),
    (b'{"segments": []}', (422, "invalid_request"), "at least one"),
    (b'{"segments": [{"type": "hologram"}]}', (422, "invalid_request"), "segments.0"),
    (b'{"segments": [{"type": "image", "media": {"url": "file:///etc/passwd"}}]}', (422, "invalid_request"), "url"),
    (b'{"segments": [{"type": "image", "media": {"url": "/etc/passwd"}}]}', (422, "invalid_request"), "url"),
    (b'{"segments": [{"type": "image", "media": {}}]}', (422, "invalid_request"), "url or file_id"),
    (b'{"text": "a", "owner": ""}', (422, "invalid_request"), "owner"),
    (b'{"text": "a", "owner": "x\\ny"}', (422, "invalid_request"), "printable"),
    (b'{"text": "a", "options": {"temperature": 9}}', (422, "invalid_request"), "temperature"),
    (b'{"text": "a", "options": {"temperature": 1e999}}', (422, "invalid_request"), ""),
]


async def test_bad_bodies() -> None:
    async with doors() as at:
        for raw, expected, says in BAD:
            answer = await post(at, raw=raw)
            assert code(answer) == expected, raw[:80]
            assert says in answer[1]["error"]["message"], raw[:80]
        assert at.hub.accepted == 0


async def test_many_faults_are_told_in_short() -> None:
    async with doors() as at:
        _, body = await post(at, {"segments": [{"type": "face"}] * 50})
        assert "and 45 more" in body["error"]["message"]
        assert len(body["error"]["message"]) < 2_000


async def test_only_json_is_read() -> None:
    async with doors() as at:
        for kind in ("text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"):
            assert code(await post(at, {"text": "a"}, {"Content-Type": kind})) == (415, "not_json"), kind
        assert (await post(at, {"text": "a"}, {"Content-Type": "application/json; charset=utf-8"}))[0] == 200


async def test_a_large_body_is_refused_announced_or_not() -> None:
    async def dripping() -> Any:
        for _ in range(40):
            yield b"x" * 1000

    async with doors(max_body_bytes=20_000) as at:
        answer = await post(at, {"text": "a" * 30_000})
        assert code(answer) == (413, "body_too_large")
        assert "server.max_body_bytes" in answer[1]["error"]["message"]
        async with at.client.post(f"{at.url}/api/v1/messages", data=dripping(), headers=JSON) as got:
            assert got.status == 413
        assert (await post(at, {"text": "a" * 10_000}))[0] == 200


async def test_a_head_without_end_is_refused() -> None:
    async with doors() as at:
        reader, writer = await asyncio.open_connection("127.0.0.1", at.server.port)
        writer.write(b"GET / HTTP/1.1\r\nx: " + b"y" * 200_000)
        await writer.drain()
        assert b" 431 " in await reader.readline()
        writer.close()
        assert (await post(at, {"text": "a"}))[0] == 200


async def test_a_full_hub_says_when_to_come_again() -> None:
    async with doors(MemoryHub(overloaded=True)) as at:
        for streamed in (False, True):
            url, body = f"{at.url}/api/v1/messages", {"text": "a", "stream": streamed}
            async with at.client.post(url, json=body) as answer:
                assert (answer.status, answer.headers["Retry-After"]) == (503, "3")
                assert code((answer.status, await answer.json())) == (503, "overloaded")


async def test_a_broken_store_is_said_plainly() -> None:
    async with doors() as at:
        at.hub.store.broken = True
        answer = await post(at, {"text": "a"})
        assert code(answer) == (503, "store_unavailable")
        assert "disk" not in answer[1]["error"]["message"]


async def test_an_answer_that_takes_long_is_fetched_later() -> None:
    async with doors(http=HttpSettings(wait_seconds=0.05)) as at:
        at.hub.go.clear()
        assert code(await post(at, {"text": "a"}, KEY)) == (504, "answer_pending")
        at.hub.go.set()
        status, body = await post(at, {"text": "a"}, KEY)
        assert (status, body["replies"][0]["text"], body["duplicate"]) == (200, "echo: a", True)


async def test_a_mistake_of_the_hub_is_an_id_and_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    async with doors() as at:

        async def broken(_event: object) -> None:
            message = "secret detail"
            raise RuntimeError(message)

        at.platform.ask = broken  # type: ignore[method-assign, assignment]
        status, body = await post(at, {"text": "a"})
        assert code((status, body)) == (500, "internal")
        assert "secret" not in json.dumps(body)
        assert body["error"]["id"] in caplog.text
        assert "secret detail" in caplog.text


async def test_a_caller_that_goes_away_finds_its_answer_later() -> None:
    async with doors() as at:
        at.hub.go.clear()
        task = asyncio.create_task(post(at, {"text": "a"}, KEY))
        await until(lambda: at.hub.accepted == 1)
        task.cancel()
        await asyncio.wait([task])
        at.hub.go.set()
        _, body = await post(at, {"text": "a"}, KEY)
        assert body["replies"][0]["text"] == "echo: a"
        assert at.hub.accepted == 1


# --- streams


async def events(answer: ClientResponse) -> list[tuple[str, Any]]:
    found = []
    for block in (await answer.text()).strip().split("\n\n"):
        if not block.startswith(":"):
            name, data = block.split("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def test_a_stream_shows_pieces_then_the_reply() -> None:
    async with doors(MemoryHub(pieces=("Hel", "lo\n\n"))) as at:
        body, key = {"text": "a", "stream": True}, {"Idempotency-Key": "k"}
        async with at.client.post(f"{at.url}/api/v1/messages", json=body, headers=key) as answer:
            assert answer.content_type == "text/event-stream"
            receipt = {"id": "k", "entry": 1, "duplicate": False}
            assert await events(answer) == [
                ("accepted", receipt),
                ("piece", {"content": "Hel", "reasoning": ""}),
                ("piece", {"content": "lo\n\n", "reasoning": ""}),
                (
                    "reply",
                    {
                        "id": 1,
                        "segments": [{"type": "text", "text": "echo: a", "verbatim": False}],
                        "text": "echo: a",
                    },
                ),
                ("done", receipt),
            ]
        _, whole = await post(at, {"text": "a"}, KEY)
        assert whole["duplicate"]


async def test_pieces_come_while_the_answer_is_written() -> None:
    async with doors(MemoryHub(pieces=("now",))) as at:
        at.hub.go.clear()
        async with at.client.post(f"{at.url}/api/v1/messages", json={"text": "a", "stream": True}) as answer:
            seen = b""
            while b"now" not in seen:
                seen += await answer.content.readany()
            assert b"reply" not in seen
            at.hub.go.set()
            assert b"event: done" in await answer.read()


async def test_a_quiet_stream_is_kept_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream.EventStream.__init__, "__defaults__", (0.02,))
    async with doors() as at:
        at.hub.go.clear()
        async with at.client.post(f"{at.url}/api/v1/messages", json={"text": "a", "stream": True}) as answer:
            seen = b""
            while seen.count(b": still here\n\n") < 2:
                seen += await answer.content.readany()
            at.hub.go.set()


async def test_a_reader_that_goes_away_stops_nothing() -> None:
    async with doors(MemoryHub(pieces=("now",))) as at:
        at.hub.go.clear()
        body, key = {"text": "a", "stream": True}, {"Idempotency-Key": "k"}
        async with at.client.post(f"{at.url}/api/v1/messages", json=body, headers=key) as answer:
            await answer.content.readany()
            answer.close()
        await until(lambda: not at.hub.streams.listeners)
        at.hub.go.set()
        _, whole = await post(at, {"text": "a"}, KEY)
        assert whole["replies"][0]["text"] == "echo: a"
        assert at.hub.accepted == 1


async def test_a_stream_that_cannot_go_on_says_so(caplog: pytest.LogCaptureFixture) -> None:
    async with doors(http=HttpSettings(wait_seconds=0.05)) as at:
        at.hub.go.clear()
        async with at.client.post(f"{at.url}/api/v1/messages", json={"text": "a", "stream": True}) as answer:
            found = await events(answer)
        assert [name for name, _ in found] == ["accepted", "error"]
        assert found[1][1]["error"]["code"] == "answer_pending"

        def broken(_event: object) -> Any:
            message = "secret detail"
            raise RuntimeError(message)

        at.platform.stream = broken  # type: ignore[method-assign, assignment]
        status, body = await post(at, {"text": "a", "stream": True})
        assert code((status, body)) == (500, "internal")
        assert body["error"]["id"] in caplog.text
