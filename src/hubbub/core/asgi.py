"""Plain ASGI, for the routes that are served before, or without, any framework (asgi.readthedocs.io, HTTP 2.3)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

TEXT = b"text/plain; charset=utf-8"


async def read_body(receive: Receive, most: int) -> bytes | None:
    """The whole body of a request, or what came of it before the client left; None if it exceeds ``most`` bytes."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        parts.append(part)
        if message["type"] != "http.request" or not message.get("more_body", False):
            return b"".join(parts)


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response. ``kind``: its media type."""

    status: int
    body: bytes = b""
    kind: bytes = TEXT
    headers: Headers = ()

    def fields(self) -> list[tuple[bytes, bytes]]:
        """All header fields of it."""
        return [(b"content-type", self.kind), (b"content-length", str(len(self.body)).encode()), *self.headers]


async def respond(send: Send, response: Response) -> None:
    """Send a response."""
    await send({"type": "http.response.start", "status": response.status, "headers": response.fields()})
    await send({"type": "http.response.body", "body": response.body})


async def deny(scope: Scope, send: Send, response: Response) -> None:
    """Refuse a WebSocket that is not open yet, with a whole response where the server can ("Denial Response").

    Where it cannot, only that it is refused is told (close code 1008, which servers make 403 of).
    """
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    fields = response.fields()
    await send({"type": "websocket.http.response.start", "status": response.status, "headers": fields})
    await send({"type": "websocket.http.response.body", "body": response.body})
