"""What is SQLite's own way of keeping the contract."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.errors import StoreError
from hubbub.core.store import Token
from hubbub.core.work import Append, Archive, Branch, MoveHead, Node, State, Unit
from hubbub.storage import schema
from hubbub.storage.sqlite import pruning
from hubbub.storage.sqlite.cache import BranchCache
from hubbub.storage.sqlite.connection import DATABASE
from tests.contract.store_harness import ALL_STATES, LANE, accepted, event, out, stored, written
from tests.contract.store_rest import alarm
from tests.contract.store_sqlite import SqliteHarness, fast_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def harness() -> AsyncIterator[SqliteHarness]:
    harness = SqliteHarness(fast_folder())
    await harness.open()
    yield harness
    await harness.end()
    harness.remove()


def rows_of(harness: SqliteHarness, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(harness.folder / DATABASE)) as db:
        return db.execute(query).fetchall()


# --- the writer --------------------------------------------------------------------------------------------------


async def test_what_comes_at_once_shares_a_transaction(harness: SqliteHarness) -> None:
    await asyncio.gather(*(harness.store.inbox.accept(event(number), LANE) for number in range(500)))
    stats = await harness.store.stats()
    assert stats["written"] == 500
    assert stats["commits"] <= 3


async def test_a_refused_call_harms_nobody_in_its_transaction(harness: SqliteHarness) -> None:
    secrets = harness.store.secrets
    await secrets.token_add(Token("t", "first", ()), "digest")
    again, value, accepting = await asyncio.gather(
        secrets.token_add(Token("t", "again", ()), "other"),
        secrets.put("key", "value"),
        harness.store.inbox.accept(event(1), LANE),
        return_exceptions=True,
    )
    assert isinstance(again, StoreError)
    assert value is None
    assert not isinstance(accepting, BaseException)
    assert await secrets.get("key") == "value"
    assert [token.name for token in await secrets.tokens()] == ["first"]


async def test_units_behind_a_release_do_not_stop_the_writer(harness: SqliteHarness) -> None:
    """The contract forbids them; the store must live on."""
    claim = await accepted(harness.store, 1)
    unit = Unit(done=(claim.entries[0].id,))
    commits = [harness.store.inbox.commit(LANE, claim.fence, each, release=True) for each in (unit, unit, Unit())]
    assert [(await commit).released for commit in commits] == [True, False, False]
    assert (await accepted(harness.store, 2)).fence > claim.fence


async def test_an_entry_done_twice_does_not_keep_its_lane_busy(harness: SqliteHarness) -> None:
    claim = await accepted(harness.store, 1)
    unit = Unit(done=(claim.entries[0].id,) * 2)
    await harness.store.inbox.commit(LANE, claim.fence, unit)
    await harness.store.inbox.release(LANE, claim.fence)
    assert not await harness.store.inbox.claim("a", 9)
    assert not await harness.store.inbox.claim("a", 9)
    assert (await accepted(harness.store, 2)).entries[0].event.id == "event-2"


# --- the schema --------------------------------------------------------------------------------------------------


async def test_no_question_reads_a_whole_table(harness: SqliteHarness) -> None:
    """The tables grow for ever, or for eight days: only what is open has small indexes."""
    store = harness.store
    asked: list[str] = []
    for connection in (store._writer._connection, store._reader._connection):
        assert connection is not None
        connection.set_trace_callback(asked.append)
    await everything(harness)
    told = [each for each in dict.fromkeys(asked) if each.startswith(("SELECT", "UPDATE", "DELETE", "WITH"))]
    assert len(told) > 20
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(schema.SQLITE)
        for query in told:
            plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {query}")]
            whole = [step for step in plan if step in {f"SCAN {name}" for name in ("inbox", "outbox", "node", "timer")}]
            assert not whole, query


async def everything(harness: SqliteHarness) -> None:
    """Ask the store whatever is asked while a hub starts and runs."""
    store = harness.store
    rows = await stored(store, out("1"), out("2"), out("3", state=State.KEPT))
    await store.outbox.recover("a")
    assert await store.outbox.begin(rows[0].id)
    await store.outbox.settle(rows[0].id, "7")
    await store.outbox.fail(rows[1].id, State.UNKNOWN, "why")
    await store.outbox.sent(rows[0].out.room, "7")
    await store.outbox.retry(rows[1].id)
    await store.outbox.drop(rows[1].id)
    for states in ([State.QUEUED], [State.UNKNOWN, State.DEAD], [State.SENDING], [State.SENT], ALL_STATES):
        await store.outbox.deliveries(states, 10, 1)
    await store.inbox.accept(event(5), LANE)
    assert (await store.inbox.accept(event(5), LANE)).duplicate
    (claim,) = await store.inbox.claim("a", 9)
    await store.inbox.commit(LANE, claim.fence, Unit(done=(claim.entries[0].id,)), release=True)
    await store.inbox.replies(claim.entries[0].id)
    await written(store, Append("o", "context", "default", ("1",)), alarm("tea", 1.0), number=9)
    await store.timers.next_due()
    await store.timers.fire(5.0)
    await harness.afresh().branch("o", "context")
    await store.stats()
    await store.prune(time.time() + 60)
    assert store._writer._connection is not None
    store.inbox.load(store._writer._connection, 1)
    store.outbox.load(store._writer._connection)


async def test_heads_that_were_left_are_in_the_log(harness: SqliteHarness) -> None:
    await written(harness.store, Append("o", "context", "default", ("1", "2")), number=1)
    await written(harness.store, MoveHead("o", "context", "default", 1, "undo"), number=2)
    await written(harness.store, Archive("o", "context", "default", "old"), number=3)
    await written(harness.store, MoveHead("o", "context", "default", 99, "nothing of the owner's"), number=4)
    log = rows_of(harness, "SELECT owner, kind, name, head, reason FROM branch_log ORDER BY id")
    assert log == [("o", "context", "default", 2, "undo"), ("o", "context", "default", 1, "archived as old")]


# --- forgetting --------------------------------------------------------------------------------------------------


async def test_a_file_whose_past_is_forgotten_does_not_grow(harness: SqliteHarness) -> None:
    pages = []
    for turn in range(8):
        for number in range(100):
            await stored(harness.store, out("x" * 500, state=State.KEPT), number=turn * 100 + number)
        await asyncio.sleep(0.002)
        while await harness.store.prune(time.time(), 50):
            pass
        pages.append(rows_of(harness, "PRAGMA page_count")[0][0])
    assert rows_of(harness, "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM outbox)") == [(1, 1)]
    assert pages[-1] == pages[1]


@given(
    times=st.lists(st.tuples(st.integers(1, 3), st.integers(0, 20), st.booleans()), max_size=40),
    before=st.integers(0, 21),
    limit=st.integers(1, 50),
    steady=st.booleans(),
)
def test_what_is_found_is_old_and_over(
    times: list[tuple[int, int, bool]], before: int, limit: int, steady: bool
) -> None:
    """Where the clock never went back, it is all that is old, in order; but the newest row always stays."""
    table = pruning._TABLES[0]
    if steady:
        moments = sorted(moment for _, moment, _ in times)
        times = [(gap, moment, over) for (gap, _, over), moment in zip(times, moments, strict=True)]
    row_id, rows = 0, {}
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript(schema.SQLITE)
        for gap, moment, over in times:
            row_id += gap
            rows[row_id] = (moment, over)
            db.execute(
                "INSERT INTO inbox VALUES(?, ?, 'l', '', ?, ?, 0, '', 0)", (row_id, str(row_id), moment, int(over))
            )
        found = [row for (row,) in pruning._find(table, float(before), limit, db)]
    old = [number for number, (moment, over) in rows.items() if over and moment < before and number != row_id]
    assert set(found) <= set(old)
    assert found == sorted(found)
    assert len(found) <= limit
    if steady:
        assert found == old[:limit]


# --- what is remembered ------------------------------------------------------------------------------------------


def branch(name: str, length: int) -> Branch:
    nodes = tuple(Node(number, number - 1, number, 1.0) for number in range(1, length + 1))
    return Branch("o", "context", name, length, 1.0, nodes)


def test_memory_is_bounded_and_the_least_used_goes_first() -> None:
    cache = BranchCache(20)
    cache.keep(branch("one", 8), current=False)
    cache.keep(branch("two", 8), current=False)
    assert cache.find("o", "context", "one") is not None
    cache.keep(branch("three", 8), current=False)
    found = {name: cache.find("o", "context", name) is not None for name in ("one", "two", "three")}
    assert found == {"one": True, "two": False, "three": True}
    for number in range(1000):
        cache.keep(branch(str(number), number % 7), current=True)
        cache.forget("o", "context", str(number - 3))
    assert cache._count <= 20
    assert cache._count == sum(len(each.nodes) + 1 for each in cache._branches.values())


def test_one_branch_beyond_the_bound_is_kept() -> None:
    """Else it would be read anew for every message."""
    cache = BranchCache(10)
    cache.keep(branch("short", 2), current=False)
    cache.keep(branch("long", 100), current=True)
    assert cache.find("o", "context", "") == branch("long", 100)
    assert cache.find("o", "context", "short") is None
