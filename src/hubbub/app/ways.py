"""Where the road of a message leads by the settings; made anew whenever these are read again."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from hubbub.app.album import build_album
from hubbub.app.painting import build_painter
from hubbub.app.pictures import drawing_rules
from hubbub.app.presets import preset_of, presets_of
from hubbub.app.repeater import bot_of
from hubbub.app.rooms import customs_of, triggers_of
from hubbub.app.sight import SightedModels
from hubbub.app.skills import build_skills, surroundings
from hubbub.app.sounds import build_speech
from hubbub.chat.answer import Chat
from hubbub.chat.settings import ChatSettings
from hubbub.commands.album import NAME as PICTURES
from hubbub.commands.registry import Commands
from hubbub.dispatch.drafting import DraftRules
from hubbub.dispatch.drawing import Drawing
from hubbub.dispatch.happenings import Happenings
from hubbub.dispatch.hearing import Hearing
from hubbub.dispatch.means import HubMeans
from hubbub.dispatch.restraint import Restraint
from hubbub.dispatch.seeing import Seeing
from hubbub.dispatch.unfolding import Unfolding
from hubbub.dispatch.ways import Ways

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import tzinfo

    from hubbub.app.files import HubFiles
    from hubbub.app.house import House
    from hubbub.app.models import LateModels
    from hubbub.core.phrases import Phrase
    from hubbub.core.ports import Control, Painter, Platform, Renderer, Streams
    from hubbub.core.store import Store
    from hubbub.settings import Settings

# How long a picture is kept at least: until the model that it is for has seen it, and once again.
_LEAST_SECONDS = 3600.0
EXCHANGE = "http"
"""The platform of the hub's own requests, which every process runs."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What stays as it is, whatever the settings become. ``zone``: of the hub's days; None: the machine's."""

    store: Store
    house: House
    models: LateModels
    files: HubFiles
    platforms: Mapping[str, Platform]
    streams: Streams
    renderer: Renderer
    controls: Callable[[], Control]
    reloading: Callable[[], Awaitable[Sequence[Phrase]]]
    zone: tzinfo | None
    restraint: Restraint = field(default_factory=Restraint)


def ways_of(settings: Settings, ground: Ground) -> Ways:
    """What the road leads to. Raises ConfigError when what is set does not go together."""
    painter = build_painter(settings, ground.files)
    chosen = _chat_settings(settings, ground, painter)
    chat = Chat(ground.store.conversations, SightedModels(ground.models, ground.files), chosen, ground.house.meter)
    means = _means(settings, ground, (chat, chosen), painter)
    given = settings.chat
    return Ways(
        commands=_commands(settings, chosen),
        chat=chat,
        triggers=triggers_of(settings, ground.house.directory),
        platforms=ground.platforms,
        streams=ground.streams,
        means=means,
        models_known=ground.models.known,
        language=given.language,
        connected=None if settings.cluster.does("gateway") else frozenset((EXCHANGE,)),
        hearing=_hearing(settings, ground),
        seeing=Seeing(ground.files, ground.platforms, max(settings.files.incoming_days * 86_400, _LEAST_SECONDS)),
        drawing=Drawing(ground.renderer, ground.files, drawing_rules(settings, ground.zone), time.time),
        drafts=DraftRules(given.stream, given.stream_after, quote=given.quote_in_groups),
        unfolding=Unfolding(ground.platforms),
        happenings=Happenings(ground.house.board, means, given.language, ground.restraint),
        mention_askers=settings.manners.mention_in_groups,
    )


def _commands(settings: Settings, chosen: ChatSettings) -> Commands:
    given = settings.commands
    return Commands(
        given.prefixes,
        names=given.names,
        disabled=given.disabled if settings.album.enabled else (*given.disabled, PICTURES),
        old_forms=[name for name, own in chosen.customs.items() if own.old_forms],
    )


def _means(settings: Settings, ground: Ground, talk: tuple[Chat, ChatSettings], painter: Painter | None) -> HubMeans:
    (chat, chosen), house = talk, ground.house
    return HubMeans(
        store=ground.store,
        chat=chat,
        platforms=ground.platforms,
        models=ground.models,
        meter=house.meter,
        gate=house.gate,
        people=house.directory,
        board=house.board,
        controls=ground.controls,
        zone=ground.zone,
        personas=chosen.presets.texts,
        reloading=ground.reloading,
        renderer=ground.renderer,
        files=ground.files,
        public_url=settings.server.public_url,
        painter=painter,
        album=build_album(settings),
        skills=chosen.skills,
    )


def _hearing(settings: Settings, ground: Ground) -> Hearing | None:
    """What is done with voice messages; nothing where no model is named for them."""
    speech = build_speech(settings)
    if speech is None:
        return None
    return Hearing(speech, ground.files, ground.platforms, bool(settings.speech.hears), settings.speech.answers)


def _chat_settings(settings: Settings, ground: Ground, painter: Painter | None) -> ChatSettings:
    given, house = settings.chat, ground.house
    known = {each.name: getattr(given, each.name) for each in fields(ChatSettings) if hasattr(given, each.name)}
    around = surroundings(ground.platforms, ground.files, house.gate, ground.zone)
    return replace(
        ChatSettings(**known),
        bot=bot_of(settings),
        call_log=settings.repeater.keeps_calls,
        room_language=house.gate.language,
        customs=customs_of(settings),
        presets=presets_of(settings),
        preset=preset_of(settings),
        skills=build_skills(settings, painter, around, house.meter),
    )
