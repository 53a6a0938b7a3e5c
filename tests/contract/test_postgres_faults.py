"""A database that goes away, connections that break, transactions in doubt: nothing is told that is not stored."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from hubbub.core.errors import Fenced, Overloaded, StoreAway, StoreError
from hubbub.core.failpoints import COMMITS
from hubbub.core.work import Unit
from hubbub.storage.postgres import database
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from tests.contract.store_harness import ALL_STATES, LANE, accepted, event, out, words
from tests.contract.store_postgres import talking
from tests.peers.postgres import Databases, Server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator


async def kill_connections(dsn: str) -> None:
    """What an administrator does, or a crash of the server's processes."""
    async with talking(dsn) as db:
        await db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def before_commit(store: PostgresStore, function: Callable[[], Awaitable[None]]) -> None:
    """Run this once, where the next transaction is about to be committed."""
    link: Any = store._link
    commit = link.commit

    async def meddled() -> None:
        link.commit = commit
        await function()
        await commit()

    link.commit = meddled


def after_commit(store: PostgresStore, function: Callable[[], Awaitable[None]]) -> None:
    """Run this once, when the next transaction was committed and nobody was told."""
    link: Any = store._link
    commit = link.commit

    async def meddled() -> None:
        link.commit = commit
        await commit()
        await function()

    link.commit = meddled


