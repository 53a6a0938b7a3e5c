"""A web server in this process over a platform's routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import uvicorn
from typing_extensions import override

from hubbub.core.ports import Route


class Router:
    """Picks a route by kind and path, as the hub's own server does."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self.routes = {(route.kind, route.path): route for route in routes}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        route = self.routes.get((scope["type"], scope["path"]))
        if route is not None and (scope["type"] == "websocket" or scope["method"] in route.methods):
            await route.app(scope, receive, send)
        elif scope["type"] == "http":
            await send({"type": "http.response.start", "status": 404, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1000})


class Server(uvicorn.Server):
    @contextmanager
    @override
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(routes: Sequence[Route], **options: Any) -> AsyncIterator[str]:
    """Serve on a free port of loopback; yields ``127.0.0.1:port``."""
    defaults = {"log_level": "critical", "lifespan": "off", "ws_ping_interval": None, "timeout_graceful_shutdown": 2}
    config = uvicorn.Config(Router(routes), host="127.0.0.1", port=0, **(defaults | options))
    server = Server(config)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 - uvicorn has no other sign
            await asyncio.sleep(0.001)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        try:
            yield f"{host}:{port}"
        finally:
            server.should_exit = True
            await task
