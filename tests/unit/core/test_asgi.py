"""Bodies and responses of routes without a framework."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest

from hubbub.core.asgi import Response, deny, read_body, respond

Told = MutableMapping[str, Any]


class Line:
    """What a server hands over and takes."""

    def __init__(self, *messages: Told) -> None:
        self._messages: Iterator[Told] = iter(messages)
        self.sent: list[Told] = []

    async def receive(self) -> Told:
        return next(self._messages)

    async def send(self, message: Told) -> None:
        self.sent.append(message)


def piece(body: bytes, *, more: bool) -> Told:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize(
    ("pieces", "whole"),
    [
        ([piece(b"abc", more=False)], b"abc"),
        ([piece(b"ab", more=True), piece(b"", more=True), piece(b"c", more=False)], b"abc"),
        ([{"type": "http.request"}], b""),
        ([piece(b"ab", more=True), {"type": "http.disconnect"}], b"ab"),
        ([piece(b"abcd", more=False)], None),
        ([piece(b"ab", more=True), piece(b"cd", more=True)], None),
    ],
)
async def test_a_body_is_read_whole_or_refused(pieces: list[Told], whole: bytes | None) -> None:
    assert await read_body(Line(*pieces).receive, 3) == whole


async def test_a_response_tells_its_kind_and_length() -> None:
    line = Line()
    await respond(line.send, Response(413, "zu groß".encode(), headers=((b"retry-after", b"1"),)))
    start, body = line.sent
    assert start["status"] == 413
    assert start["headers"] == [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"8"),
        (b"retry-after", b"1"),
    ]
    assert body == {"type": "http.response.body", "body": "zu groß".encode()}


async def test_a_websocket_is_refused_as_far_as_the_server_can() -> None:
    line, refusal = Line(), Response(401, b"no token")
    await deny({"type": "websocket"}, line.send, refusal)
    assert line.sent == [{"type": "websocket.close", "code": 1008}]
    line.sent.clear()
    await deny({"type": "websocket", "extensions": {"websocket.http.response": {}}}, line.send, refusal)
    assert [each["type"] for each in line.sent] == ["websocket.http.response.start", "websocket.http.response.body"]
    assert line.sent[0]["status"] == 401
