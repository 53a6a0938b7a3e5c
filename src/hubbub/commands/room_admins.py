"""Who runs a room, where the platform does not say so with every message but can be asked."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.commands.permissions import runs_room
from hubbub.core.errors import DeliveryError, UserError
from hubbub.core.identities import Role
from hubbub.core.ports import CanListAdmins

if TYPE_CHECKING:
    from hubbub.commands.command import Command, CommandContext

log = logging.getLogger(__name__)


async def looked_up(command: Command, context: CommandContext) -> CommandContext:
    """The context, with the author's role in the room looked up if it decides who may give the command."""
    decides = command.room_admins and Role.BLOCKED < context.role < command.role
    if not decides or not await runs_here(context):
        return context
    author = context.event.author
    if author.room_role in ("owner", "admin"):
        return context
    return replace(context, event=replace(context.event, author=replace(author, room_role="admin")))


async def runs_here(context: CommandContext) -> bool:
    """Whether the author of the message is one of the room's admins."""
    event = context.event
    if event.room.direct or runs_room(event):
        return not event.room.direct
    platform = context.hub.platform(event.room)
    if not isinstance(platform, CanListAdmins):
        return False
    try:
        return any(each.id == event.author.id for each in await platform.admins(event.room))
    except (DeliveryError, UserError) as error:
        log.warning("who runs %s is not known: %s", event.room.key, error)
        return False
