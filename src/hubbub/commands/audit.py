"""The record of what admins did: kept in the store, shown by the command audit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubbub.commands.access import log
from hubbub.commands.access.gate import person_of
from hubbub.commands.arguments import number
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.conversations.zones import shown
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.core.ports import Answer
    from hubbub.core.store import Conversations
    from hubbub.core.work import Append

_LISTED, _MOST, _LONGEST = 20, 500, 200


def recorded(by: str, act: str, detail: str, at: float, room: str = "") -> Append:
    """Write down an act; ``detail`` is what was said behind it."""
    body = {"by": by, "act": act, "detail": detail[:_LONGEST], "at": at, "room": room}
    return log.write(log.AUDIT, body)


def record(call: Call, context: CommandContext) -> Append:
    """Write down that a command was given; what a secret one was given is not kept."""
    detail = "***" if call.command.secret else call.argument
    return recorded(person_of(context.event), call.command.name, detail, context.hub.clock(), context.event.room.key)


async def acts(conversations: Conversations, limit: int) -> list[dict[str, object]]:
    """The last acts, the newest first, as they were written down. Raises StoreError."""
    branch = await conversations.branch(log.OWNER, "config", log.AUDIT, limit=limit)
    return [node.body for node in reversed(branch.nodes) if isinstance(node.body, dict)]


async def audit(call: Call, context: CommandContext) -> Answer:
    """What admins did, the newest first."""
    found = await acts(context.hub.conversations, number(call.argument or str(_LISTED), most=_MOST))
    if not found:
        return await context.tell(Phrase("command.audit.none"))
    zone = await context.zone()
    return await context.tell(*(_line(each, shown(_time(each.get("at")), zone)) for each in found))


def _line(body: dict[str, object], time: str) -> Phrase:
    return Phrase(
        "command.audit.line",
        {"time": time, "by": body.get("by", ""), "act": body.get("act", ""), "detail": body.get("detail", "")},
    )


def _time(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


COMMANDS: Final = (Command("audit", audit, "command.audit.help", aliases=("审计",), role=Role.ADMIN),)
