"""Who asks, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

ScopeName = Literal["messages", "status", "metrics", "admin", "*"]
SCOPES: tuple[ScopeName, ...] = get_args(ScopeName)

TRUSTED_SCOPES: frozenset[str] = frozenset(("messages", "status", "metrics"))
ADMIN_IMPLIES: frozenset[str] = frozenset(("status", "metrics"))


@dataclass(frozen=True, slots=True)
class Caller:
    """One who was let in.

    ``id`` is the token's, or "local" for callers on a trusted network and the hub's own admin. ``owner``: the only
    owner that they may speak as, "" for any.
    """

    id: str
    scopes: frozenset[str]
    owner: str = ""

    def may(self, scope: str) -> bool:
        """Whether the scope, or one that includes it, was given to them."""
        scopes = self.scopes
        return scope in scopes or "*" in scopes or ("admin" in scopes and scope in ADMIN_IMPLIES)


LOCAL = Caller("local", TRUSTED_SCOPES)
ADMIN = Caller("local", frozenset("*"))
