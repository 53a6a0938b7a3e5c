"""Rows of the outbox that are done and not said: by the platform's abilities, each once, in the order of their room."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.core.acts import Decision, Mute, Poke, TakeBack
from hubbub.core.errors import DeliveryError, UserError
from hubbub.core.messages import Do, Text
from hubbub.core.phrases import Phrase
from hubbub.core.ports import CanDecide, CanDelete, CanMute, CanPoke
from hubbub.words import say

if TYPE_CHECKING:
    from hubbub.core.acts import Act
    from hubbub.core.addresses import Room
    from hubbub.core.messages import Message
    from hubbub.core.ports import Platform
    from hubbub.core.work import Row

log = logging.getLogger(__name__)


async def perform(platform: Platform, row: Row) -> str:
    """Do what the row's first segment says, then say the rest of it; the id of what was said, "" if nothing was.

    Raises:
        DeliveryError: as `Platform.send`; once the act is done, it is not certain any more.
    """
    first, *rest = row.out.message
    if type(first) is not Do:
        msg = "nothing to do is in this row"
        raise DeliveryError(msg, certain=True, permanent=True)
    message, done = tuple(rest), False
    try:
        await _do(platform, row.out.room, first.act)
        done = True
    except UserError as error:
        message = _instead(
            first, error.user_text, DeliveryError(say(error.user_text, "en"), certain=True, permanent=True)
        )
    except DeliveryError as error:
        if not (error.certain and error.permanent):
            raise
        log.warning("row %d: the platform did not do it: %s", row.id, error)
        message = _instead(first, Phrase("act.refused"), error)
    if not message:
        return ""
    try:
        return await platform.send(replace(row, out=replace(row.out, message=message)))
    except DeliveryError as error:
        if not done:
            raise
        msg = f"it is done, but that was not told: {error}"
        raise DeliveryError(msg, certain=False) from error


def _instead(do: Do, why: Phrase, error: DeliveryError) -> Message:
    """What is said of an act that was not done; raises the error where nobody waits for a word."""
    if not do.language:
        raise error
    return (Text(say(why, do.language), verbatim=True),)


async def _do(platform: object, room: Room, act: Act) -> None:
    if isinstance(act, Mute) and isinstance(platform, CanMute):
        await platform.mute(room, act.user, act.seconds)
    elif isinstance(act, Poke) and isinstance(platform, CanPoke):
        await platform.poke(room, act.user)
    elif isinstance(act, TakeBack) and isinstance(platform, CanDelete):
        await platform.delete(room, act.message_id)
    elif isinstance(act, Decision) and isinstance(platform, CanDecide):
        await platform.decide(room, act)
    else:
        msg = f"platform {room.platform} cannot do this ({act.type})"
        raise DeliveryError(msg, certain=True, permanent=True)
