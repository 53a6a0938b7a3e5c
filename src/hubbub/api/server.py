"""The one web server: every route of every part, on one port, inside the hub's own event loop.

It listens before anything slow is loaded. The frameworks of the HTTP APIs are built on the first request to them;
routes that platforms hand over are reached through a dictionary alone.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import uvicorn
from typing_extensions import override

from hubbub.api.answers import refuse
from hubbub.api.errors import STOPPING
from hubbub.api.health import health_routes
from hubbub.api.kept import ROOT as KEPT
from hubbub.api.kept import KeptFiles
from hubbub.api.later import Later
from hubbub.api.listening import BACKLOG, address_of, fingerprint, listen, tls_context
from hubbub.api.metrics import Metrics
from hubbub.api.protocol import BoundedHttp
from hubbub.api.repeater.paths import ROOTS
from hubbub.api.routing import Router
from hubbub.api.services import ApiSettings, Services
from hubbub.core.asgi import Receive, Scope, Send
from hubbub.core.ports import ASGIApp, Route

log = logging.getLogger(__name__)


class _Listener(uvicorn.Server):
    """uvicorn as a part of the hub: signals stay the hub's, and it is known when connections are served."""

    def __init__(self, config: uvicorn.Config, listening: asyncio.Event) -> None:
        super().__init__(config)
        self._listening = listening

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._listening.set()


class PortServer:
    """One application on the settings' port: `bind`, then `run` until `stop`."""

    def __init__(self, settings: ApiSettings, application: ASGIApp) -> None:
        """Takes no port yet."""
        self._settings = settings
        self._application = application
        self.listening = asyncio.Event()
        self.port = 0
        """The port, also where a free one was asked for; known after `bind`."""
        self.url = ""
        """Where this machine reaches the server; known after `bind`."""
        self._sockets: list[socket.socket] = []
        self._listener: _Listener | None = None
        self._running = False

    def bind(self) -> None:
        """Take the port: from now on connections queue up, and are served as soon as `run` runs.

        Raises:
            ConfigError: the port, the address or the TLS files cannot be used.
        """
        config = _config(self._settings, self._serve)
        self._sockets = listen(self._settings.host, self._settings.port)
        self.port = int(self._sockets[0].getsockname()[1])
        self.url = address_of(self._sockets[0], tls=self._settings.tls_cert is not None)
        self._listener = _Listener(config, self.listening)

    @property
    def certificate(self) -> str:
        """The fingerprint of the TLS certificate (SHA-256, hex), "" without TLS."""
        return fingerprint(self._settings.tls_cert) if self._settings.tls_cert is not None else ""

    async def run(self) -> None:
        """Serve until `stop`, or until cancelled; running requests get ``stop_seconds`` to end in both cases."""
        if self._listener is None:
            self.bind()
        listener = self._listener
        assert listener is not None  # noqa: S101 - bind made it
        self._running = True
        serving = asyncio.create_task(listener.serve(self._sockets), name="web server")
        try:
            await asyncio.shield(serving)
        except asyncio.CancelledError:
            self.stop()
            await serving
            raise
        finally:
            self.listening.clear()
            self._running = False
            self._give_back()

    def stop(self) -> None:
        """Take no more connections and let `run` end; without a `run`, give the port back."""
        if self._listener is not None:
            self._listener.should_exit = True
        if not self._running:
            self._give_back()

    def _give_back(self) -> None:
        """The listener does it at its end, which a second cancellation does not wait for."""
        for each in self._sockets:
            each.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._application(scope, receive, send)
        except asyncio.CancelledError:
            if self._listener is None or not self._listener.should_exit:
                raise
            # The time to stop is over: no fault, so no traceback, and whoever waits is told.
            log.info("cut off a request of %s: the hub stops", scope["path"])
            if scope["type"] == "http":
                with suppress(RuntimeError):  # raised by the server when the answer has begun already
                    await refuse(scope, send, STOPPING)


class WebServer(PortServer):
    """The hub's: every route of every part."""

    def __init__(self, services: Services, routes: Sequence[Route] = ()) -> None:
        """``routes``: what platforms hand over.

        Raises:
            ConfigError: two routes claim one path.
        """
        self._router = Router([*_own_routes(services), *routes], _trees(services), services.access.names)
        super().__init__(services.settings, self._router)


def _own_routes(services: Services) -> list[Route]:
    return [
        *health_routes(services.control),
        Route("/metrics", Metrics(services), methods=("GET",)),
        Route(f"{KEPT}/{{name}}", KeptFiles(services.store.files, services.clock), methods=("GET",)),
    ]


def _trees(services: Services) -> dict[str, ASGIApp]:
    def build() -> ASGIApp:
        from hubbub.api.application import build_application  # noqa: PLC0415 - loaded on first use

        return build_application(services)

    apis = Later(build)
    repeater = ROOTS if services.repeater is not None else ()
    gobot = ("/post",) if services.registry is not None else ()
    return dict.fromkeys(("/api", "/v1", "/docs", "/openapi.json", *gobot, *repeater), apis)


def _config(settings: ApiSettings, app: ASGIApp) -> uvicorn.Config:
    tls = tls_context(settings.tls_cert, settings.tls_key) if settings.tls_cert is not None else None
    config = uvicorn.Config(
        app,
        http=BoundedHttp,
        ws="websockets-sansio",
        ws_max_size=settings.max_frame_bytes,
        ws_per_message_deflate=False,  # costs more than it saves on messages of a few hundred bytes
        lifespan="off",
        interface="asgi3",
        log_config=None,
        # At "info" each opened WebSocket is logged with its query, which may hold a token.
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        # Longer than clients and proxies keep a connection, so that they are the ones to give it up.
        timeout_keep_alive=75,
        timeout_graceful_shutdown=max(1, round(settings.stop_seconds)),
        ssl_context_factory=(lambda _config, _default: tls) if tls is not None else None,
    )
    config.load()
    return config
