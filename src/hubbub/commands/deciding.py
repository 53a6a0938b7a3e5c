"""The commands requests, approve and reject: who asked to become a friend or to join a group."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from hubbub.commands.access.gate import person_of
from hubbub.commands.arguments import first_word, required
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.deeds import deed
from hubbub.core.acts import Decision
from hubbub.core.addresses import Room
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Do
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.commands.manners.requests import Asked
    from hubbub.core.ports import Answer

_LONGEST = 100


async def requests(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Who waits for a decision."""
    await context.hub.board.load()
    waiting = context.hub.board.waiting()
    if not waiting:
        return await context.tell(Phrase("happening.no_requests"))
    return await context.tell(*map(_line, waiting))


def _line(asked: Asked) -> Phrase:
    return Phrase("happening.request", asked.values())


async def _decide(call: Call, context: CommandContext, *, approve: bool) -> Answer:
    """Decide on the request of a code; what stands behind it is the friend's name here, or the reason."""
    code, rest = first_word(required(call, call.argument, "CODE"))
    await context.hub.board.load()  # another process may have been asked, or told, a moment ago
    asked = context.hub.board.find(code)
    if asked is None:
        raise UserError(Phrase("happening.unknown_code", {"code": code.upper()}))
    rules = context.hub.board.rules
    words = rest.strip()[:_LONGEST] or (rules.friend_remark if approve else rules.reject_reason)
    decision = Decision(asked.kind, asked.ticket, asked.user, approve, words)
    write = context.hub.board.decide(asked, person_of(context.event), approve=approve)
    told = await context.tell(Phrase("happening.approved" if approve else "happening.rejected", asked.values()))
    done = deed(Room.parse(asked.room), (Do(decision),), context.entry.id)
    return replace(told, writes=(write,), sends=(done,))


_command = partial(Command, role=Role.ADMIN)

COMMANDS: Final = (
    _command("requests", requests, "command.requests.help", aliases=("申请",)),
    _command("approve", partial(_decide, approve=True), "command.approve.help", aliases=("同意",)),
    _command("reject", partial(_decide, approve=False), "command.reject.help", aliases=("拒绝",)),
)
