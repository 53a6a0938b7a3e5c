"""The one place that decides who may come in, as what."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.commands.access import log, tokens
from hubbub.commands.access.log import Changes, OwnLimit
from hubbub.commands.access.pairing import SECONDS, Pairing, Pending, new_code
from hubbub.commands.access.rules import DOOR, PAGE, RESERVED, AccessRules
from hubbub.conversations.limits import NO_LIMITS as _UNLIMITED
from hubbub.conversations.limits import stricter
from hubbub.conversations.shortages import group_of_scope
from hubbub.core.identities import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hubbub.conversations.limits import Limits
    from hubbub.conversations.people.directory import Directory
    from hubbub.core.addresses import Room
    from hubbub.core.events import Received
    from hubbub.core.ports import Clock
    from hubbub.core.store import Conversations
    from hubbub.core.work import Append

# Codes are forgotten after an hour, so no more than the last ones can hold.
_PAIRING_NODES = 500


class Gate:
    """Knows in memory what it decides by; `load` reads it, and changes take effect as they are made.

    A change that was made elsewhere (another process on the same data) counts after the next `load`.
    """

    def __init__(self, conversations: Conversations, rules: AccessRules, limits: Limits, clock: Clock) -> None:
        """``limits`` are those of whoever has none of their own."""
        self._conversations = conversations
        self._clock = clock
        self._changes = Changes()
        self._people: Directory | None = None
        self._pairing = Pairing()
        self._heads = (0, 0)
        self.limits: dict[str, Limits] = {}
        """Limits of single owners, for `Meter`; the same object for ever."""
        self.groups: dict[str, Limits] = {}
        """Limits of single groups, by their rooms' keys; the same object for ever."""
        self.use(rules, limits)

    def use(self, rules: AccessRules, limits: Limits) -> None:
        """Go by other settings from now on."""
        self._rules = rules
        self._limits = limits
        self._settle()

    def know(self, people: Directory) -> None:
        """From now on whoever is blocked as one identity is so as all of them; limits of one count for all."""
        self._people = people
        people.changed = self._settle

    async def load(self) -> None:
        """Read what is stored, if it changed since. Raises StoreError."""
        changes = await self._conversations.branch(log.OWNER, "config", log.CHANGES)
        pairing = await self._conversations.branch(log.OWNER, "config", log.PAIRING, limit=_PAIRING_NODES)
        heads = (changes.head, pairing.head)
        if heads == self._heads:
            return
        self._heads = heads
        self._changes = Changes()
        self._changes.take(node.body for node in changes.nodes)
        self._pairing.take((node.body for node in pairing.nodes), self._clock())
        for person in self._changes.people:
            self._pairing.drop(person)
        self._settle()

    def _settle(self) -> None:
        changes = self._changes
        self._trivial = self._rules.trivial and not changes.people
        self._listed = bool(changes.people or self._rules.blocked)
        self.limits.clear()
        self.groups.clear()
        for person in self._without_limits():
            self.limits[_owner(person)] = _UNLIMITED
        for owner, limit in changes.limits.items():
            if group := group_of_scope(owner):
                self.groups[group] = limit.over(self._rules.group)
            else:
                self.limits[owner] = limit.over(self._base(owner))
        self._share_limits()

    def _share_limits(self) -> None:
        """Who was joined to somebody keeps them within the limits that an admin set for either."""
        people = self._people
        if people is None:
            return
        for owner, limit in self._changes.limits.items():
            main = people.owner(owner)
            if main != owner and not limit.off:
                self.limits[main] = stricter(self.limits.get(main, self._base(main)), limit.over(self._base(owner)))

    def _without_limits(self) -> Iterator[str]:
        """Whom the settings leave unlimited, and admins."""
        rules = self._rules
        yield from (*rules.owners, *rules.admins, *rules.unlimited)
        yield from (person for person, role in self._changes.people.items() if role >= Role.ADMIN)

    def _base(self, owner: str) -> Limits:
        """What holds for an owner before their own limits."""
        found = self._rules.platforms.get(owner.partition(":")[0])
        return found.limits if found is not None else self._limits

    @property
    def unlimited(self) -> Sequence[str]:
        """Owners on the white list, as it stands: of the settings, and put there and not taken away."""
        kept = {_owner(person) for person in self._rules.unlimited}
        for owner, limit in self.own_limits.items():
            if limit.off:
                kept.add(owner)
            elif limit.off is False:
                kept.discard(owner)
        return sorted(kept)

    @property
    def admins(self) -> Sequence[str]:
        """People who may give admin commands."""
        named = {person for person, role in self._changes.people.items() if role >= Role.ADMIN}
        return sorted({*self._rules.owners, *self._rules.admins, *named} - self._rules.blocked)

    @property
    def own_limits(self) -> Mapping[str, OwnLimit]:
        """What was set for owners; groups have theirs apart (`groups`)."""
        return {owner: limit for owner, limit in self._changes.limits.items() if not group_of_scope(owner)}

    def set_unlimited(self, owner: str, by: str, *, wanted: bool) -> Append:
        """Put an owner on the white list, or take them away, whoever put them there."""
        known = self.limit_of(owner) or OwnLimit()
        listed = owner in map(_owner, self._rules.unlimited)
        off = True if wanted else False if listed else None
        return self.set_limit(owner, replace(known, off=off), by)

    # --- the token of old messages -------------------------------------------------------------------------------

    @property
    def has_admin_token(self) -> bool:
        """There is one, so messages of the old form can be right."""
        return bool(self._changes.admin_token or self._rules.admin_token)

    def is_admin_token(self, given: str) -> bool:
        """Whether it is the one that was set last; the settings' counts until one was."""
        if self._changes.admin_token:
            return tokens.matches(given, self._changes.admin_token)
        return bool(self._rules.admin_token) and tokens.same(given, self._rules.admin_token)

    def set_admin_token(self, token: str, by: str) -> Append:
        """Let another token count, also after a restart."""
        return self._change(log.token_body(tokens.digest(token), by))

    # --- deciding ------------------------------------------------------------------------------------------------

    def role(self, event: Received) -> Role:
        """What the author of a message may do; BLOCKED is not answered. Quick: asked for every message.

        Whom one of the hub's own doors let in (``event.owner``) is a user; the door says by the role in the room
        ("owner") that it was an admin of the hub, which no name alone can make anybody.
        """
        if event.owner:
            if self._listed and self.role_of(person_of(event)) is Role.BLOCKED:
                return Role.BLOCKED
            if self._listed and self._blocked_elsewhere(event.owner):
                return Role.BLOCKED
            return self.let_in(event.owner, admin=event.author.room_role == "owner")
        if self._trivial:
            return self._rules.others
        role = self.role_of(person_of(event))
        if self._blocked_elsewhere(_owner(person_of(event))):
            return Role.BLOCKED
        if role is None:
            return self._rules.others if self._rules.mode == "open" else self._stranger(event.room)
        return role

    def role_of(self, person: str) -> Role | None:
        """The role of somebody who is on a list; None if they are on none."""
        role = self._rules.of(person)
        if role is None:
            role = self._changes.people.get(person)
        if role is None and person in self._rules.allowed:
            role = Role.USER
        return role

    def _blocked_elsewhere(self, identity: str) -> bool:
        """Somebody is blocked as another identity that was joined to this one."""
        people = self._people
        if people is None or not people.ties.main:
            return False
        joined = people.ties.all_of(identity)
        persons = (person for each in joined if each != identity for person in persons_of(each))
        return len(joined) > 1 and any(self.role_of(person) is Role.BLOCKED for person in persons)

    @property
    def others(self) -> Role:
        """What those are who are on no list, where no room lets them in."""
        return self._rules.others if self._rules.mode == "open" else Role.BLOCKED

    def people(self) -> Sequence[str]:
        """Everybody who is on a list, of the settings or of an admin."""
        rules = self._rules
        return sorted({*rules.owners, *rules.admins, *rules.allowed, *rules.blocked, *self._changes.people})

    def fixed(self, person: str) -> bool:
        """The settings say who it is, which nobody changes in a chat."""
        return self._rules.of(person) is not None

    def let_in(self, owner: str, *, admin: bool = False) -> Role:
        """What somebody may do whom one of the hub's own doors let in as this owner; ``admin``: the door knows one.

        A token says no more than whose it is: who is blocked or a guest by the lists stays that.
        """
        if owner.startswith(RESERVED):
            return Role.BLOCKED
        most = Role.OWNER if admin else Role.USER
        if not self._listed:
            return most
        least = min((role for each in persons_of(owner) if (role := self.role_of(each)) is not None), default=most)
        return min(least, most) if least is Role.BLOCKED or not admin else most

    def _stranger(self, room: Room) -> Role:
        """In a private bot a room that was switched on lets its members in."""
        return Role.USER if not room.direct and self.switch(room) not in ("", "off") else Role.BLOCKED

    def switch(self, room: Room) -> str:
        """How a room was switched, a thread that was not as the room that it is of; "" if neither was."""
        rooms = self._changes.rooms
        return (rooms.get(room.key) or rooms.get(room_key(room), "")) if rooms else ""

    def language(self, room: Room) -> str:
        """The language that was chosen for a room with all its threads; "" if none was."""
        languages = self._changes.languages
        return languages.get(room_key(room), "") if languages else ""

    # --- changing: each returns what is to be stored -------------------------------------------------------------

    def set_role(self, person: str, role: Role | None, by: str) -> Append:
        """Give a person a role, or (None) take it away."""
        self._pairing.drop(person)
        return self._change(log.person_body(person, role, by))

    def set_switch(self, room: Room, switch: str, by: str) -> Append:
        """Switch a room with its threads, or one thread: one of `rules.Switch`, or `switches.KEYWORD` and a word."""
        return self._change(log.room_body(room.key, switch, by))

    def set_language(self, room: Room, language: str, by: str) -> Append:
        """Choose the language of a room, or ("") none."""
        return self._change(log.language_body(room_key(room), language, by))

    def set_limit(self, owner: str, limit: OwnLimit, by: str) -> Append:
        """Give an owner limits of their own; none of them: the hub's again."""
        return self._change(log.limit_body(owner, limit, by))

    def limit_of(self, owner: str) -> OwnLimit | None:
        """What was set for an owner."""
        return self._changes.limits.get(owner)

    def _change(self, body: dict[str, object]) -> Append:
        self._changes.take((body,))
        self._settle()
        return log.write(log.CHANGES, body)

    # --- pairing -------------------------------------------------------------------------------------------------

    def offer(self, event: Received, language: str) -> tuple[Pending, tuple[Append, ...]] | None:
        """A code for a stranger who was turned away, and what is to be stored; None where they are to get nothing.

        ``language`` is theirs, for when they are let in.
        """
        person = person_of(event)
        if self._rules.mode != "pairing" or not event.room.direct or event.owner or event.author.is_bot:
            return None
        if self.role_of(person) is not None:
            return None
        now = self._clock()
        fresh = Pending(new_code(), person, event.author.name[:100], event.room.key, now + SECONDS, language)
        found = self._pairing.ask(fresh, now)
        if found is None:
            return None
        return found, (log.write(log.PAIRING, found.body()),) if found is fresh else ()

    def waiting(self, code: str = "") -> tuple[Pending, ...]:
        """Strangers with a code; those of one code, if it is given."""
        now = self._clock()
        if not code:
            return self._pairing.all(now)
        found = self._pairing.find(code, now)
        return (found,) if found is not None else ()


def person_of(event: Received) -> str:
    """The author as lists name them."""
    return f"{event.room.platform}:{event.author.id}"


def persons_of(owner: str) -> tuple[str, ...]:
    """Whom lists may mean by an owner that came through one of the hub's own doors: the name, and whose it is."""
    name = owner.removeprefix(PAGE)
    platform, private, rest = name.partition(":private:")
    person = (f"{platform}:{rest}",) if private and platform and rest and ":" not in platform else ()
    return (f"{DOOR}:{owner}", f"{DOOR}:{name}", *person)


def _owner(person: str) -> str:
    """Whose conversations a person's private ones are."""
    platform, _, number = person.partition(":")
    return f"{platform}:private:{number}"


def room_key(room: Room) -> str:
    """A room without its threads."""
    return (replace(room, thread="") if room.thread else room).key
