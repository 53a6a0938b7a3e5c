"""What a store's tests stand on: an engine that can be closed, killed and held still, and short ways to use it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

from hubbub.core.addresses import Room
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Text, text_of
from hubbub.core.work import Claim, Outgoing, Row, State, Unit, Write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Sequence

    from hubbub.core.capabilities import Delivery
    from hubbub.core.store import Conversations, Store

Ending = Literal["closed", "killed", "unheard"]
"""How a store ends: in good order; killed before what is under way is committed; after, but before it is told."""

NODES = ("a", "b")
ALL_STATES = tuple(State)


class StoreHarness(Protocol):
    """One engine on data of its own."""

    @property
    def store(self) -> Store:
        """The open store."""

    async def reopen(self, how: Ending = "closed") -> Store:
        """End the store and open another on the same data; claims of the old one are given up."""

    def hold(self) -> None:
        """Let no transaction end from now on."""

    def let_go(self) -> None:
        """Let transactions end again."""

    def afresh(self) -> Conversations:
        """What is stored, read by somebody who remembers nothing."""


async def runs(harness: StoreHarness, *endings: Ending) -> AsyncIterator[Store]:
    """The store as it is, and again after each ending."""
    yield harness.store
    for ending in endings:
        yield await harness.reopen(ending)


def room(name: str = "r", account: str = "bot") -> Room:
    return Room("test", account, "private", name)


LANE = room().key


def event(number: int, name: str = "r", account: str = "bot", text: str = "") -> Received:
    author = Author(name, f"user {name}")
    words = (Text(text or f"message {number}"),)
    return Received(f"event-{number}", room(name, account), author, words, 1.0, str(number), addressed=True)


def out(text: str, **more: object) -> Outgoing:
    return Outgoing(room(), (Text(text),), **more)  # type: ignore[arg-type]  # a test's own keywords


def words(rows: Sequence[Row]) -> list[str]:
    return [text_of(row.out.message) for row in rows]


async def accepted(store: Store, number: int, node: str = "a", name: str = "r") -> Claim:
    """Accept an event into a lane that is free or the node's own, and return the claim."""
    incoming = event(number, name)
    receipt = await store.inbox.accept(incoming, incoming.room.key, node)
    assert receipt.claim is not None
    return receipt.claim


async def stored(store: Store, *sends: Outgoing, number: int = 1) -> list[Row]:
    """Handle an event that causes these messages; their rows."""
    claim = await accepted(store, number, name=f"stored-{number}")
    entry = claim.entries[0].id
    sends = tuple(replace(each, entry=entry) for each in sends)
    unit = Unit(done=(entry,), sends=sends)
    committed = await store.inbox.commit(claim.lane, claim.fence, unit, release=True)
    return list(committed.rows)


async def written(store: Store, *writes: Write, number: int) -> None:
    """Handle an event that causes these writes."""
    claim = await accepted(store, number, name=f"written-{number}")
    unit = Unit(done=(claim.entries[0].id,), writes=writes)
    await store.inbox.commit(claim.lane, claim.fence, unit, release=True)


async def in_state(store: Store, state: State, delivery: Delivery, number: int = 1) -> Row:
    """A row that was brought to a state the way it comes there."""
    first = state if state in (State.KEPT, State.SENDING) else State.QUEUED
    (row,) = await stored(store, out(f"row {number}", delivery=delivery, state=first), number=number)
    if state is State.DROPPED:
        assert await store.outbox.drop(row.id)
    elif state is not first:
        assert await store.outbox.begin(row.id)
        if state is State.SENT:
            await store.outbox.settle(row.id, f"id-{number}")
        else:
            await store.outbox.fail(row.id, state, "it failed")
    return await the_row(store, row.id)


async def the_row(store: Store, row_id: int) -> Row:
    (row,) = await store.outbox.deliveries(ALL_STATES, 1, row_id - 1)
    assert row.id == row_id
    return row


async def under_way(future: Awaitable[object]) -> None:
    """Give what was called time to be told if it (wrongly) can be, while the harness holds all transactions."""
    waiting = asyncio.ensure_future(future)
    done, _ = await asyncio.wait([waiting], timeout=0.02)
    assert not done, f"told before it was stored: {done}"
