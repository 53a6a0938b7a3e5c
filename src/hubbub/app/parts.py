"""Everything of a hub, built and not yet started."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from functools import partial
from typing import cast
from urllib.parse import urlsplit

from hubbub import __version__
from hubbub.api.auth import Access
from hubbub.api.repeater_parts import RepeaterParts
from hubbub.api.services import ApiSettings, Services
from hubbub.app.belongings import PlatformFacts
from hubbub.app.cluster import cluster_of
from hubbub.app.files import FileRules, HubFiles
from hubbub.app.holding import held_alone
from hubbub.app.house import house_of, zone_of_hub
from hubbub.app.models import LateModels
from hubbub.app.people import Desk, HubPeople
from hubbub.app.pictures import WholePictures, build_renderer, drawing_rules
from hubbub.app.platforms import build_platforms
from hubbub.app.reloading import reread, told
from hubbub.app.repeater import repeater_parts
from hubbub.app.ways import EXCHANGE, Ground, ways_of
from hubbub.conversations.userdata import UserData
from hubbub.core.addresses import Room
from hubbub.core.failpoints import Failpoint
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Exchange, Host, Platform, Route, Streams
from hubbub.core.status import HubStatus
from hubbub.core.store import Store
from hubbub.dispatch.control import HubControl
from hubbub.dispatch.delivery import Patience, Sender
from hubbub.dispatch.dispatcher import Bounds, Dispatcher
from hubbub.dispatch.means import outgoing
from hubbub.dispatch.reporting import Reporting
from hubbub.dispatch.road import Road
from hubbub.dispatch.streams import LocalStreams
from hubbub.dispatch.window import HubWindow, WindowParts
from hubbub.settings import Settings

# Seconds for requests that still run when all messages are done, or their time is up.
_LAST_REQUESTS = 2.0


class Parts:
    """Everything of a hub, built and not yet started."""

    def __init__(
        self, settings: Settings, store: Store, node: str, tasks: asyncio.TaskGroup, failpoint: Failpoint
    ) -> None:
        """Raises ConfigError when what is set does not go together."""
        self.settings = settings
        self.store = store
        self.node = node
        self.started_at = time.time()
        self.zone = zone_of_hub(settings)
        self.house = house_of(settings, store)
        self.userdata = UserData(store.conversations, time.time)
        self.models = LateModels(settings)
        self.cluster = cluster_of(store, node, settings, tasks)
        self.streams: Streams = LocalStreams() if self.cluster is None else self.cluster.streams
        files = settings.files
        rules = FileRules(files.kept_bytes, files.file_bytes, files.fetch_seconds, files.fetch_networks)
        self.files = HubFiles(store.files, time.time, rules)
        self.renderer = build_renderer(settings)
        platforms: dict[str, Platform] = {}
        self.platforms = platforms
        shared = None if self.cluster is None else self.cluster.sender(platforms, EXCHANGE, failpoint)
        self.sender = shared or Sender(store.outbox, platforms, tasks, Patience(), failpoint)
        self.ground = self._ground()
        self.road = Road(ways_of(settings, self.ground), self.sender)
        bounds = Bounds(settings.dispatch.conversations, settings.dispatch.accepted)
        working = self.node if settings.cluster.does("worker") else ""
        self.dispatcher = Dispatcher(store.inbox, self.road, tasks, working, bounds)
        self.road.drafts.commit = self.dispatcher.meanwhile
        self.sender.shows.streams = self.streams
        self.control = HubControl(self.dispatcher, self.sender, self.status)
        if self.cluster is not None and shared is not None:
            self.control = self.cluster.control(self.dispatcher, shared, self.status)
        platforms.update(build_platforms(settings, self._host(failpoint)))
        sends = partial(outgoing, platforms)
        self.people = HubPeople(Desk(store, self.house, node, sends, self.sender.push))
        self.exchange = cast("Exchange", platforms[EXCHANGE])
        self.access = Access(
            store.secrets,
            trusted_networks=settings.server.trusted_networks,
            public_names=[name] if (name := urlsplit(settings.server.public_url).hostname) else [],
        )

    def _ground(self) -> Ground:
        return Ground(
            store=self.store,
            house=self.house,
            models=self.models,
            files=self.files,
            platforms=self.platforms,
            streams=self.streams,
            renderer=self.renderer,
            controls=lambda: self.control,
            reloading=self.reload,
            zone=self.zone,
        )

    async def reload(self) -> Sequence[Phrase]:
        """See `Means.reload`."""
        old, new = self.settings, await reread(self.settings)
        await self.models.reload(new)
        self.house.use(new)
        self.road.use(ways_of(new, self.ground))
        self.settings = new
        return told(old, new)

    def _host(self, failpoint: Failpoint) -> Host:
        async def sent(room: Room, message_id: str) -> bool:
            return await self.store.outbox.sent(room, message_id) is not None

        facts = PlatformFacts(self.store.secrets)
        return Host(
            accept=self.dispatcher.accept,
            streams=self.streams,
            replies=self.store.inbox.replies,
            sent=sent,
            report=Reporting(self.store.outbox, self.sender).report,
            connected=self.sender.connected,
            disconnected=self.sender.disconnected,
            facts=facts,
            sealed=facts.sealed,
            files=self.files,
            hold=self.hold,
            menu=self.road.menu,
            window=HubWindow(
                WindowParts(
                    self.dispatcher.accept,
                    self.store.inbox.replies,
                    self.streams,
                    self.store.notes,
                    self.road.is_command,
                    time.time,
                )
            ),
            failpoint=failpoint,
        )

    def hold(self, name: str) -> AbstractAsyncContextManager[None]:
        """See `ports.Host.hold`."""
        return held_alone(name) if self.cluster is None else self.cluster.holder.hold(name)

    @property
    def running_platforms(self) -> Sequence[Platform]:
        """Those that this process runs: all, or only that of its own requests where it holds no connections."""
        if self.settings.cluster.does("gateway"):
            return tuple(self.platforms.values())
        return (self.platforms[EXCHANGE],)

    @property
    def routes(self) -> Sequence[Route]:
        """What the web server serves beside the APIs and the pages."""
        own = self.cluster.routes if self.cluster is not None else ()
        return (*own, *(route for platform in self.running_platforms for route in platform.routes))

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
                call_log=self.settings.repeater.keeps_calls,
            ),
            counters=self._counters,
            registry=self.models,
            repeater=self._repeater(),
            people=self.people,
            renderer=self.renderer,
            system_prompt=self.settings.chat.system_prompt,
            meter=self.house.meter,
            gate=self.house.gate,
        )

    def _repeater(self) -> RepeaterParts:
        """For the Repeater's API; who was joined to somebody has that one's data there, too."""
        found = repeater_parts(
            self.settings,
            self.userdata,
            self.store.conversations,
            (self.models, lambda: self.settings),
            (self.dispatcher, time.time),
            WholePictures(self.renderer, drawing_rules(self.settings, self.zone), time.time),
        )
        return replace(found, owner_of=lambda user: self.house.directory.owner(found.owner_of(user)))

    def _counters(self) -> dict[str, float]:
        return {
            "accepted_not_done": float(self.dispatcher.held),
            "conversations_at_work": float(self.dispatcher.running),
            "messages_being_sent": float(self.sender.waiting),
        }

    def status(self) -> HubStatus:
        """How the hub is doing."""
        trouble = "" if self.cluster is None else self.cluster.trouble
        return HubStatus(
            version=__version__,
            started_at=self.started_at,
            ready=not self.dispatcher.closing and not trouble,
            accounts=self.sender.accounts,
            model=self.models.name,
            model_reason=self.models.reason,
            waiting=self.dispatcher.held,
            running=self.dispatcher.running,
            undelivered=self.sender.waiting,
            trouble=trouble,
        )
