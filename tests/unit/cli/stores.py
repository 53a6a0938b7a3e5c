"""A data folder with deliveries in it, as a hub that was killed leaves one."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hubbub.core.addresses import Room
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Text
from hubbub.core.reports import Report, Told
from hubbub.core.work import Outgoing, State, Unit
from hubbub.storage.sqlite.store import SqliteStore

ROOM = Room("loopback", "me", "group", "7")


def fill(folder: Path, states: dict[str, State]) -> None:
    """Store one delivery for each text, in the state that it shall have."""
    asyncio.run(_fill(folder, states))


def give_up(folder: Path, text: str, why: str) -> None:
    """Store a message that was given up."""
    asyncio.run(_give_up(folder, text, why))


def tell(folder: Path, message_id: str, told: Told) -> None:
    """Store what the platform told of a message."""
    asyncio.run(_tell(folder, Report(ROOM, message_id, told, 1_718_000_000.0)))


async def _tell(folder: Path, report: Report) -> None:
    store = SqliteStore(folder)
    await store.open()
    try:
        await store.outbox.report([report])
    finally:
        await store.close()


async def _give_up(folder: Path, text: str, why: str) -> None:
    store = SqliteStore(folder)
    await store.open()
    try:
        event = Received("2", ROOM, Author("anna"), (Text(text),), 1.0, "m2")
        receipt = await store.inbox.accept(event, ROOM.key, "node")
        assert receipt.claim is not None
        unit = Unit(dead=((receipt.entry.id, why),))
        await store.inbox.commit(receipt.claim.lane, receipt.claim.fence, unit, release=True)
    finally:
        await store.close()


async def _fill(folder: Path, states: dict[str, State]) -> None:
    store = SqliteStore(folder)
    await store.open()
    try:
        event = Received("1", ROOM, Author("anna"), (Text("question"),), 1.0, "m1")
        receipt = await store.inbox.accept(event, ROOM.key, "node")
        assert receipt.claim is not None
        sends = tuple(Outgoing(ROOM, (Text(text),), entry=receipt.entry.id) for text in states)
        unit = Unit(done=(receipt.entry.id,), sends=sends)
        committed = await store.inbox.commit(receipt.claim.lane, receipt.claim.fence, unit, release=True)
        for row, state in zip(committed.rows, states.values(), strict=True):
            if state is not State.QUEUED:
                await store.outbox.begin(row.id)
            if state in (State.UNKNOWN, State.DEAD):
                await store.outbox.fail(row.id, state, "the connection broke")
            if state is State.SENT:
                await store.outbox.settle(row.id, "42")
    finally:
        await store.close()
