"""The command forget: everything that is an owner's, gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubbub.commands import confirmation
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.permissions import runs_room
from hubbub.conversations.branches import listed
from hubbub.core.identities import Role, owner_of
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.core.ports import Answer


async def forget(call: Call, context: CommandContext) -> Answer:
    """Asked once more, then done at once: conversations, prompts, settings, and the texts of all messages."""
    if not _may(context):
        return await context.tell(Phrase("command.forget.shared"))
    if await confirmation.given(call, context) is not None:
        told = await context.tell(Phrase("command.forget.done"))  # before the language is forgotten too
        await context.hub.forget(context.owner)
        return told
    found = listed(await context.hub.conversations.branches(context.owner, "context"))
    return await confirmation.ask(call, context, Phrase("command.forget.ask", {"count": len(found)}))


def _may(context: CommandContext) -> bool:
    """What a whole group shares is not one member's to remove."""
    event = context.event
    shared = not event.room.direct and context.owner == owner_of(event.room, event.author.id, shared=True)
    return not shared or context.role >= Role.ADMIN or runs_room(event)


COMMANDS: Final = (Command("forget", forget, "command.forget.help", aliases=("forgetme", "删除我的数据", "忘记我")),)
