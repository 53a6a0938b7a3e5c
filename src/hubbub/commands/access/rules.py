"""What the settings say of access."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from hubbub.conversations.limits import NO_LIMITS, Limits
from hubbub.core.identities import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.conversations.limits import PlatformLimits

Mode = Literal["open", "pairing", "list"]
Switch = Literal["on", "off", "mention", "reply", "thread", "always", "prefix", "inherit"]

RESERVED = "hub:"
"""Owners that begin so are the hub itself: nobody speaks as one."""
PAGE = "web:"
"""Owners that begin so are visitors of the chat page; what follows is who they are to the other doors."""
DOOR = "http"
"""What lists call the hub's own doors, as they call a platform."""


@dataclass(frozen=True, slots=True)
class AccessRules:
    """Who is who, by ``platform:id`` of a person.

    ``mode``: "open" lets everybody in as ``others``; "pairing" and "list" let in only who is listed, in the settings
    or by an admin, and rooms that an admin switched on; "pairing" gives strangers a code for that.
    """

    mode: Mode = "open"
    owners: frozenset[str] = frozenset()
    admins: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    others: Role = Role.USER
    unlimited: frozenset[str] = frozenset()
    """People without limits."""
    platforms: Mapping[str, PlatformLimits] = field(default_factory=dict)
    """Limits of platforms that have others than the hub."""
    group: Limits = NO_LIMITS
    """What the members of a group may use together."""
    admin_token: str = ""
    """What admins show in messages of the old form, as the settings say it."""

    @property
    def trivial(self) -> bool:
        """Everybody is the same."""
        return self.mode == "open" and not (self.owners or self.admins or self.allowed or self.blocked)

    def of(self, person: str) -> Role | None:
        """The role that the settings fix, if they name the person; who is merely ``allowed`` may get another one."""
        if person in self.blocked:
            return Role.BLOCKED
        if person in self.owners:
            return Role.OWNER
        return Role.ADMIN if person in self.admins else None
