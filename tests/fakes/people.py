"""Users in memory, as `hubbub.core.people.People` wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.people import Stranger, User, UserDetails
from hubbub.core.phrases import Phrase


@dataclass
class MemoryPeople:
    known: dict[str, User] = field(default_factory=dict)
    forgotten: list[str] = field(default_factory=list)
    strangers: list[Stranger] = field(default_factory=list)

    async def users(self, limit: int) -> Sequence[User]:
        return list(self.known.values())[:limit]

    async def details(self, name: str) -> UserDetails:
        user = self.known.get(name) or User(name, name if ":" in name else "", Role.USER if ":" in name else None)
        return UserDetails(user, 1, 20, 2)

    async def set_role(self, name: str, role: Role | None) -> User:
        user = (await self.details(name)).user
        if not user.person:
            raise UserError(Phrase("access.no_person", {"person": name}))
        if user.fixed:
            raise UserError(Phrase("access.fixed", {"person": name}))
        self.known[name] = replace(user, role=Role.USER if role is None else role)
        return self.known[name]

    async def set_limits(self, name: str, messages: int | None, tokens: int | None, money: float | None = None) -> User:
        if name.startswith("hub:"):
            raise UserError(Phrase("access.no_person", {"person": name}))
        user = (await self.details(name)).user
        self.known[name] = replace(user, own_messages=messages, own_tokens=tokens, own_money=money)
        return self.known[name]

    async def waiting(self) -> Sequence[Stranger]:
        return self.strangers

    async def let_in(self, code: str) -> User:
        found = next((each for each in self.strangers if each.code == code), None)
        if found is None:
            raise UserError(Phrase("access.unknown_code", {"code": code}))
        self.strangers.remove(found)
        return await self.set_role(found.person, Role.USER)

    async def forget(self, name: str) -> None:
        if name.startswith("hub:"):
            raise UserError(Phrase("access.no_person", {"person": name}))
        self.known.pop(name, None)
        self.forgotten.append(name)
