"""What a hub has beside its parts where other processes work on the same store."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, cast
from urllib.parse import urlsplit

from typing_extensions import override

from hubbub.api.pieces import Signature, piece_route
from hubbub.app.courier import Courier
from hubbub.core.errors import LeaseLost, StoreError
from hubbub.core.failpoints import Failpoint
from hubbub.core.ports import Platform, Route
from hubbub.core.status import HubStatus
from hubbub.core.store import Leases, Shared, SharedLeases, Store
from hubbub.dispatch.control import SharedControl
from hubbub.dispatch.delivery import Sender
from hubbub.dispatch.dispatcher import Dispatcher
from hubbub.dispatch.holding import Holder
from hubbub.dispatch.shared_sender import CommonOutbox, Place, SharedSender
from hubbub.dispatch.shared_streams import SharedStreams
from hubbub.settings import Settings

log = logging.getLogger(__name__)

_LOOK_EVERY = 1.0
_ANY = ("0.0.0.0", "::", "")  # noqa: S104 - what is listened on, not what is opened here


class CommonLeases(Leases, SharedLeases, Protocol):
    """Leases of several nodes."""


class CommonStore(Store, Shared, Protocol):
    """A store of several nodes."""

    @property
    @override
    def leases(self) -> CommonLeases:
        """Who holds what."""

    @property
    @override
    def outbox(self) -> CommonOutbox:
        """What goes out."""


class Cluster:
    """This node among the others."""

    def __init__(self, store: CommonStore, node: str, settings: Settings, tasks: asyncio.TaskGroup) -> None:
        """``tasks`` runs what waits for other nodes, until `close`."""
        self._store = store
        self._node = node
        self._settings = settings
        self._tasks = tasks
        self.holder = Holder(store.leases, store.words, node, settings.cluster.lease_seconds)
        self._courier = Courier(store.leases.nodes, store.secret, tasks)
        self.streams = SharedStreams(store.words, node, self._courier.send)
        self._courier.undelivered = self.streams.tell_end
        self.routes: Sequence[Route] = (piece_route(Signature(store.secret, node), self.streams.receive),)

    def sender(self, platforms: Mapping[str, Platform], silent: str, failpoint: Failpoint) -> SharedSender:
        """Sends for the accounts that this node holds. ``silent``: a platform that is never sent to."""
        place = Place(self.holder, self._node, frozenset((silent,)))
        return SharedSender(self._store.outbox, platforms, self._tasks, place, failpoint)

    def control(self, dispatcher: Dispatcher, sender: SharedSender, status: Callable[[], HubStatus]) -> SharedControl:
        """Stops answers wherever they run."""
        return SharedControl((dispatcher, sender), status, self._store.words, self._node)

    @property
    def trouble(self) -> str:
        """Why the database cannot be used at the moment."""
        return self._store.trouble

    def reached_at(self, url: str) -> None:
        """Let the others know where this node listens."""
        cluster = self._settings.cluster
        address = cluster.address or _reachable(url, self._settings.server.host, self._settings.store.postgres)
        self._store.known_as(address, cluster.roles)

    async def run(self, dispatcher: Dispatcher, sender: Sender) -> None:
        """For ever: what this node does because others are there."""
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError, AttributeError):
            # The process may have been stopped for longer than a lease lasts.
            asyncio.get_running_loop().add_signal_handler(signal.SIGCONT, self.holder.check)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_backlog(dispatcher))
            if isinstance(sender, SharedSender):
                tasks.create_task(sender.run())

    async def _watch_backlog(self, dispatcher: Dispatcher) -> None:
        """For ever: take nothing more in while too much waits for all nodes together."""
        most = self._settings.dispatch.accepted
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            with contextlib.suppress(StoreError):
                dispatcher.behind = await self._store.backlog() > most

    async def alone(self, name: str, *duties: Callable[[], Awaitable[None]]) -> None:
        """For ever: do what one node at a time does, while it is this one."""
        while True:
            try:
                async with self.holder.hold(name), asyncio.TaskGroup() as tasks:
                    for duty in duties:
                        tasks.create_task(_done(duty))
            except LeaseLost as error:
                log.warning("another node goes on: %s", error)

    async def close(self) -> None:
        """Let go of connections to other nodes."""
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError, AttributeError):
            asyncio.get_running_loop().remove_signal_handler(signal.SIGCONT)
        await self._courier.close()


def cluster_of(store: Store, node: str, settings: Settings, tasks: asyncio.TaskGroup) -> Cluster | None:
    """None where the store is one process's own."""
    if not isinstance(store, Shared):
        return None
    return Cluster(cast("CommonStore", store), node, settings, tasks)


async def _done(duty: Callable[[], Awaitable[None]]) -> None:
    await duty()


def _reachable(url: str, host: str, database: str) -> str:
    """The address of what listens at ``url``: where every address is listened on, the one that leads to the database.

    A node that listens on its own machine only is reached from there only.
    """
    if not url or host not in _ANY:
        return url
    parts = urlsplit(url)
    own = _own_address(database)
    shown = f"[{own}]" if ":" in own else own
    return f"{parts.scheme}://{shown}:{parts.port}"


def _own_address(database: str) -> str:
    """By which this machine reaches the database; nothing is sent for it."""
    first = urlsplit(database.replace("postgresql://", "//").partition(",")[0]).hostname or "127.0.0.1"
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(first, 5432, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind, protocol) as asking:
            asking.connect(address)
            return str(asking.getsockname()[0])
    except (OSError, ValueError):
        return socket.gethostname()
