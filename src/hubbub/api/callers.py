"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from hubbub.api.errors import Refused

ScopeName = Literal["messages", "openai", "repeater", "status", "metrics", "admin", "*"]
SCOPES: tuple[ScopeName, ...] = get_args(ScopeName)

TRUSTED_SCOPES: frozenset[str] = frozenset(("messages", "openai", "repeater", "status", "metrics"))
ADMIN_IMPLIES: frozenset[str] = frozenset(("repeater", "status", "metrics"))


@dataclass(frozen=True, slots=True)
class Caller:
    """One who was let in.

    ``id`` is the token's, or "local" for callers on a trusted network and the hub's own admin. ``owner``: the only
    owner that they may speak as, "" for any. ``per_minute``: how many requests they may send, 0 for any number.
    """

    id: str
    scopes: frozenset[str]
    owner: str = ""
    per_minute: int = 0

    def may(self, scope: str) -> bool:
        """Whether the scope, or one that includes it, was given to them."""
        scopes = self.scopes
        return scope in scopes or "*" in scopes or ("admin" in scopes and scope in ADMIN_IMPLIES)

    def speaks_as(self, named: str | None) -> str:
        """Whose conversation a request is about that names an owner, or none.

        Raises:
            Refused: they may speak as another owner only.
        """
        if self.owner and named not in (None, self.owner):
            message = f"This token may only speak as the owner {self.owner!r}. Name no owner, or use another token."
            raise Refused(403, "owner_forbidden", message)
        return named or self.owner or self.id


LOCAL = Caller("local", TRUSTED_SCOPES)
ADMIN = Caller("local", frozenset("*"))
