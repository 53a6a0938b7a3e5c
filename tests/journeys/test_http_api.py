"""A caller of the HTTP API: answers whole and in pieces, requests that come again, and what it is told in a rush."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.inside import Inside, inside, until

CROWDED = "[dispatch]\naccepted = 8\nconversations = 4\n"


async def ask(hub: Inside, key: str, text: str, owner: str = "anna") -> tuple[int, Any, Any]:
    """Status, headers and body of a request under a key."""
    body, headers = {"owner": owner, "text": text}, {"Idempotency-Key": key}
    async with hub.http.post("/api/v1/messages", json=body, headers=headers) as response:
        return response.status, response.headers, await response.json()


async def events(hub: Inside, text: str) -> list[tuple[str, Any]]:
    body = {"owner": "anna", "text": text, "stream": True}
    async with hub.http.post("/api/v1/messages", json=body) as response:
        assert response.status == 200
        assert response.content_type == "text/event-stream"
        blocks = (await response.text()).strip().split("\n\n")
    found = []
    for block in blocks:
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def test_an_answer_comes_whole(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        answer = await hub.post("hello")
        assert [reply["text"] for reply in answer["replies"]] == ["LLM-OK hello"]
        assert await hub.told("/echo **as typed**") == "**as typed**"


async def test_an_answer_comes_in_pieces_and_then_as_it_is_kept(tmp_path: Path) -> None:
    async with inside(tmp_path, reply="one two three", gap_ms=20) as hub:
        found = await events(hub, "count")
        names = [name for name, _ in found]
        assert names == ["accepted", "piece", "piece", "piece", "reply", "done"]
        assert "".join(data["content"] for name, data in found if name == "piece") == "one two three"
        assert found[-2][1]["text"] == "one two three"
        assert hub.model.requests[-1].body["stream"] is True


async def test_the_same_key_is_the_same_answer_also_after_a_restart(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        first = (await ask(hub, "k1", "hello"))[2]
        again = (await ask(hub, "k1", "hello"))[2]
        assert hub.model.count == 1
    async with inside(tmp_path) as hub:
        later = (await ask(hub, "k1", "hello"))[2]
        assert hub.model.count == 0
        assert first["replies"] == again["replies"] == later["replies"]
        assert not first["duplicate"]
        assert later["duplicate"]
        status, _, refused = await ask(hub, "k1", "something else")
        assert (status, refused["error"]["code"]) == (422, "key_reused")


async def test_a_key_that_comes_twice_at_once_is_answered_once(tmp_path: Path) -> None:
    async with inside(tmp_path, first_ms=100) as hub:
        answers = await asyncio.gather(*(ask(hub, "k1", "hello") for _ in range(5)))
        assert [status for status, _, _ in answers] == [200] * 5
        assert len({str(body["replies"]) for _, _, body in answers}) == 1
        assert hub.model.count == 1


async def test_a_caller_who_leaves_finds_the_answer_later(tmp_path: Path) -> None:
    async with inside(tmp_path, first_ms=200) as hub:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask(hub, "k1", "hello"), 0.1)
        await until(lambda: not hub.hub.control.status().waiting)
        _, _, found = await ask(hub, "k1", "hello")
        assert found["replies"][0]["text"] == "LLM-OK hello"
        assert hub.model.count == 1


async def test_too_much_at_once_is_told_to_come_later_and_is_then_answered(tmp_path: Path) -> None:
    async with inside(tmp_path, CROWDED, first_ms=50) as hub:

        async def patiently(number: int) -> int:
            refused = 0
            while True:
                status, headers, body = await ask(hub, f"k{number}", str(number), owner=f"u{number}")
                if status == 200:
                    assert body["replies"][0]["text"] == f"LLM-OK {number}"
                    return refused
                assert status == 503, body
                assert int(headers["Retry-After"]) >= 1
                refused += 1
                await asyncio.sleep(0.05)

        refused = await asyncio.gather(*(patiently(number) for number in range(40)))
        assert sum(refused) > 20
        assert hub.model.count == 40
        assert hub.model.most_in_flight <= 4


async def test_too_much_at_once_waits_on_the_wire_of_onebot(tmp_path: Path) -> None:
    async with inside(tmp_path, CROWDED + "[platforms.onebot]\nmax_pending = 4\n", first_ms=2) as hub:
        most = 0
        async with hub.peer() as people:
            for number in range(400):
                people.say(str(number), user=number % 10 + 1)
            while len(people.seen) < 400:
                most = max(most, hub.hub.control.status().waiting)
                await asyncio.sleep(0.01)
            assert sorted(people.seen) == sorted(f"LLM-OK {number}" for number in range(400))
        assert most <= 8


JUNK = {
    "nothing": b"",
    "half": b"{",
    "a list": b"[]",
    "a number": b'{"text": 1}',
    "no text": b'{"owner": "a"}',
    "half a character": b'{"owner": "a", "text": "half \\ud800"}',
    "broken UTF-8": b'{"owner": "a", "text": "\xff"}',
    "deep": b"[" * 100_000,
    "deep inside": b'{"owner": "a", "text": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "too large": b'{"owner": "a", "text": "' + b"x" * 9_000_000 + b'"}',
}


@pytest.mark.parametrize("kind", JUNK)
async def test_junk_is_refused_and_harms_nobody(tmp_path: Path, kind: str) -> None:
    async with inside(tmp_path) as hub:
        headers = {"Content-Type": "application/json"}
        async with hub.http.post("/api/v1/messages", data=io.BytesIO(JUNK[kind]), headers=headers) as response:
            found = await response.json()
            assert response.status == (413 if kind == "too large" else 422), found
            assert found["error"]["message"]
        assert await hub.told("hello") == "LLM-OK hello"


async def test_the_hub_says_how_it_is(tmp_path: Path) -> None:
    async with inside(tmp_path) as hub:
        await hub.told("hello")
        for path in ("/healthz", "/readyz"):
            async with hub.http.get(path) as response:
                assert response.status == 200
        async with hub.http.get("/metrics") as response:
            assert "hubbub_" in await response.text()
        async with hub.http.get("/openapi.json") as response:
            assert "/api/v1/messages" in (await response.json())["paths"]
