"""Who may give which command: the one place that decides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.commands.command import Command
    from hubbub.core.addresses import Room, RoomKind


@dataclass(frozen=True, slots=True)
class People:
    """Roles by ``platform:id`` of a person; everybody else has ``others``."""

    admins: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    others: Role = Role.USER

    def role(self, room: Room, author_id: str) -> Role:
        """What a person may do."""
        if not self.admins and not self.blocked:
            return self.others
        person = f"{room.platform}:{author_id}"
        if person in self.blocked:
            return Role.BLOCKED
        return Role.ADMIN if person in self.admins else self.others


def allowed(command: Command, role: Role, kind: RoomKind) -> bool:
    """Whether a person of this role may give the command in a room of this kind."""
    return role >= command.role and (not command.rooms or kind in command.rooms)


def refusal(command: Command, typed: str, role: Role, kind: RoomKind) -> Phrase | None:
    """Why a command is not done; None if it may be."""
    if role < command.role:
        return Phrase("command.forbidden", {"name": typed})
    if command.rooms and kind not in command.rooms:
        private = "private" in command.rooms
        return Phrase("command.only_private" if private else "command.only_group", {"name": typed})
    return None
