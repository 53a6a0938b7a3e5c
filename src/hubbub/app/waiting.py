"""A hub that starts while its database is away waits, and says so in the log and to whoever asks on its port."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from hubbub.api.health import Unopened
from hubbub.api.server import PortServer
from hubbub.api.services import ApiSettings
from hubbub.core.errors import StoreAway
from hubbub.settings import Settings

log = logging.getLogger(__name__)

_WAITS = (0.2, 0.5, 1.0, 2.0)
_LAST_REQUESTS = 1.0

Step = Callable[[], Awaitable[None]]


class WaitingRoom:
    """Sees steps of the start through that need the database."""

    def __init__(self, settings: Settings, stopped: asyncio.Event, *, listen: bool) -> None:
        """``stopped``: nobody waits any longer. ``listen``: answer on the settings' port meanwhile."""
        self._settings = settings
        self._stopped = stopped
        self._listen = listen
        self._until = asyncio.get_running_loop().time() + settings.store.wait_seconds
        self._tries = 0
        self._serving: tuple[PortServer, asyncio.Task[None]] | None = None

    async def see_through(self, step: Step) -> None:
        """Do a step, again and again while the database is away.

        Raises:
            StoreAway: it still was when the time was over.
            ConfigError: the port cannot be used.
        """
        while True:
            try:
                return await step()
            except StoreAway as error:
                left = self._until - asyncio.get_running_loop().time()
                if left <= 0 or self._stopped.is_set():
                    raise
                self._open(error, left)
            await self._pause(min(left, _WAITS[min(self._tries, len(_WAITS)) - 1]))

    def _open(self, error: StoreAway, left: float) -> None:
        self._tries += 1
        if self._tries > 1:
            return
        log.warning("%s; trying for %.0f s more (store.wait_seconds)", error, left)
        if self._listen:
            given = self._settings.server
            at = ApiSettings(given.host, given.port, given.tls_cert, given.tls_key, stop_seconds=_LAST_REQUESTS)
            server = PortServer(at, Unopened())
            server.bind()
            self._serving = server, asyncio.create_task(server.run(), name="waiting room")

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()

    async def close(self) -> None:
        """Give the port back."""
        serving, self._serving = self._serving, None
        if serving is not None:
            server, running = serving
            listening = asyncio.create_task(server.listening.wait())
            await asyncio.wait((listening, running), return_when=asyncio.FIRST_COMPLETED)
            listening.cancel()
            server.stop()
            await running


@contextlib.asynccontextmanager
async def waiting_room(
    settings: Settings, stopped: asyncio.Event | None, *, listen: bool
) -> AsyncIterator[WaitingRoom]:
    """Open for as long as the start takes; see `WaitingRoom`."""
    room = WaitingRoom(settings, stopped or asyncio.Event(), listen=listen)
    try:
        yield room
    finally:
        await room.close()
