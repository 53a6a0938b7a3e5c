"""Joining two identities, and parting one from the others: each stored at once or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hubbub.conversations.people import codes, ties
from hubbub.conversations.people.bringing import Brought, bring
from hubbub.conversations.people.codes import CODES, READ, Offers, Side
from hubbub.conversations.people.ties import OWNER, Ties, Used
from hubbub.core.addresses import Room
from hubbub.core.errors import UserError
from hubbub.core.events import Fired
from hubbub.core.identities import Author
from hubbub.core.phrases import Phrase
from hubbub.core.work import Spend, TimerSet

if TYPE_CHECKING:
    from hubbub.conversations.limits import Meter
    from hubbub.conversations.people.directory import Directory
    from hubbub.core.ports import Clock
    from hubbub.core.store import Conversations, Usage
    from hubbub.core.work import Branch, Write

LATE = "people.late"
"""The kind of a `Fired` event at which what an identity still wrote by itself, while it was joined, comes along."""
_LATE_SECONDS = 30.0
TRIES = 20
"""How often something is tried that others may change at the same moment."""


class Means(Protocol):
    """What is needed for it."""

    @property
    def conversations(self) -> Conversations:
        """What owners keep."""

    @property
    def usage(self) -> Usage:
        """What owners used."""

    @property
    def meter(self) -> Meter:
        """Knows the day."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def people(self) -> Directory:
        """Who is one person."""


@dataclass(frozen=True, slots=True)
class Joined:
    """``by`` entered the code; ``was`` is whose contexts that identity had until now."""

    by: Side
    was: str
    brought: Brought


async def offers(conversations: Conversations, now: float) -> tuple[Branch, Offers]:
    """The log of codes as it is stored, and those that hold. Raises StoreError."""
    kept = await conversations.branch(OWNER, "config", CODES, limit=READ)
    return kept, Offers.of((node.body for node in kept.nodes), now)


async def join(hub: Means, maker: str) -> Joined:
    """Let whoever entered the code of ``maker`` be one with them.

    Raises:
        UserError: nobody did, or it has lapsed, or they are one already.
        StoreError: it is not stored.
    """
    for _ in range(TRIES):
        log, known = await hub.people.read()
        kept, found = await offers(hub.conversations, hub.clock())
        offer = found.of_maker(maker)
        if offer is None or offer.by is None:
            raise UserError(Phrase("link.nothing_open"))
        main, was = known.owner(maker), known.owner(offer.by.identity)
        if main == was:
            raise UserError(Phrase("link.already"))
        brought = await bring(hub.conversations, was, main)
        spend, used = await _spent(hub, known, was, main)
        late = _late(offer.by, was, offer.digest, hub.clock(), brought)
        writes: tuple[Write, ...] = (ties.join(was, main, used), codes.used_up(offer), *brought.writes, *spend, late)
        if await hub.conversations.change(writes, (log, kept, *brought.seen)):
            return Joined(offer.by, was, brought)
    raise UserError(Phrase("link.try_again"))


async def _spent(hub: Means, known: Ties, was: str, main: str) -> tuple[tuple[Spend, ...], Used]:
    """What an identity used today counts where it is joined, once."""
    day = hub.meter.today(was)
    spent = await hub.usage.spent(was, day, day)
    used = (spent.messages, spent.prompt_tokens, spent.completion_tokens, spent.cost)
    before = known.brought.get(was)
    already = before[1:] if before is not None and before[0] == day else (0, 0, 0, 0)
    messages, asked, answered, cost = (max(0, now - then) for now, then in zip(used, already, strict=True))
    here = hub.meter.today(main)
    new = Spend(main, here, messages, asked, answered, cost=cost)
    return (new,) if messages or asked or answered or cost else (), (day, *used)


def _late(by: Side, was: str, digest: str, now: float, brought: Brought) -> TimerSet:
    """Messages of the identity that are being answered at this moment are still stored as its own."""
    data: dict[str, object] = {"from": was, "heads": dict(brought.heads)}
    event = Fired(f"join-{digest[:32]}", Room.parse(by.room), Author(""), now, LATE, data)
    return TimerSet(f"join:{was}", now + _LATE_SECONDS, event, was)


async def late(conversations: Conversations, people: Directory, event: Fired) -> tuple[Write, ...]:
    """What an identity wrote by itself since it was joined. Raises StoreError."""
    was, heads = event.data.get("from"), event.data.get("heads")
    if not isinstance(was, str) or not isinstance(heads, dict) or people.owner(was) == was:
        return ()
    return (await bring(conversations, was, people.owner(was), heads)).writes


async def part(hub: Means, identity: str, *, copy: bool) -> Brought:
    """Let an identity be one of its own again, with what it had before; ``copy``: and with all that is joined now.

    Raises:
        UserError: it is joined to nobody.
        StoreError: it is not stored.
    """
    for _ in range(TRIES):
        log, known = await hub.people.read()
        if len(known.all_of(identity)) == 1:
            raise UserError(Phrase("link.try_again"))
        main = known.owner(identity)
        brought = await bring(hub.conversations, main, identity) if copy and main != identity else Brought()
        left = known.take(({"part": identity},))
        if await hub.conversations.change((ties.rewrite(left), *brought.writes), (log, *brought.seen)):
            return brought
    raise UserError(Phrase("link.try_again"))


async def shorten(conversations: Conversations, kept: Branch, now: float) -> None:
    """Write the log of codes anew where it has become long; nothing happens if somebody else adds to it."""
    if len(kept.nodes) >= codes.LONG:
        await conversations.change((codes.without((node.body for node in kept.nodes), now),), (kept,))


async def forgotten(conversations: Conversations, people: Directory, owner: str, now: float) -> None:
    """No identity of a person is known to be one with others any more. Raises StoreError."""
    for _ in range(TRIES):
        log, known = await people.read()
        gone = known.all_of(owner)
        kept, _ = await offers(conversations, 0.0)
        named = codes.without((node.body for node in kept.nodes), now, gone)
        if len(gone) == 1 and owner not in known.brought and len(named.bodies) == len(kept.nodes):
            return
        left = known.take(({"part": known.owner(owner)},))
        for each in gone:
            left.brought.pop(each, None)
        if await conversations.change((ties.rewrite(left), named), (log, kept)):
            await people.tell()
            return
