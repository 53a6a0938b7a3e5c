"""Who uses the hub: listed, shown, given a role, forgotten."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import Path, Query
from pydantic import Field
from starlette.responses import Response

from hubbub.api.errors import Refused
from hubbub.api.native.segments import Wire
from hubbub.api.native.wire import Name, RoleName
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.people import People, User
from hubbub.words import say

Named = Annotated[Name, Path(description="A person as platform:id, or an owner's whole id")]

Code = Annotated[str, Path(max_length=100, description="A pairing code")]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
Money = Annotated[float, Field(ge=0, le=1_000_000)]


class UserJSON(Wire):
    """Somebody who uses the hub. Times in seconds since the epoch; ``role`` null: a whole group, or a name of yours.

    ``fixed``: the settings say the role. ``messages`` and ``tokens`` of all days; limits 0: none. ``own_messages`` and
    ``own_tokens``: limits a day of this one alone, null where the hub's hold. Money is in what prices of models are in.

    ``joined``: owners that have this one's contexts, as the same person elsewhere; ``joined_to``: whose contexts this
    one has, "" for its own.
    """

    owner: str
    person: str
    role: RoleName | None
    fixed: bool
    messages: int
    tokens: int
    last_at: float
    messages_per_day: int
    tokens_per_day: int
    own_messages: int | None
    own_tokens: int | None
    money: float
    money_per_day: float
    own_money: float | None
    joined: list[str]
    joined_to: str


class Users(Wire):
    """Who wrote to the bot or used models, the last first, then who is on a list."""

    users: list[UserJSON]


class UserShown(UserJSON):
    """More about one: what they used today, and how many conversations they keep."""

    messages_today: int
    tokens_today: int
    conversations: int


class RoleIn(Wire):
    """The role to give; null takes it away. Who is an owner of the hub, the settings say."""

    role: RoleName | None = Field(description="user, guest, admin or blocked")


class LimitsIn(Wire):
    """Limits a day of one owner's own: 0 is none at all, null the hub's."""

    messages_per_day: Count | None = None
    tokens_per_day: Count | None = None
    money_per_day: Money | None = None


class StrangerJSON(Wire):
    """Somebody who was given a code, and waits to be let in until it lapses (seconds since the epoch)."""

    code: str
    person: str
    name: str
    until: float


class Strangers(Wire):
    """All of them, the oldest first."""

    waiting: list[StrangerJSON]


class UserRoutes:
    """The handlers; one for the whole application."""

    def __init__(self, people: People) -> None:
        """Asks ``people`` and changes by it."""
        self._people = people

    async def listed(self, limit: Annotated[int, Query(ge=1, le=10_000)] = 100) -> Users:
        """List who wrote to the bot or used models, the last first, and who is on a list."""
        return Users(users=[user_json(user) for user in await self._people.users(limit)])

    async def shown(self, user: Named) -> UserShown:
        """Show one; of somebody who never came, what would hold for them."""
        found = await self._people.details(user)
        return UserShown(
            **user_json(found.user).model_dump(),
            messages_today=found.messages_today,
            tokens_today=found.tokens_today,
            conversations=found.conversations,
        )

    async def change(self, user: Named, body: RoleIn) -> UserJSON:
        """Give a person a role, or take it away."""
        role = Role[body.role.upper()] if body.role is not None else None
        if role is Role.OWNER:
            message = "Who is an owner of the hub, the settings say: access.owners."
            raise Refused(422, "invalid_request", message)
        try:
            return user_json(await self._people.set_role(user, role))
        except UserError as error:
            raise Refused(422, "invalid_request", say(error.user_text, "en")) from error

    async def limit(self, user: Named, body: LimitsIn) -> UserJSON:
        """Set what one may use a day, in place of the hub's limits."""
        try:
            limits = (body.messages_per_day, body.tokens_per_day, body.money_per_day)
            return user_json(await self._people.set_limits(user, *limits))
        except UserError as error:
            raise Refused(422, "invalid_request", say(error.user_text, "en")) from error

    async def strangers(self) -> Strangers:
        """List who was given a pairing code and waits."""
        found = await self._people.waiting()
        return Strangers(waiting=[StrangerJSON(**asdict(each)) for each in found])

    async def let_in(self, code: Code) -> UserJSON:
        """Let in whoever was given this pairing code, and tell them."""
        try:
            return user_json(await self._people.let_in(code))
        except UserError as error:
            raise Refused(404, "no_such_code", say(error.user_text, "en")) from error

    async def forget(self, user: Named) -> Response:
        """Remove all that a user keeps, and the texts of their messages; it cannot be undone."""
        try:
            await self._people.forget(user)
        except UserError as error:
            raise Refused(422, "invalid_request", say(error.user_text, "en")) from error
        return Response(status_code=204)


def user_json(user: User) -> UserJSON:
    """A user as it goes out."""
    return UserJSON(
        owner=user.owner,
        person=user.person,
        role=role_name(user.role),
        fixed=user.fixed,
        messages=user.messages,
        tokens=user.tokens,
        last_at=user.last_at,
        messages_per_day=user.messages_per_day,
        tokens_per_day=user.tokens_per_day,
        own_messages=user.own_messages,
        own_tokens=user.own_tokens,
        money=user.money,
        money_per_day=user.money_per_day,
        own_money=user.own_money,
        joined=list(user.joined),
        joined_to=user.joined_to,
    )


def role_name(role: Role | None) -> RoleName | None:
    """A role in a word."""
    return None if role is None else _NAMES[role]


_NAMES: dict[Role, RoleName] = {
    Role.BLOCKED: "blocked",
    Role.GUEST: "guest",
    Role.USER: "user",
    Role.ADMIN: "admin",
    Role.OWNER: "owner",
}
