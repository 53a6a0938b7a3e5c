"""The commands mutelottery and recall: silence for a chance time, and taking back what the bot said."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.deeds import able, deed
from hubbub.commands.permissions import runs_room
from hubbub.core.acts import Mute, TakeBack
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Do, Quote, Text
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer

if TYPE_CHECKING:
    from hubbub.core.work import Row

_LONGEST_SECONDS = 60
_LOOKED_BACK = 500


async def lottery(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Mute whoever asks for it, for up to a minute, and then say how long."""
    event = context.event
    if not able(context.hub.platform(event.room), Mute):
        raise UserError(Phrase("act.mute.not_here"))
    if runs_room(event):
        raise UserError(Phrase("act.mute.admin"))
    seconds = secrets.randbelow(_LONGEST_SECONDS) + 1
    told = Text(await context.say(Phrase("happening.muted", {"seconds": seconds})), verbatim=True)
    act = Do(Mute(event.author.id, seconds), await context.asking.language())
    return Answer(sends=(deed(event.room, (act, told), context.entry.id),))


async def recall(call: Call, context: CommandContext) -> Answer:
    """Take back the message of the bot that is replied to: for whoever asked for it, and for admins."""
    room = context.event.room
    quoted = next((each.message_id for each in context.event.message if type(each) is Quote), "")
    if not quoted:
        raise UserError(Phrase("happening.recall.which", {"command": call.typed}))
    if not able(context.hub.platform(room), TakeBack):
        raise UserError(Phrase("happening.recall.not_here"))
    row = await context.hub.outbox.sent(room, quoted)
    if row is None:
        raise UserError(Phrase("happening.recall.not_mine"))
    if not await _may(row, context):
        raise UserError(Phrase("happening.recall.not_yours"))
    act = Do(TakeBack(quoted), await context.asking.language())
    return Answer(sends=(deed(room, (act,), context.entry.id),))


async def _may(row: Row, context: CommandContext) -> bool:
    event = context.event
    if event.room.direct or context.role >= Role.ADMIN or runs_room(event):
        return True
    if not row.out.reply_to:
        return False
    said = await context.hub.said(event.room, context.entry.id, _LOOKED_BACK)
    return any(each.message_id == row.out.reply_to and each.author.id == event.author.id for each in said)


COMMANDS: Final = (
    Command(
        "mutelottery",
        lottery,
        "command.mutelottery.help",
        aliases=("禁言抽奖",),
        role=Role.USER,
        rooms=("group",),
    ),
    Command("recall", recall, "command.recall.help", aliases=("收回",), role=Role.USER),
)
