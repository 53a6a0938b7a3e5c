"""Everything of a hub, built and not yet started."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import fields, replace
from functools import partial
from typing import cast
from urllib.parse import urlsplit

from hubbub import __version__
from hubbub.api.auth import Access
from hubbub.api.repeater_parts import RepeaterParts
from hubbub.api.services import ApiSettings, Services
from hubbub.app.album import build_album
from hubbub.app.belongings import PlatformFacts
from hubbub.app.cluster import cluster_of
from hubbub.app.files import FileRules, HubFiles
from hubbub.app.holding import held_alone
from hubbub.app.manners import manners_of
from hubbub.app.models import LateModels
from hubbub.app.painting import build_painter
from hubbub.app.people import Desk, HubPeople
from hubbub.app.pictures import WholePictures, build_renderer, drawing_rules
from hubbub.app.platforms import build_platforms
from hubbub.app.presets import preset_of, presets_of
from hubbub.app.reloading import reread, told
from hubbub.app.repeater import bot_of, repeater_parts
from hubbub.app.rooms import access_of, common_limits, customs_of, limits_of, platform_limits, triggers_of
from hubbub.app.sight import SightedModels
from hubbub.app.skills import build_skills, surroundings
from hubbub.app.sounds import build_speech
from hubbub.chat.answer import Chat
from hubbub.chat.settings import ChatSettings
from hubbub.commands.access.gate import Gate
from hubbub.commands.album import NAME as PICTURES
from hubbub.commands.manners.board import Board
from hubbub.commands.registry import Commands
from hubbub.conversations.limits import Meter
from hubbub.conversations.people.directory import Directory
from hubbub.conversations.userdata import UserData
from hubbub.conversations.zones import zone_of
from hubbub.core.addresses import Room
from hubbub.core.failpoints import Failpoint
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Exchange, Host, Platform, Route, Streams
from hubbub.core.status import HubStatus
from hubbub.core.store import Shared, Store
from hubbub.dispatch.control import HubControl
from hubbub.dispatch.delivery import Patience, Sender
from hubbub.dispatch.dispatcher import Bounds, Dispatcher
from hubbub.dispatch.drafting import DraftRules
from hubbub.dispatch.drawing import Drawing
from hubbub.dispatch.happenings import Happenings
from hubbub.dispatch.hearing import Hearing
from hubbub.dispatch.means import HubMeans, outgoing
from hubbub.dispatch.restraint import Restraint
from hubbub.dispatch.road import Road, Ways
from hubbub.dispatch.seeing import Seeing
from hubbub.dispatch.streams import LocalStreams
from hubbub.dispatch.unfolding import Unfolding
from hubbub.dispatch.window import HubWindow, WindowParts
from hubbub.settings import Settings

# Seconds for requests that still run when all messages are done, or their time is up.
_LAST_REQUESTS = 2.0
# How long a picture is kept at least: until the model that it is for has seen it, and once again.
_LEAST_SECONDS = 3600.0
_EXCHANGE = "http"


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
        self.zone = zone_of(settings.server.timezone) if settings.server.timezone else None
        limits = limits_of(settings)
        self.gate = Gate(store.conversations, access_of(settings), limits, time.time)
        self.restraint = Restraint()
        self.directory = Directory(store.conversations, store.words if isinstance(store, Shared) else None)
        self.gate.know(self.directory)
        self.board = Board(store.conversations, manners_of(settings), time.time)
        self.meter = Meter(store.usage, limits, time.time, self.zone, self.gate.limits)
        self.meter.use(limits, platform_limits(settings), common_limits(settings), settings.chat.answer_seconds)
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
        shared = None if self.cluster is None else self.cluster.sender(platforms, _EXCHANGE, failpoint)
        self.sender = shared or Sender(store.outbox, platforms, tasks, Patience(), failpoint)
        self.road = Road(self._ways(settings), self.sender)
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
        self.people = HubPeople(Desk(store, self.gate, self.meter, self.node, sends, self.sender.push, self.directory))
        self.exchange = cast("Exchange", platforms[_EXCHANGE])
        self.access = Access(
            store.secrets,
            trusted_networks=settings.server.trusted_networks,
            public_names=[name] if (name := urlsplit(settings.server.public_url).hostname) else [],
        )

    def _ways(self, settings: Settings) -> Ways:
        """What the road leads to by these settings; the platforms are built later, and stay."""
        given = settings.commands
        presets = presets_of(settings)
        painter = build_painter(settings, self.files)
        around = surroundings(self.platforms, self.files, self.gate, self.zone)
        chosen = replace(
            _chat_settings(settings, self.gate.language),
            presets=presets,
            preset=preset_of(settings),
            skills=build_skills(settings, painter, around, self.meter),
        )
        chat = Chat(self.store.conversations, SightedModels(self.models, self.files), chosen, self.meter)
        ways = Ways(
            commands=Commands(
                given.prefixes,
                names=given.names,
                disabled=given.disabled if settings.album.enabled else (*given.disabled, PICTURES),
                old_forms=[name for name, own in chosen.customs.items() if own.old_forms],
            ),
            chat=chat,
            triggers=triggers_of(settings, self.directory),
            platforms=self.platforms,
            streams=self.streams,
            means=HubMeans(
                store=self.store,
                chat=chat,
                platforms=self.platforms,
                models=self.models,
                meter=self.meter,
                gate=self.gate,
                people=self.directory,
                board=self.board,
                controls=lambda: self.control,
                zone=self.zone,
                personas=presets.texts,
                reloading=self.reload,
                renderer=self.renderer,
                files=self.files,
                public_url=settings.server.public_url,
                painter=painter,
                album=build_album(settings),
                skills=chosen.skills,
            ),
            models_known=self.models.known,
            language=settings.chat.language,
            connected=None if settings.cluster.does("gateway") else frozenset((_EXCHANGE,)),
            hearing=self._hearing(settings),
            seeing=Seeing(self.files, self.platforms, max(settings.files.incoming_days * 86_400, _LEAST_SECONDS)),
            drawing=Drawing(self.renderer, self.files, drawing_rules(settings, self.zone), time.time),
            drafts=DraftRules(settings.chat.stream, settings.chat.stream_after, quote=settings.chat.quote_in_groups),
            unfolding=Unfolding(self.platforms),
            mention_askers=settings.manners.mention_in_groups,
        )
        return replace(ways, happenings=Happenings(self.board, ways.means, settings.chat.language, self.restraint))

    def _hearing(self, settings: Settings) -> Hearing | None:
        """What is done with voice messages; nothing where no model is named for them."""
        speech = build_speech(settings)
        if speech is None:
            return None
        return Hearing(speech, self.files, self.platforms, bool(settings.speech.hears), settings.speech.answers)

    async def reload(self) -> Sequence[Phrase]:
        """See `Means.reload`."""
        old, new = self.settings, await reread(self.settings)
        await self.models.reload(new)
        limits = limits_of(new)
        self.gate.use(access_of(new), limits)
        self.board.use(manners_of(new))
        self.meter.use(limits, platform_limits(new), common_limits(new), new.chat.answer_seconds)
        self.road.use(self._ways(new))
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
            undelivered=self.store.outbox.bounce,
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
                    facts,
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
        return (self.platforms[_EXCHANGE],)

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
            meter=self.meter,
            gate=self.gate,
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
        return replace(found, owner_of=lambda user: self.directory.owner(found.owner_of(user)))

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


def _chat_settings(settings: Settings, room_language: Callable[[Room], str]) -> ChatSettings:
    given = settings.chat
    known = {each.name: getattr(given, each.name) for each in fields(ChatSettings) if hasattr(given, each.name)}
    return ChatSettings(
        **known,
        bot=bot_of(settings),
        call_log=settings.repeater.keeps_calls,
        room_language=room_language,
        customs=customs_of(settings),
    )
