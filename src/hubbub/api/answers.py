"""Whole answers over plain ASGI, for the routes that are served before any framework is loaded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from hubbub.api.errors import Refusal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]

JSON = b"application/json"
HTML = b"text/html; charset=utf-8"


async def answer(send: Send, status: int, kind: bytes, body: bytes, headers: Headers = ()) -> None:
    """Send one whole answer. It is never cached: everything here is about this moment or this caller."""
    fields = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *headers,
    ]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Tell a request, or a WebSocket that is not open yet, that it is refused."""
    fields = [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
    body = refusal.body()
    if scope["type"] == "http":
        await answer(send, refusal.status, JSON, body, fields)
        return
    if "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    fields += [(b"content-type", JSON), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": refusal.status, "headers": fields})
    await send({"type": "websocket.http.response.body", "body": body})
