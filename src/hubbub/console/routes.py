"""The table of the pages' paths, and the application behind it, which is built on the first request."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from hubbub.console.paths import PATHS, Key
from hubbub.console.services import ConsoleServices
from hubbub.core.asgi import Receive, Scope, Send
from hubbub.core.ports import ASGIApp, Route


def console_routes(services: ConsoleServices) -> Sequence[Route]:
    """What the hub's web server shall serve for the pages."""
    pages = _Pages(services)
    return [Route(path, pages.of((method, path)), methods=(method,)) for method, path in PATHS]


class _Pages:
    """Builds the handlers in a thread, once; requests wait for it meanwhile."""

    def __init__(self, services: ConsoleServices) -> None:
        self._services = services
        self._handlers: Mapping[Key, ASGIApp] | None = None
        self._building = asyncio.Lock()

    def of(self, key: Key) -> ASGIApp:
        async def serve(scope: Scope, receive: Receive, send: Send) -> None:
            handlers = self._handlers or await self._built()
            await handlers[key](scope, receive, send)

        return serve

    async def _built(self) -> Mapping[Key, ASGIApp]:
        async with self._building:
            if self._handlers is None:
                self._handlers = await asyncio.to_thread(_build, self._services)
            return self._handlers


def _build(services: ConsoleServices) -> Mapping[Key, ASGIApp]:
    from hubbub.console.application import build  # noqa: PLC0415 - loaded on first use

    return build(services)
