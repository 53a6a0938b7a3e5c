"""Where the road of a message leads by the settings; made anew whenever these are read again."""

from __future__ import annotations

import time
from dataclasses import fields, replace
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
from hubbub.dispatch.seeing import Seeing
from hubbub.dispatch.unfolding import Unfolding
from hubbub.dispatch.ways import Ways

if TYPE_CHECKING:
    from hubbub.app.parts import Parts
    from hubbub.core.ports import Painter
    from hubbub.settings import Settings

# How long a picture is kept at least: until the model that it is for has seen it, and once again.
_LEAST_SECONDS = 3600.0
EXCHANGE = "http"
"""The platform of the hub's own requests, which every process runs."""


def ways_of(settings: Settings, parts: Parts) -> Ways:
    """What the road leads to; the parts stay what they are. Raises ConfigError: what is set does not go together."""
    painter = build_painter(settings, parts.files)
    chosen = _chat_settings(settings, parts, painter)
    chat = Chat(parts.store.conversations, SightedModels(parts.models, parts.files), chosen, parts.house.meter)
    means = _means(settings, parts, (chat, chosen), painter)
    given = settings.chat
    return Ways(
        commands=_commands(settings, chosen),
        chat=chat,
        triggers=triggers_of(settings, parts.house.directory),
        platforms=parts.platforms,
        streams=parts.streams,
        means=means,
        models_known=parts.models.known,
        language=given.language,
        connected=None if settings.cluster.does("gateway") else frozenset((EXCHANGE,)),
        hearing=_hearing(settings, parts),
        seeing=Seeing(parts.files, parts.platforms, max(settings.files.incoming_days * 86_400, _LEAST_SECONDS)),
        drawing=Drawing(parts.renderer, parts.files, drawing_rules(settings, parts.zone), time.time),
        drafts=DraftRules(given.stream, given.stream_after, quote=given.quote_in_groups),
        unfolding=Unfolding(parts.platforms),
        happenings=Happenings(parts.house.board, means, given.language, parts.restraint),
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


def _means(settings: Settings, parts: Parts, talk: tuple[Chat, ChatSettings], painter: Painter | None) -> HubMeans:
    (chat, chosen), house = talk, parts.house
    return HubMeans(
        store=parts.store,
        chat=chat,
        platforms=parts.platforms,
        models=parts.models,
        meter=house.meter,
        gate=house.gate,
        people=house.directory,
        board=house.board,
        controls=lambda: parts.control,
        zone=parts.zone,
        personas=chosen.presets.texts,
        reloading=parts.reload,
        renderer=parts.renderer,
        files=parts.files,
        public_url=settings.server.public_url,
        painter=painter,
        album=build_album(settings),
        skills=chosen.skills,
    )


def _hearing(settings: Settings, parts: Parts) -> Hearing | None:
    """What is done with voice messages; nothing where no model is named for them."""
    speech = build_speech(settings)
    if speech is None:
        return None
    return Hearing(speech, parts.files, parts.platforms, bool(settings.speech.hears), settings.speech.answers)


def _chat_settings(settings: Settings, parts: Parts, painter: Painter | None) -> ChatSettings:
    given, house = settings.chat, parts.house
    known = {each.name: getattr(given, each.name) for each in fields(ChatSettings) if hasattr(given, each.name)}
    around = surroundings(parts.platforms, parts.files, house.gate, parts.zone)
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
