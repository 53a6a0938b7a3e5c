"""`core.people.People` over the store and the gate."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hubbub.app.house import House, house_of
from hubbub.commands.access.log import OwnLimit
from hubbub.commands.access.rules import RESERVED
from hubbub.commands.audit import recorded
from hubbub.conversations.branches import listed
from hubbub.conversations.people.joining import forgotten
from hubbub.core.addresses import Room
from hubbub.core.errors import StoreError, UserError
from hubbub.core.events import Noticed
from hubbub.core.identities import Author, Role
from hubbub.core.messages import Message, Text
from hubbub.core.people import Stranger, User, UserDetails
from hubbub.core.phrases import Phrase
from hubbub.core.quotas import BILLION
from hubbub.core.store import Store
from hubbub.core.work import Append, Outgoing, Row, Spent, Unit
from hubbub.settings import Settings
from hubbub.words import say

BY = "operator"
_LANE = f"{RESERVED}people"
_PRIVATE = ":private:"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where `HubPeople` works: the store, the rules of the house, and the node that it writes as.

    ``sends`` makes what is stored of a message to a room, caused by an entry; ``push`` lets stored rows go out.
    """

    store: Store
    house: House
    node: str
    sends: Callable[[Room, Message, int], tuple[Outgoing, ...]]
    push: Callable[[Sequence[Row]], None]


class HubPeople:
    """One at a time: changes are written one after another."""

    def __init__(self, desk: Desk) -> None:
        """``desk.house`` is the hub's own, so that changes count at once."""
        self._desk = desk
        self._writing = asyncio.Lock()

    async def users(self, limit: int) -> Sequence[User]:
        """See `People.users`."""
        spent = await self._desk.store.usage.spenders(limit)
        found = [self._user(each) for each in spent]
        known = {user.owner for user in found}
        others = (owner_of_person(person) for person in self._desk.house.gate.people())
        return [*found, *(self._user(Spent(owner)) for owner in others if owner not in known)][:limit]

    async def details(self, name: str) -> UserDetails:
        """See `People.details`."""
        desk, owner = self._desk, owner_of_person(name)
        today = desk.house.meter.today(owner)
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
        if self._desk.house.gate.fixed(person):
            raise UserError(Phrase("access.fixed", {"person": person}))
        async with self._writing:
            await self._write(self._desk.house.gate.set_role(person, role, BY))
        return (await self.details(owner)).user

    async def set_limits(self, name: str, messages: int | None, tokens: int | None, money: float | None = None) -> User:
        """See `People.set_limits`."""
        owner = self._desk.house.directory.owner(_nameable(name))
        gate, cost = self._desk.house.gate, None if money is None else round(money * BILLION)
        known = gate.limit_of(owner) or OwnLimit()
        async with self._writing:
            await self._write(gate.set_limit(owner, OwnLimit(messages, tokens, cost=cost, minute=known.minute), BY))
        return (await self.details(owner)).user

    async def waiting(self) -> Sequence[Stranger]:
        """See `People.waiting`."""
        return [Stranger(each.code, each.person, each.name, each.until) for each in self._desk.house.gate.waiting()]

    async def let_in(self, code: str) -> User:
        """See `People.let_in`."""
        found = self._desk.house.gate.waiting(code) if code.strip() else ()
        if not found:
            raise UserError(Phrase("access.unknown_code", {"code": code}))
        stranger = found[0]
        welcome: Message = (Text(say(Phrase("access.welcome"), stranger.language), verbatim=True),)
        async with self._writing:
            write = self._desk.house.gate.set_role(stranger.person, Role.USER, BY)
            await self._write(write, (Room.parse(stranger.room), welcome))
        return (await self.details(stranger.person)).user

    async def forget(self, name: str) -> None:
        """See `People.forget`."""
        owner, joined = _nameable(name), self._desk.house.directory
        for each in joined.ties.all_of(owner):
            await self._desk.store.forget(each)
        await forgotten(self._desk.store.conversations, joined, owner, time.time())

    def _user(self, spent: Spent) -> User:
        gate, person = self._desk.house.gate, person_of(spent.owner)
        role = gate.role_of(person) if person else None
        limits = self._desk.house.meter.limits_of(spent.owner)
        own, ties = gate.limit_of(spent.owner) or OwnLimit(), self._desk.house.directory.ties
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
            own_messages=0 if own.off else own.messages,
            own_tokens=0 if own.off else own.tokens,
            money=spent.cost / BILLION,
            money_per_day=limits.cost_per_day / BILLION,
            own_money=0.0 if own.off else None if own.cost is None else own.cost / BILLION,
            joined=ties.others(spent.owner),
            joined_to=ties.main.get(spent.owner, ""),
        )

    async def _write(self, write: Append, told: tuple[Room, Message] | None = None) -> None:
        """Store a change that no message carries: in a lane of its own, by an event that means nothing by itself.

        ``told``: a message that goes out with it. The change is written down as an act of the operator, too.
        """
        journal = self._desk.store.inbox
        room = Room("hub", "", "private", "people")
        event = Noticed(f"people-{secrets.token_hex(8)}", room, Author(BY), time.time(), "people")
        receipt = await journal.accept(event, _LANE, self._desk.node)
        if receipt.claim is None:
            msg = "somebody else changes the same at this moment; try again"
            raise StoreError(msg)
        sends = self._desk.sends(*told, receipt.entry.id) if told else ()
        unit = Unit(done=(receipt.entry.id,), sends=sends, writes=(write, _act_of(write)))
        stored = await journal.commit(receipt.claim.lane, receipt.claim.fence, unit, release=True)
        self._desk.push(stored.rows)


def _act_of(write: Append) -> Append:
    """A change as an act of the operator."""
    body = write.bodies[0]
    known = body if isinstance(body, dict) else {}
    act = "limit" if "limit" in known else "role" if "person" in known else "change"
    detail = " ".join(f"{key}={value}" for key, value in known.items() if key != "by" and value is not None)
    return recorded(BY, act, detail, time.time())


def owner_of_person(name: str) -> str:
    """A person (``platform:id``) stands for their private conversations; anything else is an owner already."""
    platform, _, rest = name.partition(":")
    return f"{platform}{_PRIVATE}{rest}" if platform and rest and not _kind(name) else name


def _nameable(name: str) -> str:
    """The owner of a name. Raises UserError for the hub itself, and for nobody."""
    owner = owner_of_person(name)
    if not owner or owner.startswith(RESERVED):
        raise UserError(Phrase("access.no_person", {"person": name}))
    return owner


def person_of(owner: str) -> str:
    """The person of private conversations as lists name them; "" for other owners."""
    platform, sign, rest = owner.partition(_PRIVATE)
    return f"{platform}:{rest}" if sign and platform and rest and ":" not in platform else ""


def _kind(name: str) -> bool:
    """An owner's id says whether it is a person's or a group's."""
    return name.split(":")[1:2] in (["private"], ["group"]) and name.count(":") > 1


async def people_beside_no_hub(settings: Settings, store: Store) -> HubPeople:
    """For a command that has opened the store itself."""
    house = house_of(settings, store)
    for rules in house.kept:
        await rules.load()
    return HubPeople(Desk(store, house, f"command-{secrets.token_hex(4)}", _queued, lambda _: None))


def _queued(room: Room, message: Message, entry: int) -> tuple[Outgoing, ...]:
    """It goes out when the hub runs."""
    return (Outgoing(room, message, entry=entry),)
