"""An application that is built when the first request for it comes, so that what nobody asks for costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hubbub.core.asgi import Receive, Scope, Send
from hubbub.core.ports import ASGIApp


class Later:
    """Builds in a thread, once; requests wait for it meanwhile."""

    def __init__(self, build: Callable[[], ASGIApp]) -> None:
        """``build`` may take long and runs outside the event loop."""
        self._build = build
        self._app: ASGIApp | None = None
        self._building = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        app = self._app or await self._built()
        await app(scope, receive, send)

    async def _built(self) -> ASGIApp:
        async with self._building:
            if self._app is None:
                self._app = await asyncio.to_thread(self._build)
            return self._app
