"""Servers and threads, as far as the hub has to know them. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hubbub.core.identities import RoomRole
from hubbub.platforms.discord.wire import Wire

MANAGES = 1 << 3 | 1 << 5
"""Rights of who runs a server: to administer it, to manage it."""
THREADS = (10, 11, 12)
"""Types of channels that are threads of another."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread, or a post of a forum; ``joined``: the bot was asked there, or wrote there."""

    parent: str
    title: str = ""
    joined: bool = False


@dataclass(frozen=True, slots=True)
class Server:
    """A server. ``running``: roles of who may manage it; ``own``: roles that stand for the bot alone.

    ``greets``: the channel of Discord's own notes of newcomers; "" for none.
    """

    id: str
    owner: str = ""
    running: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    greets: str = ""

    def role(self, user: str, roles: Iterable[str]) -> RoomRole:
        """What somebody with these roles is there."""
        if user == self.owner:
            return "owner"
        # Everybody has the role that has the server's own id.
        return "admin" if not self.running.isdisjoint((self.id, *roles)) else "member"

    def with_role(self, raw: Wire, me: str) -> Server:
        """With a role as it is now."""
        name = str(raw["id"])
        bot = (raw.get("tags") or {}).get("bot_id")
        runs = int(raw.get("permissions") or 0) & MANAGES
        own = self.own | {name} if str(bot) == me else self.own - {name}
        return replace(self, running=self.running | {name} if runs else self.running - {name}, own=own)

    def without_role(self, name: str) -> Server:
        """After a role was deleted."""
        return replace(self, running=self.running - {name}, own=self.own - {name})
