"""Whom the hub's own doors serve: as whom a request speaks, and whether the lists of the hub let that one in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.api.errors import Refused
from hubbub.core.identities import Role

if TYPE_CHECKING:
    from hubbub.api.callers import Caller
    from hubbub.commands.access.gate import Gate


class Admission:
    """Asks the gate that decides about every message, for what goes another road or is to be refused before it."""

    def __init__(self, gate: Gate | None) -> None:
        """Without a gate everybody is let in whom a token or the network lets in."""
        self._gate = gate

    def check(self, caller: Caller, owner: str, least: Role = Role.GUEST) -> None:
        """Refuse an owner whom the lists name as less than ``least``; an admin of the hub is never shut out.

        Raises:
            Refused: 403.
        """
        if self._gate is None or caller.may("admin"):
            return
        role = self._gate.let_in(owner)
        if role is Role.BLOCKED:
            raise Refused(403, "blocked", _told(owner, "is blocked here"))
        if role < least:
            raise Refused(403, "guest", _told(owner, "is a guest here and may not ask models"))

    def owner(self, caller: Caller, named: str | None, least: Role = Role.GUEST) -> str:
        """Whose conversation a request is about that names an owner, or none.

        Raises:
            Refused: 403, the caller may not speak as that owner, or the owner is not let in.
        """
        owner = caller.speaks_as(named)
        self.check(caller, owner, least)
        return owner


def _told(owner: str, why: str) -> str:
    return f"The owner {owner[:200]!r} {why}. An admin of the hub can allow it."
