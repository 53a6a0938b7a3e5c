"""Who may give which command: the one place that decides it. Who is who, `hubbub.commands.access` decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.commands.command import Command
    from hubbub.core.events import Received


def allowed(command: Command, role: Role, event: Received) -> bool:
    """Whether the author of a message, who has this role in the hub, may give the command where they wrote."""
    return _may(command, role, event) and (not command.rooms or event.room.kind in command.rooms)


def refusal(command: Command, typed: str, role: Role, event: Received) -> Phrase | None:
    """Why a command is not done; None if it may be."""
    if not _may(command, role, event):
        return Phrase("command.forbidden", {"name": typed})
    if command.rooms and event.room.kind not in command.rooms:
        private = "private" in command.rooms
        return Phrase("command.only_private" if private else "command.only_group", {"name": typed})
    return None


def runs_room(event: Received) -> bool:
    """The author is an admin of the room, as the platform says."""
    return not event.room.direct and event.author.room_role in ("owner", "admin")


def _may(command: Command, role: Role, event: Received) -> bool:
    if role is Role.BLOCKED:
        return False
    return role >= command.role or (command.room_admins and runs_room(event))
