"""Where the road of a message leads: what the composition root puts together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from hubbub.bridge.triggers import Triggers
from hubbub.chat.answer import Chat
from hubbub.commands.registry import Commands
from hubbub.core.ports import Platform, Streams
from hubbub.dispatch.drafting import DraftRules
from hubbub.dispatch.drawing import Drawing
from hubbub.dispatch.happenings import Happenings
from hubbub.dispatch.hearing import Hearing
from hubbub.dispatch.means import HubMeans
from hubbub.dispatch.seeing import Seeing
from hubbub.dispatch.unfolding import Unfolding

_DRAFTS = DraftRules()


@dataclass(frozen=True, slots=True)
class Ways:
    """The parts that handle a message.

    ``models_known`` is set once models have been looked for. ``language`` is the one of whoever shows none.
    ``connected``: names of the platforms that run in this process; None: all.
    """

    commands: Commands
    chat: Chat
    triggers: Triggers
    platforms: Mapping[str, Platform]
    streams: Streams
    means: HubMeans
    models_known: asyncio.Event
    language: str
    drawing: Drawing | None = None
    hearing: Hearing | None = None
    seeing: Seeing | None = None
    unfolding: Unfolding | None = None
    happenings: Happenings | None = None
    mention_askers: bool = False
    connected: frozenset[str] | None = None
    drafts: DraftRules = _DRAFTS
