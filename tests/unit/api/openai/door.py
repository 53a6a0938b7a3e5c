"""Asking the door over a real socket, as tests do."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.doors import Doors

HELLO: dict[str, Any] = {"model": "demo", "messages": [{"role": "user", "content": "hello"}]}
Headers = dict[str, str] | None
JSON = {"Content-Type": "application/json"}


async def post(
    at: Doors, body: object = None, path: str = "chat/completions", *, raw: bytes | None = None, headers: Headers = None
) -> tuple[int, Any]:
    """Status and JSON of the answer to a body (or the bytes of one)."""
    data = json.dumps(HELLO if body is None else body).encode() if raw is None else raw
    async with at.client.post(f"{at.url}/v1/{path}", data=data, headers=JSON | (headers or {})) as answer:
        assert answer.content_type == "application/json"
        return answer.status, await answer.json()


async def pieces(at: Doors, body: dict[str, Any] | None = None, headers: Headers = None) -> list[Any]:
    """The events of a streamed answer as they are read; comments are left out, the last is "[DONE]" or an error."""
    asked = {**(body or HELLO), "stream": True}
    async with at.client.post(f"{at.url}/v1/chat/completions", json=asked, headers=headers) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        events = (await answer.text()).split("\n\n")
    assert events.pop() == ""
    data = [event.removeprefix("data: ") for event in events if not event.startswith(":")]
    return [json.loads(each) if each != "[DONE]" else each for each in data]


def words(events: list[Any]) -> str:
    """What the pieces say together."""
    choices = [event["choices"][0] for event in events if event != "[DONE]" and event["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def failure(answer: tuple[int, Any]) -> tuple[int, str, str]:
    """(status, type, code) of an error, which has the shape that clients read."""
    status, body = answer
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert body["error"]["message"]
    return status, body["error"]["type"], body["error"]["code"]
