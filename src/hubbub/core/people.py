"""Who uses the hub, as its owner sees them, and what the owner may change about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hubbub.core.identities import Role


@dataclass(frozen=True, slots=True)
class User:
    """An owner of conversations: one person, one person in a group, or a whole group.

    ``person`` is ``platform:id`` where it is one person in private, else "". ``fixed``: the settings say the role.
    ``messages`` and ``tokens`` are sums of all days; ``last_at`` in seconds since the epoch, 0 for never.
    ``messages_per_day`` and ``tokens_per_day`` are the limits that count, 0 for none; ``own_messages`` and
    ``own_tokens`` what was set for this one alone, None where the hub's limits hold. ``money`` is in what prices of
    models are in.

    ``joined``: owners that have this one's contexts, as the same person elsewhere; ``joined_to``: whose contexts this
    one has, "" for its own.
    """

    owner: str
    person: str = ""
    role: Role | None = None
    fixed: bool = False
    messages: int = 0
    tokens: int = 0
    last_at: float = 0.0
    messages_per_day: int = 0
    tokens_per_day: int = 0
    own_messages: int | None = None
    own_tokens: int | None = None
    money: float = 0.0
    money_per_day: float = 0.0
    own_money: float | None = None
    joined: tuple[str, ...] = ()
    joined_to: str = ""


@dataclass(frozen=True, slots=True)
class UserDetails:
    """More about one: what they used today, and how many conversations they keep."""

    user: User
    messages_today: int = 0
    tokens_today: int = 0
    conversations: int = 0


@dataclass(frozen=True, slots=True)
class Stranger:
    """Somebody who was given a code and waits to be let in until it lapses (seconds since the epoch)."""

    code: str
    person: str
    name: str
    until: float


class People(Protocol):
    """Asked by those who let the owner in first. Somebody is named by ``platform:id`` or by the owner's whole id."""

    async def users(self, limit: int) -> Sequence[User]:
        """Who wrote to the bot or used models, the last first, and who is on a list."""

    async def details(self, name: str) -> UserDetails:
        """All about one; of somebody who never came, what would hold for them."""

    async def set_role(self, name: str, role: Role | None) -> User:
        """Give a person a role, or (None) take it away. Counts at once, and is stored when this returns.

        Raises:
            UserError: it is no person, or the settings fix the role.
            StoreError: it could not be stored.
        """

    async def set_limits(self, name: str, messages: int | None, tokens: int | None, money: float | None = None) -> User:
        """Limits a day of one owner's own: 0 is none at all, None the hub's. Counts at once.

        Raises:
            UserError: nobody can be named so.
            StoreError: it could not be stored.
        """

    async def waiting(self) -> Sequence[Stranger]:
        """Who was given a code that still holds."""

    async def let_in(self, code: str) -> User:
        """Let in the stranger with this code, and tell them.

        Raises:
            UserError: there is no such code, or it has lapsed.
            StoreError: it could not be stored.
        """

    async def forget(self, name: str) -> None:
        """Remove what an owner keeps, and the texts of their messages.

        Raises:
            UserError: nobody can be named so.
            StoreError: it could not be done.
        """
