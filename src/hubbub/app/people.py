"""`core.people.People` over the store and the gate."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass

from hubbub.app.rooms import access_of, limits_of
from hubbub.commands.access.gate import Gate
from hubbub.commands.access.rules import RESERVED
from hubbub.conversations.branches import listed
from hubbub.conversations.limits import Meter
from hubbub.conversations.zones import zone_of
from hubbub.core.addresses import Room
from hubbub.core.errors import StoreError, UserError
from hubbub.core.events import Noticed
from hubbub.core.identities import Author, Role
from hubbub.core.people import User, UserDetails
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Store
from hubbub.core.work import Append, Spent, Unit
from hubbub.settings import Settings

BY = "operator"
_LANE = f"{RESERVED}people"
_PRIVATE = ":private:"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where `HubPeople` works: the store, who decides about roles, who counts, and the node that it writes as."""

    store: Store
    gate: Gate
    meter: Meter
    node: str


class HubPeople:
    """One at a time: changes are written one after another."""

    def __init__(self, desk: Desk) -> None:
        """``desk.gate`` is the hub's own, so that changes count at once."""
        self._desk = desk
        self._writing = asyncio.Lock()

    async def users(self, limit: int) -> Sequence[User]:
        """See `People.users`."""
        spent = await self._desk.store.usage.spenders(limit)
        found = [self._user(each) for each in spent]
        known = {user.owner for user in found}
        others = (owner_of_person(person) for person in self._desk.gate.people())
        return [*found, *(self._user(Spent(owner)) for owner in others if owner not in known)][:limit]

    async def details(self, name: str) -> UserDetails:
        """See `People.details`."""
        desk, owner = self._desk, owner_of_person(name)
        today = desk.meter.today()
        ever = await desk.store.usage.spent(owner, "", "9999-12-31")
        now = await desk.store.usage.spent(owner, today, today)
        kept = listed(await desk.store.conversations.branches(owner, "context"))
        return UserDetails(self._user(ever), now.messages, now.tokens, len(kept))

    async def set_role(self, name: str, role: Role | None) -> User:
        """See `People.set_role`."""
        owner = owner_of_person(name)
        person = person_of(owner)
        if not person:
            raise UserError(Phrase("access.no_person", {"person": name}))
        if self._desk.gate.fixed(person):
            raise UserError(Phrase("access.fixed", {"person": person}))
        async with self._writing:
            await self._write(self._desk.gate.set_role(person, role, BY))
        return (await self.details(owner)).user

    async def forget(self, name: str) -> None:
        """See `People.forget`."""
        owner = owner_of_person(name)
        if not owner or owner.startswith(RESERVED):
            raise UserError(Phrase("access.no_person", {"person": name}))
        await self._desk.store.forget(owner)

    def _user(self, spent: Spent) -> User:
        gate, person = self._desk.gate, person_of(spent.owner)
        role = gate.role_of(person) if person else None
        limits = self._desk.meter.limits_of(spent.owner)
        return User(
            owner=spent.owner,
            person=person,
            role=gate.others if person and role is None else role,
            fixed=bool(person) and gate.fixed(person),
            messages=spent.messages,
            tokens=spent.tokens,
            last_at=spent.last_at,
            messages_per_day=limits.messages_per_day,
            tokens_per_day=limits.tokens_per_day,
        )

    async def _write(self, write: Append) -> None:
        """Store a change that no message carries: in a lane of its own, by an event that means nothing by itself."""
        journal = self._desk.store.inbox
        room = Room("hub", "", "private", "people")
        event = Noticed(f"people-{secrets.token_hex(8)}", room, Author(BY), time.time(), "people")
        receipt = await journal.accept(event, _LANE, self._desk.node)
        if receipt.claim is None:
            msg = "somebody else changes the same at this moment; try again"
            raise StoreError(msg)
        unit = Unit(done=(receipt.entry.id,), writes=(write,))
        await journal.commit(receipt.claim.lane, receipt.claim.fence, unit, release=True)


def owner_of_person(name: str) -> str:
    """A person (``platform:id``) stands for their private conversations; anything else is an owner already."""
    platform, _, rest = name.partition(":")
    return f"{platform}{_PRIVATE}{rest}" if platform and rest and not _kind(name) else name


def person_of(owner: str) -> str:
    """The person of private conversations as lists name them; "" for other owners."""
    platform, sign, rest = owner.partition(_PRIVATE)
    return f"{platform}:{rest}" if sign and platform and rest and ":" not in platform else ""


def _kind(name: str) -> bool:
    """An owner's id says whether it is a person's or a group's."""
    return name.split(":")[1:2] in (["private"], ["group"]) and name.count(":") > 1


async def people_beside_no_hub(settings: Settings, store: Store) -> HubPeople:
    """For a command that has opened the store itself."""
    limits = limits_of(settings)
    gate = Gate(store.conversations, access_of(settings), limits, time.time)
    await gate.load()
    zone = zone_of(settings.server.timezone) if settings.server.timezone else None
    meter = Meter(store.usage, limits, time.time, zone, gate.limits)
    return HubPeople(Desk(store, gate, meter, f"command-{secrets.token_hex(4)}"))
