"""A web server in this process over a platform's routes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

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


@asynccontextmanager
async def serving(routes: Sequence[Route], **options: Any) -> AsyncIterator[str]:
    """Serve on a free port of loopback; yields ``127.0.0.1:port``.

    uvicorn's own `serve` sleeps for a fifth of a second in every shutdown.
    """
    defaults: dict[str, Any] = {"log_level": "critical", "lifespan": "off", "ws_ping_interval": None}
    config = uvicorn.Config(Router(routes), host="127.0.0.1", port=0, **(defaults | options))
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    host, port = server.servers[0].sockets[0].getsockname()[:2]
    state = server.server_state
    try:
        yield f"{host}:{port}"
    finally:
        for listener in server.servers:
            listener.close()
        for connection in list(state.connections):
            connection.shutdown()
        async with asyncio.timeout(5):
            while state.connections or state.tasks:
                await asyncio.sleep(0.002)
        for listener in server.servers:
            await listener.wait_closed()
