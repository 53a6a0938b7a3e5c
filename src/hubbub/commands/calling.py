"""The commands admin and banme: calling those who run a group, and asking for a moment of silence."""

from __future__ import annotations

import logging
import secrets
from typing import TYPE_CHECKING, Final

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.deeds import able, deed
from hubbub.commands.room_admins import runs_here
from hubbub.core.acts import Mute
from hubbub.core.errors import DeliveryError, UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Do, Mention, Text
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer, CanListAdmins, CanMute

if TYPE_CHECKING:
    from hubbub.core.messages import Segment

log = logging.getLogger(__name__)

_SHORTEST, _LONGEST = 5, 14
_CALLER_SECONDS = 30


async def admin(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Mention all admins but bots. So that nobody does it for fun, whoever is none of them is silent for a while."""
    event = context.event
    platform = context.hub.platform(event.room)
    if not isinstance(platform, CanListAdmins):
        raise UserError(Phrase("command.admin.unknown"))
    try:
        found = [each for each in await platform.admins(event.room) if not each.is_bot]
    except DeliveryError as error:
        log.warning("who runs %s is not known: %s", event.room.key, error)
        raise UserError(Phrase("command.admin.unknown")) from error
    if not found:
        raise UserError(Phrase("command.admin.nobody"))
    name = event.author.name or event.author.id
    words = await context.say(Phrase("command.admin.called", {"name": name}))
    message: list[Segment] = [Text(f"{words}\n", verbatim=True)]
    for each in found:
        message += [Mention(each.id, each.name), Text(" ", verbatim=True)]
    await _calm(platform, context)
    return Answer(tuple(message[:-1]))


async def _calm(platform: object, context: CommandContext) -> None:
    """Silence the caller, where that can be done; it is no matter if not."""
    event = context.event
    if not isinstance(platform, CanMute) or await runs_here(context):
        return
    try:
        await platform.mute(event.room, event.author.id, _CALLER_SECONDS)
    except (DeliveryError, UserError) as error:
        log.info("whoever called the admins of %s was not silenced: %s", event.room.key, error)


async def banme(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Silence whoever asks for it, for some seconds."""
    event = context.event
    if not able(context.hub.platform(event.room), Mute):
        raise UserError(Phrase("command.banme.cannot"))
    seconds = _SHORTEST + secrets.randbelow(_LONGEST - _SHORTEST + 1)
    values = {"name": event.author.name or event.author.id, "seconds": seconds}
    told = Text(await context.say(Phrase("command.banme.done", dict(values))), verbatim=True)
    act = Do(Mute(event.author.id, seconds), await context.asking.language())
    return Answer(sends=(deed(event.room, (act, told), context.entry.id),))


COMMANDS: Final = (
    Command("admin", admin, "command.admin.help", aliases=("呼叫管理员",), role=Role.USER, rooms=("group",)),
    Command("banme", banme, "command.banme.help", aliases=("禁言我",), role=Role.USER, rooms=("group",)),
)
