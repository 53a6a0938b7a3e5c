"""One hub: its parts put together, started in the order that lets it listen first, and ended without loss."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import secrets
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import cast
from urllib.parse import urlsplit

from hubbub import __version__
from hubbub.api import local
from hubbub.api.auth import Access
from hubbub.api.server import WebServer
from hubbub.api.services import ApiSettings, Services
from hubbub.app.admin import ensure_admin
from hubbub.app.housekeeping import Housekeeping
from hubbub.app.models import LateModels
from hubbub.app.pages import console_services, recent_log
from hubbub.app.platforms import build_platforms
from hubbub.app.rooms import limits_of, people_of, triggers_of
from hubbub.chat.answer import Chat
from hubbub.chat.settings import ChatSettings
from hubbub.commands.registry import Commands
from hubbub.console.recent import RecentLog
from hubbub.console.routes import console_routes
from hubbub.conversations.limits import Meter
from hubbub.conversations.zones import zone_of
from hubbub.core.addresses import Room
from hubbub.core.failpoints import Failpoint, never
from hubbub.core.ports import Control, Exchange, Host, Platform, Route, Store
from hubbub.core.status import HubStatus
from hubbub.core.turns import ModelInfo
from hubbub.dispatch.clockwork import Clockwork
from hubbub.dispatch.control import HubControl
from hubbub.dispatch.delivery import Patience, Sender
from hubbub.dispatch.dispatcher import Bounds, Dispatcher
from hubbub.dispatch.means import HubMeans
from hubbub.dispatch.road import Road, Ways
from hubbub.dispatch.streams import LocalStreams
from hubbub.settings import Settings
from hubbub.storage.sqlite.store import SqliteStore

log = logging.getLogger(__name__)

# Seconds for requests that still run when all messages are done, or their time is up.
_LAST_REQUESTS = 2.0


@dataclass(frozen=True, slots=True)
class Hub:
    """What commands of the command line use of a hub in their own process."""

    store: Store
    exchange: Exchange
    control: Control
    late_models: LateModels
    access: Access
    url: str

    @property
    def models(self) -> Sequence[ModelInfo]:
        """Models that can be asked; empty until they are looked for."""
        return self.late_models.infos

    @property
    def model_reason(self) -> str:
        """Why the default model is the default."""
        return self.late_models.reason


class Parts:
    """Everything of a hub, built and not yet started."""

    def __init__(self, settings: Settings, store: SqliteStore, tasks: asyncio.TaskGroup, failpoint: Failpoint) -> None:
        """Raises ConfigError when what is set does not go together."""
        self.settings = settings
        self.store = store
        self.node = f"{os.getpid()}-{secrets.token_hex(4)}"
        self.started_at = time.time()
        self.zone = zone_of(settings.server.timezone) if settings.server.timezone else None
        self.meter = Meter(store.usage, limits_of(settings), time.time, self.zone)
        self.models = LateModels(settings)
        self.streams = LocalStreams()
        platforms: dict[str, Platform] = {}
        self.sender = Sender(store.outbox, platforms, tasks, Patience(), failpoint)
        given = settings.commands
        ways = Ways(
            commands=Commands(given.prefixes, names=given.names, disabled=given.disabled),
            chat=Chat(store.conversations, self.models, _chat_settings(settings), self.meter),
            triggers=triggers_of(settings),
            people=people_of(settings),
            platforms=platforms,
            streams=self.streams,
            means=self._means(platforms),
            models_known=self.models.known,
            language=settings.chat.language,
        )
        self.road = Road(ways, self.sender)
        bounds = Bounds(settings.dispatch.conversations, settings.dispatch.accepted)
        self.dispatcher = Dispatcher(store.inbox, self.road, tasks, self.node, bounds)
        self.control = HubControl(self.dispatcher, self.sender, self.status)
        platforms.update(build_platforms(settings, self._host(failpoint)))
        self.platforms = platforms
        self.exchange = cast("Exchange", platforms["http"])
        self.access = Access(
            store.secrets,
            trusted_networks=settings.server.trusted_networks,
            public_names=[name] if (name := urlsplit(settings.server.public_url).hostname) else [],
        )

    def _means(self, platforms: Mapping[str, Platform]) -> HubMeans:
        """What commands may use; ``platforms`` is filled later."""
        return HubMeans(
            store=self.store,
            platforms=platforms,
            models=self.models,
            meter=self.meter,
            controls=lambda: self.control,
            zone=self.zone,
            personas=self.settings.chat.personas,
        )

    def _host(self, failpoint: Failpoint) -> Host:
        async def sent(room: Room, message_id: str) -> bool:
            return await self.store.outbox.sent(room, message_id) is not None

        return Host(
            accept=self.dispatcher.accept,
            streams=self.streams,
            replies=self.store.inbox.replies,
            sent=sent,
            connected=self.sender.connected,
            disconnected=self.sender.disconnected,
            failpoint=failpoint,
        )

    def services(self) -> Services:
        """For the HTTP APIs."""
        server = self.settings.server
        return Services(
            store=self.store,
            exchange=self.exchange,
            control=self.control,
            models=lambda: self.models.infos,
            access=self.access,
            settings=ApiSettings(
                host=server.host,
                port=server.port,
                tls_cert=server.tls_cert,
                tls_key=server.tls_key,
                max_body_bytes=server.max_body_bytes,
                stop_seconds=_LAST_REQUESTS,
            ),
            counters=self._counters,
            registry=self.models,
        )

    def _counters(self) -> dict[str, float]:
        return {
            "accepted_not_done": float(self.dispatcher.held),
            "conversations_at_work": float(self.dispatcher.running),
            "messages_being_sent": float(self.sender.waiting),
        }

    def status(self) -> HubStatus:
        """How the hub is doing."""
        return HubStatus(
            version=__version__,
            started_at=self.started_at,
            ready=not self.dispatcher.closing,
            accounts=self.sender.accounts,
            model=self.models.name,
            model_reason=self.models.reason,
            waiting=self.dispatcher.held,
            running=self.dispatcher.running,
            undelivered=self.sender.waiting,
        )


def _chat_settings(settings: Settings) -> ChatSettings:
    return ChatSettings(**{each.name: getattr(settings.chat, each.name) for each in fields(ChatSettings)})


@contextlib.asynccontextmanager
async def open_hub(
    settings: Settings,
    *,
    listen: bool = True,
    announce: Callable[[str], None] | None = None,
    failpoint: Failpoint = never,
) -> AsyncIterator[Hub]:
    """A running hub; ended, without loss, when the block ends. ``listen``: serve the settings' port.

    Raises:
        StoreBusy: another hub works on the data folder.
        StoreError: the data folder cannot be used.
        ConfigError: what is set does not go together, or the port cannot be used.
    """
    store = SqliteStore(settings.server.data_dir, failpoint=failpoint)
    await store.open()
    try:
        async with _kept_log() as recent, _unwrapped(), asyncio.TaskGroup() as tasks:
            parts = Parts(settings, store, tasks, failpoint)
            pages = console_routes(console_services(parts, tasks, recent))
            server = WebServer(parts.services(), [*_routes(parts), *pages]) if listen else None
            if server is not None:
                server.bind()
            hub = Hub(store, parts.exchange, parts.control, parts.models, parts.access, server.url if server else "")
            await parts.sender.start(parts.node)
            background = [tasks.create_task(each) for each in _background(parts, server, hub.url, announce)]
            try:
                if server is not None:
                    await _let_in(parts, server)
                _settle_memory()
                yield hub
            finally:
                await _end(parts, server, background)
    finally:
        await store.close()


def _background(
    parts: Parts, server: WebServer | None, url: str, announce: Callable[[str], None] | None
) -> Iterator[Coroutine[None, None, None]]:
    """What runs as long as the hub does."""
    store = parts.store
    if server is not None:
        yield server.run()
    for platform in parts.platforms.values():
        yield platform.run()
    yield parts.dispatcher.claims()
    yield Clockwork(store.timers, parts.dispatcher.take, parts.node, time.time).run()
    yield Housekeeping(store, time.time).run()
    yield parts.models.open(url, announce)
    if server is not None:
        yield ensure_admin(parts.access, parts.settings, announce)


async def _let_in(parts: Parts, server: WebServer) -> None:
    """Wait until connections are served, and let commands on this machine find the hub."""
    await server.listening.wait()
    admin = await asyncio.to_thread(local.write, parts.settings.server.data_dir, server.url, server.certificate)
    parts.access.allow_local(admin.token)


def _settle_memory() -> None:
    """What start-up made stays; looking through it again and again would cost a tenth of the speed."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1000)


async def _end(parts: Parts, server: WebServer | None, background: Sequence[asyncio.Task[None]]) -> None:
    """Accept nothing more, let work under way end within the limit, then stop what runs."""
    limit = parts.settings.dispatch.shutdown_seconds
    deadline = time.monotonic() + limit
    await parts.dispatcher.drain(limit)
    await parts.sender.drain(max(0.0, deadline - time.monotonic()))
    if server is not None:
        server.stop()
        await asyncio.to_thread(local.remove, parts.settings.server.data_dir)
    for task in background:
        task.cancel()
    parts.dispatcher.end()
    parts.sender.end()
    await parts.models.close()


@contextlib.asynccontextmanager
async def _kept_log() -> AsyncIterator[RecentLog]:
    with recent_log() as recent:
        yield recent


@contextlib.asynccontextmanager
async def _unwrapped() -> AsyncIterator[None]:
    """The one error of a task group as itself."""
    try:
        yield
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from group.exceptions[0].__cause__
        raise


def _routes(parts: Parts) -> list[Route]:
    return [route for platform in parts.platforms.values() for route in platform.routes]
