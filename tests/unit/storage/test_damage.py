"""One stored thing that cannot be read (of a newer version, or damaged) keeps nobody else from going on."""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING

import pytest

from hubbub.core.capabilities import Delivery
from hubbub.core.work import State
from hubbub.storage.sqlite.connection import DATABASE
from tests.contract.store_harness import ALL_STATES, LANE, event, out, runs, stored, words, written
from tests.contract.store_rest import alarm
from tests.contract.store_sqlite import SqliteHarness, fast_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ODD = '{"type":"of tomorrow"}'


@pytest.fixture
async def harness() -> AsyncIterator[SqliteHarness]:
    harness = SqliteHarness(fast_folder())
    await harness.open()
    yield harness
    await harness.end()
    harness.remove()


def damage(harness: SqliteHarness, statement: str, *which: int) -> None:
    with sqlite3.connect(harness.folder / DATABASE) as db:
        assert db.execute(statement, (ODD, *which)).rowcount == 1
    db.close()


async def test_an_entry_is_given_up(harness: SqliteHarness, caplog: pytest.LogCaptureFixture) -> None:
    receipts = [await harness.store.inbox.accept(event(number), LANE) for number in range(3)]
    bad = receipts[1].entry.id
    damage(harness, "UPDATE inbox SET event = ? WHERE id = ?", bad)
    with caplog.at_level(logging.ERROR):
        (claim,) = await harness.store.inbox.claim("a", 9)
    assert [entry.event.id for entry in claim.entries] == ["event-0", "event-2"]
    assert f"entry {bad} is given up" in caplog.text
    assert (await harness.store.stats())["inbox_waiting"] == 2
    replies = await harness.store.inbox.replies(bad)
    assert replies is not None
    assert not replies
    store = await harness.reopen("killed")
    (claim,) = await store.inbox.claim("a", 9)
    assert len(claim.entries) == 2


async def test_a_lane_of_nothing_but_damage_is_no_claim(harness: SqliteHarness) -> None:
    await harness.store.inbox.accept(event(1), LANE)
    damage(harness, "UPDATE inbox SET event = ?")
    store = await harness.reopen()
    assert not await store.inbox.claim("a", 9)
    assert (await store.inbox.accept(event(2), LANE, "a")).claim is not None


async def test_a_row_is_not_sent_but_listed(harness: SqliteHarness, caplog: pytest.LogCaptureFixture) -> None:
    rows = await stored(harness.store, out("one"), out("two"), out("three", delivery=Delivery.IDEMPOTENT))
    damage(harness, "UPDATE outbox SET message = ? WHERE id = ?", rows[1].id)
    store = await harness.reopen()
    with caplog.at_level(logging.ERROR):
        assert words(await store.outbox.recover("a")) == ["one", "three"]
    assert f"message {rows[1].id} is not sent" in caplog.text
    (dead,) = await store.outbox.deliveries([State.DEAD])
    assert (dead.id, dead.out.message) == (rows[1].id, ())
    assert "cannot be read" in dead.error
    assert len(await store.outbox.deliveries(ALL_STATES)) == 3


async def test_a_timer_is_dropped(harness: SqliteHarness, caplog: pytest.LogCaptureFixture) -> None:
    await written(harness.store, alarm("bad", 1.0), alarm("good", 2.0), number=1)
    damage(harness, "UPDATE timer SET event = ? WHERE name = 'bad'")
    with caplog.at_level(logging.ERROR):
        (receipt,) = await harness.store.timers.fire(5.0, "a")
    assert receipt.entry.event.id == "good#0"
    assert "timer bad is dropped" in caplog.text
    async for store in runs(harness, "killed"):
        assert await store.timers.next_due() is None
