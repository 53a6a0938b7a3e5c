"""Whole answers over plain ASGI, for the routes that are served before any framework is loaded."""

from __future__ import annotations

from hubbub.api.errors import Refusal
from hubbub.core.asgi import Headers, Response, Scope, Send, deny, respond

JSON = b"application/json"
HTML = b"text/html; charset=utf-8"


async def answer(send: Send, status: int, kind: bytes, body: bytes, headers: Headers = ()) -> None:
    """Send one whole answer. It is never cached: everything here is about this moment or this caller."""
    fields = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"), *headers)
    await respond(send, Response(status, body, kind, fields))


async def refuse(scope: Scope, send: Send, refusal: Refusal) -> None:
    """Tell a request, or a WebSocket that is not open yet, that it is refused."""
    fields = [(name.encode(), value.encode()) for name, value in refusal.headers.items()]
    if scope["type"] == "http":
        await answer(send, refusal.status, JSON, refusal.body(), fields)
    else:
        await deny(scope, send, Response(refusal.status, refusal.body(), JSON, fields))
