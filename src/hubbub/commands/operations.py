"""Commands for whoever runs the hub: broadcast, deliveries, reload."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands import confirmation
from hubbub.commands.arguments import choice, number, required
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.conversations.shelf import excerpt
from hubbub.conversations.zones import shown
from hubbub.core.addresses import Room
from hubbub.core.capabilities import Delivery
from hubbub.core.identities import Role
from hubbub.core.messages import Text, text_of
from hubbub.core.phrases import Phrase
from hubbub.core.work import State

if TYPE_CHECKING:
    from hubbub.core.ports import Answer

_MOST_ROOMS = 100_000
_LARGEST_ID = 2**63 - 1
_LISTED = 20
_IN_DOUBT = (State.UNKNOWN, State.DEAD)
_DO: Final = {"list": ("ls", "列表"), "retry": ("resend", "重试"), "drop": ("cancel", "丢弃")}


async def broadcast(call: Call, context: CommandContext) -> Answer:
    """A message to every person who can be written to, once it is confirmed."""
    text = required(call, call.argument, "TEXT")
    given = await confirmation.given(call, context)
    rooms = await _rooms(context)
    if given is None:
        what = Phrase("command.broadcast.ask", {"count": len(rooms), "text": text})
        return await confirmation.ask(call, context, what, text)
    words, writes = given
    message = (Text(words, verbatim=True),)
    sends = tuple(out for room in rooms for out in context.hub.sends(room, message, context.entry.id))
    told = await context.tell(Phrase("command.broadcast.done", {"count": len(rooms)}))
    return replace(told, sends=sends, writes=writes)


async def _rooms(context: CommandContext) -> list[Room]:
    """Private rooms of whoever wrote to the bot, where it may speak first; not of who is blocked, nor of who asks."""
    found = {each.room: None for each in await context.hub.usage.spenders(_MOST_ROOMS) if each.room}
    here = context.event.room.key
    return [room for key in found if key != here and _reached(room := Room.parse(key), context)]


def _reached(room: Room, context: CommandContext) -> bool:
    capabilities = context.hub.capabilities(room)
    if capabilities is None or capabilities.promise is Delivery.WINDOW:
        return False
    return context.hub.gate.role_of(f"{room.platform}:{room.id}") is not Role.BLOCKED


async def deliveries(call: Call, context: CommandContext) -> Answer:
    """Messages of which nobody knows whether they arrived, or that were given up: listed, sent again, dropped."""
    what, rest = choice(call, _DO, default="list")
    if what == "list":
        return await _list(call, context)
    row = number(required(call, rest, "N"), most=_LARGEST_ID)
    control = context.hub.control
    done = await (control.resend(row) if what == "retry" else control.cancel(row))
    key = f"command.deliveries.{what}" if done else "command.deliveries.unknown"
    return await context.tell(Phrase(key, {"number": row}))


async def _list(call: Call, context: CommandContext) -> Answer:
    rows = await context.hub.outbox.deliveries(_IN_DOUBT, _LISTED + 1)
    if not rows:
        return await context.tell(Phrase("command.deliveries.none"))
    zone = await context.zone()
    lines = [
        Phrase(
            "command.deliveries.line",
            {
                "number": row.id,
                "state": row.state.value,
                "room": row.out.room.key,
                "time": shown(row.created_at, zone),
                "text": excerpt(text_of(row.out.message)),
            },
        )
        for row in rows[:_LISTED]
    ]
    if len(rows) > _LISTED:
        lines.append(Phrase("command.deliveries.more"))
    return await context.tell(*lines, Phrase("command.deliveries.how", {"command": call.typed}))


async def reload(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Read the settings again."""
    return await context.tell(*await context.hub.reload())


COMMANDS: Final = (
    Command("broadcast", broadcast, "command.broadcast.help", aliases=("广播",), role=Role.ADMIN),
    Command("deliveries", deliveries, "command.deliveries.help", aliases=("投递",), role=Role.ADMIN),
    Command("reload", reload, "command.reload.help", aliases=("重新加载",), role=Role.ADMIN),
)
