"""One hub: its parts put together, started in the order that lets it listen first, and ended without loss."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass

from hubbub.api import local
from hubbub.api.auth import Access
from hubbub.api.server import WebServer
from hubbub.app.admin import ensure_admin
from hubbub.app.engines import hub_store, node_name
from hubbub.app.housekeeping import CallKeeping, HoldKeeping, Housekeeping, keep_current
from hubbub.app.models import LateModels
from hubbub.app.pages import console_services, recent_log
from hubbub.app.parts import Parts
from hubbub.app.rooms import customs_of
from hubbub.app.sessions import Sessions, Silence
from hubbub.app.waiting import waiting_room
from hubbub.console.recent import RecentLog
from hubbub.console.routes import console_routes
from hubbub.core.errors import LeaseLost
from hubbub.core.failpoints import Failpoint, never
from hubbub.core.ports import Control, Exchange
from hubbub.core.store import Store
from hubbub.core.turns import ModelInfo
from hubbub.dispatch.clockwork import Clockwork
from hubbub.settings import Settings

log = logging.getLogger(__name__)

_TIDYING, _ADMIN = "hub:tidying", "hub:admin"


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
        return self.late_models.why


@contextlib.asynccontextmanager
async def open_hub(
    settings: Settings,
    *,
    listen: bool = True,
    announce: Callable[[str], None] | None = None,
    failpoint: Failpoint = never,
    stopped: asyncio.Event | None = None,
) -> AsyncIterator[Hub]:
    """A running hub; ended, without loss, when the block ends. ``listen``: serve the settings' port.

    ``stopped``: set when it shall end, so that nobody waits for a database that is away any longer.

    Raises:
        StoreBusy: another hub works on the data folder.
        StoreAway: the database was away for as long as the settings wait for it.
        StoreError: the data folder or the database cannot be used.
        ConfigError: what is set does not go together, or the port cannot be used.
    """
    node = node_name(settings)
    async with (
        waiting_room(settings, stopped, listen=listen) as room,
        hub_store(settings, node, failpoint, room.see_through) as store,
        _kept_log() as recent,
        _unwrapped(),
        asyncio.TaskGroup() as tasks,
    ):
        parts = Parts(settings, store, node, tasks, failpoint)
        pages = console_routes(console_services(parts, tasks, recent)) if settings.cluster.does("gateway") else ()
        server = WebServer(parts.services(), [*parts.routes, *pages]) if listen else None
        for rules in parts.house.kept:
            await room.see_through(rules.load)
        await room.close()
        if server is not None:
            server.bind()
        hub = Hub(store, parts.exchange, parts.control, parts.models, parts.access, server.url if server else "")
        if parts.cluster is not None:
            parts.cluster.reached_at(hub.url)
        await parts.sender.start(parts.node)
        background = [tasks.create_task(each) for each in _background(parts, server, hub.url, announce)]
        try:
            if server is not None:
                await _let_in(parts, server)
            yield hub
        finally:
            await _end(parts, server, background)


def _background(
    parts: Parts, server: WebServer | None, url: str, announce: Callable[[str], None] | None
) -> Iterator[Coroutine[None, None, None]]:
    """What runs as long as the hub does."""
    if server is not None:
        yield server.run()
    for platform in parts.running_platforms:
        yield platform.run()
    yield from _duties(parts)
    yield from map(keep_current, parts.house.kept)
    if parts.cluster is not None:
        yield parts.house.directory.run()
    yield parts.models.open(url, announce)
    if server is not None:
        yield _ensure_admin(parts, announce)


async def _ensure_admin(parts: Parts, announce: Callable[[str], None] | None) -> None:
    """One process after the other, so that of several that start together one makes the secret and shows it."""
    while True:
        try:
            async with parts.hold(_ADMIN):
                return await ensure_admin(parts.access, parts.settings, announce)
        except LeaseLost as error:  # the database went away meanwhile
            log.warning("the admin's secret is looked at again: %s", error)


def _duties(parts: Parts) -> Iterator[Coroutine[None, None, None]]:
    """What this process does for all: alone, everything; among others, what its roles say."""
    store, cluster, roles = parts.store, parts.cluster, parts.settings.cluster
    works = roles.does("worker")
    if works:
        yield parts.dispatcher.claims()
    if cluster is not None:
        yield cluster.run(parts.dispatcher, parts.sender)
    if roles.does("scheduler"):
        # A timer is fired once whoever looks, so all look, and none is late when one of them dies.
        yield Clockwork(store.timers, parts.dispatcher.take, parts.node if works else "", time.time).run()
        silence = Silence(store, lambda: customs_of(parts.settings), parts.road.lane_of, time.time)
        kept = parts.settings.repeater
        calls = CallKeeping(store.calls, kept.call_log_days, kept.call_log_most, time.time)
        holds = HoldKeeping(store.usage, time.time)
        tidying = (Housekeeping(store, time.time).run, calls.run, holds.run, parts.files.run, Sessions(silence).run)
        if cluster is None:
            yield from (duty() for duty in tidying)
        else:
            yield cluster.alone(_TIDYING, *tidying)


async def _let_in(parts: Parts, server: WebServer) -> None:
    """Wait until connections are served, and let commands on this machine find the hub."""
    await server.listening.wait()
    admin = await asyncio.to_thread(local.write, parts.settings.server.data_dir, server.url, server.certificate)
    parts.access.allow_local(admin.token)


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
    if parts.cluster is not None:
        await parts.cluster.close()
    await parts.models.close()
    await parts.renderer.close()


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
