"""The commands start and me: who the bot is, and who the platform says that one is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.pressing import with_buttons
from hubbub.core.events import USERNAME
from hubbub.core.identities import Role
from hubbub.core.messages import Button
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.core.ports import Answer

_OFFERED = ("help", "model", "persona", "lang")


async def start(call: Call, context: CommandContext) -> Answer:
    """A greeting. What an app puts behind it (the way somebody came) is of no matter."""
    told = await context.tell(Phrase("command.start", {"command": f"{call.prefix}help"}))
    known = [each.name for each in call.listing.allowed(context.role, context.event)]
    return with_buttons(told, [Button(each, f"{call.prefix}{each}") for each in _OFFERED if each in known])


async def me(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """What the platform tells about whoever asks."""
    author = context.event.author
    values: dict[str, object] = {
        "id": author.id,
        "name": author.name or "-",
        "username": f"@{username}" if (username := context.event.options.get(USERNAME)) else "-",
        "bot": Phrase("command.me.yes" if author.is_bot else "command.me.no"),
        "role": author.room_role,
        "language": context.event.locale or "-",
    }
    return await context.tell(Phrase("command.me", values))


COMMANDS: Final = (
    Command("start", start, "command.start.help", aliases=("开始",)),
    Command("me", me, "command.me.help", aliases=("我",), role=Role.GUEST),
)