class TestConnections:
    async def test_a_broken_connection_costs_nothing_but_time(self, dsn: str, store: PostgresStore) -> None:
        held = await accepted(store, 1)
        for number in range(2, 5):
            await kill_connections(dsn)
            assert (await store.inbox.accept(event(number), LANE, "a")).claim is not None
            assert len(await store.outbox.deliveries(ALL_STATES)) == number - 2
            unit = Unit(sends=(out(str(number)),))
            assert words((await store.inbox.commit(LANE, held.fence, unit)).rows) == [str(number)]

    async def test_connections_that_break_again_and_again_lose_and_double_nothing(
        self, dsn: str, store: PostgresStore
    ) -> None:
        async def handle(number: int) -> None:
            claim = await accepted(store, number, "a", f"r{number}")
            unit = Unit(done=(claim.entries[0].id,), sends=(out(str(number), entry=claim.entries[0].id),))
            await store.inbox.commit(claim.lane, claim.fence, unit, release=True)

        async def trouble() -> None:
            while True:
                await asyncio.sleep(0.03)
                await kill_connections(dsn)

        killer = asyncio.create_task(trouble())
        async with asyncio.timeout(30):
            await asyncio.gather(*(handle(number) for number in range(300)))
        killer.cancel()
        await asyncio.wait([killer])
        rows = await store.outbox.deliveries(ALL_STATES, 1000)
        assert sorted(map(int, words(rows))) == list(range(300))
        assert (await store.stats())["inbox_waiting"] == 0

    async def test_a_transaction_whose_commit_was_heard_of_never_counts_if_it_was_stored(
        self, dsn: str, store: PostgresStore
    ) -> None:
        async def broken() -> None:
            raise ConnectionResetError

        held = await accepted(store, 1)
        commits = store._writer.commits
        after_commit(store, broken)
        unit = Unit(done=(held.entries[0].id,), sends=(out("once"),))
        committed = await store.inbox.commit(LANE, held.fence, unit, release=True)
        assert committed.released
        assert words(committed.rows) == words(await store.outbox.deliveries(ALL_STATES)) == ["once"]
        assert store._writer.commits == commits + 1

    async def test_a_transaction_whose_commit_did_not_arrive_is_done_again(
        self, dsn: str, store: PostgresStore
    ) -> None:
        held = await accepted(store, 1)
        before_commit(store, lambda: kill_connections(dsn))
        unit = Unit(done=(held.entries[0].id,), sends=(out("once"),))
        committed = await store.inbox.commit(LANE, held.fence, unit, release=True)
        assert committed.released
        assert words(committed.rows) == words(await store.outbox.deliveries(ALL_STATES)) == ["once"]
        assert store._writer.repeated == 1

    async def test_a_transaction_that_the_server_still_holds_open_is_ended(
        self, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The connection broke and only we know it: the server would wait for its end."""
        link: Any = store._link
        kept = []

        async def cut() -> None:
            kept.append(link._db)
            link._db = None
            raise ConnectionResetError

        held = await accepted(store, 1)
        monkeypatch.setitem(database._SESSION, "lock_timeout", "200ms")
        before_commit(store, cut)
        unit = Unit(done=(held.entries[0].id,), sends=(out("once"),))
        committed = await asyncio.wait_for(store.inbox.commit(LANE, held.fence, unit, release=True), 10)
        assert words(committed.rows) == words(await store.outbox.deliveries(ALL_STATES)) == ["once"]
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await kept[0].execute("COMMIT")

    async def test_a_deadlock_is_tried_again(self, dsn: str, store: PostgresStore) -> None:
        first, second = await accepted(store, 1, "a", "1"), await accepted(store, 2, "a", "2")
        async with talking(dsn) as db:
            other = db.transaction()
            await other.start()
            await db.execute("SELECT 1 FROM conv WHERE lane = $1 FOR UPDATE", second.lane)
            both = [
                store.inbox.commit(each.lane, each.fence, Unit(done=(each.entries[0].id,)), release=True)
                for each in (first, second)
            ]
            await asyncio.sleep(0.1)
            # Whichever the server ends, the store's transaction is stored in the end.
            with contextlib.suppress(asyncpg.DeadlockDetectedError):
                await db.execute("SELECT 1 FROM conv WHERE lane = $1 FOR UPDATE", first.lane)
            await other.rollback()
            assert [(await each).released for each in both] == [True, True]

    async def test_a_process_that_stops_in_a_transaction_holds_nobody_up_for_long(
        self, dsn: str, store: PostgresStore
    ) -> None:
        await accepted(store, 1)
        settings = await store._link._open().fetchval("SELECT current_setting('idle_in_transaction_session_timeout')")
        assert settings == "10s"


@pytest.fixture(scope="module")
def mortal() -> Iterator[Server]:
    """A server that keeps what it acknowledged, to be killed and served again."""
    server = Server(durable=True)
    try:
        server.start()
        yield server
    finally:
        server.stop()


class TestAwayDatabase:
    async def test_nothing_is_told_that_is_not_stored_and_all_goes_on_afterwards(self, mortal: Server) -> None:
        databases = Databases(mortal.dsn)
        dsn = databases.address(await databases.make())
        store = PostgresStore(dsn, Member("a", ttl=1.0), waiting=50, patience=0.5)
        await store.open()
        held = await accepted(store, 1)
        await asyncio.to_thread(mortal.kill)
        started = time.monotonic()
        with pytest.raises(StoreError):
            await store.inbox.accept(event(2), LANE, "a")
        assert time.monotonic() - started < 5
        with pytest.raises(StoreError):
            await store.outbox.deliveries(ALL_STATES)
        flood = [asyncio.ensure_future(store.inbox.accept(event(100 + n), f"x{n}")) for n in range(50)]
        with pytest.raises(Overloaded):
            await store.inbox.accept(event(999), LANE)
        refused = await asyncio.gather(*flood, return_exceptions=True)
        assert {type(each) for each in refused} == {StoreAway}
        await asyncio.to_thread(mortal.serve)
        unit = Unit(done=(held.entries[0].id,), sends=(out("late"),))
        async with asyncio.timeout(15):
            while True:
                with contextlib.suppress(StoreError):
                    committed = await store.inbox.commit(LANE, held.fence, unit, release=True)
                    break
            assert committed.released
            assert not (await store.inbox.accept(event(2), LANE, "a")).duplicate
            assert words(await store.outbox.deliveries(ALL_STATES)) == ["late"]
            while (await store.stats())["nodes"] != 1:
                await asyncio.sleep(0.05)
        await store.close()

    async def test_what_came_after_refused_events_does_not_overtake_them(self, mortal: Server) -> None:
        databases = Databases(mortal.dsn)
        store = PostgresStore(databases.address(await databases.make()), Member("a"), patience=0.5)
        await store.open()
        held = await accepted(store, 1, "a", "held")
        await asyncio.to_thread(mortal.kill)
        first = asyncio.ensure_future(store.inbox.accept(event(2), LANE))
        await asyncio.sleep(0.1)
        second = asyncio.ensure_future(store.inbox.accept(event(3), LANE))
        unit = Unit(done=(held.entries[0].id,), sends=(out("kept"),))
        commit = asyncio.ensure_future(store.inbox.commit("held", held.fence, unit, release=True))
        with pytest.raises(StoreAway):
            await first
        await asyncio.sleep(0)
        assert isinstance(second.exception(), StoreAway)
        assert not commit.done(), "units keep their order by their lanes, and are tried on"
        await asyncio.to_thread(mortal.serve)
        async with asyncio.timeout(15):
            for number in (2, 3):
                while True:
                    with contextlib.suppress(StoreAway):
                        assert not (await store.inbox.accept(event(number), LANE)).duplicate
                        break
        with contextlib.suppress(StoreAway, Fenced):  # tried for too long, or until the process counted as dead
            await commit
        await store.close()

    async def test_a_short_absence_is_not_noticed(self, mortal: Server) -> None:
        databases = Databases(mortal.dsn)
        store = PostgresStore(databases.address(await databases.make()), Member("a"), patience=20)
        await store.open()
        numbers: list[int] = []

        async def handle(number: int) -> None:
            claim = await accepted(store, number, "a", f"r{number}")
            unit = Unit(done=(claim.entries[0].id,), sends=(out(str(number), entry=claim.entries[0].id),))
            await store.inbox.commit(claim.lane, claim.fence, unit, release=True)
            numbers.append(number)

        async def go_on() -> None:
            for number in itertools.count():
                await asyncio.gather(*(handle(number * 10 + each) for each in range(10)))

        work = asyncio.create_task(go_on())
        for _ in range(2):
            await asyncio.sleep(0.3)
            await asyncio.to_thread(mortal.kill)
            await asyncio.to_thread(mortal.serve)
        before = len(numbers)
        async with asyncio.timeout(20):
            while len(numbers) < before + 20:
                await asyncio.sleep(0.01)
        work.cancel()
        await asyncio.wait([work])
        sent = list(map(int, words(await store.outbox.deliveries(ALL_STATES, 100_000))))
        assert len(sent) == len(set(sent))
        assert set(numbers) <= set(sent)
        await store.close()

    async def test_closing_does_not_wait_for_a_database_that_is_gone(self, mortal: Server) -> None:
        databases = Databases(mortal.dsn)
        store = PostgresStore(databases.address(await databases.make()), Member("a"), patience=0.2)
        await store.open()
        await asyncio.to_thread(mortal.kill)
        waiting = asyncio.ensure_future(store.inbox.accept(event(1), LANE))
        await asyncio.wait_for(store.close(), 15)
        with pytest.raises(StoreError):
            await waiting
        await asyncio.to_thread(mortal.serve)


class TestFailpoints:
    async def test_every_commit_is_passed_before_and_after(self, dsn: str) -> None:
        passed: list[str] = []
        store = PostgresStore(dsn, Member("a"), failpoint=passed.append)
        await store.open()
        held = await accepted(store, 1)
        unit = Unit(done=(held.entries[0].id,), sends=(out("one"),))
        (row,) = (await store.inbox.commit(LANE, held.fence, unit, release=True)).rows
        assert await store.outbox.begin(row.id)
        await store.outbox.settle(row.id, "1")
        await store.close()
        assert passed == [f"{what}.commit.{when}" for what in COMMITS for when in ("before", "after")]
