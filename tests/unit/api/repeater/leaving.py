"""A client that sends a request and goes away before it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tests.fakes.doors import until
from tests.unit.api.repeater.door import Door


async def leave(at: Door, path: str, body: bytes, when: Callable[[], bool]) -> None:
    """Send a form, go when ``when`` is so, and let the hub answer then."""
    gone = asyncio.Event()
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if given:
            return given.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        pass

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "path": path,
        "raw_path": path.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "server": ("127.0.0.1", 8080), "client": ("127.0.0.1", 40_000),
        "headers": [(b"host", b"127.0.0.1"), (b"content-type", b"application/x-www-form-urlencoded")],
    }  # fmt: skip
    task = asyncio.create_task(at.app(scope, receive, send))
    await until(when)
    gone.set()
    assert at.hub.repeater is not None
    if at.hub.repeater.settings.cancel_gone:
        await until(lambda: bool(at.asked.recalled))
    at.hub.go.set()
    await task
