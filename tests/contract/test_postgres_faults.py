"""A database that goes away, connections that break, transactions in doubt: nothing is told that is not stored."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from hubbub.core.errors import Overloaded, StoreError, Unstorable
from hubbub.core.failpoints import COMMITS
from hubbub.core.work import Append, MoveHead, State, TimerSet, Unit
from hubbub.storage import migrations, schema
from hubbub.storage.migrations import first
from hubbub.storage.postgres import database, opening
from hubbub.storage.postgres.database import Database
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from tests.contract.store_harness import ALL_STATES, LANE, accepted, event, out, room, words, written
from tests.contract.store_postgres import PostgresHarness
from tests.peers.postgres import Databases, Server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence

ODD = "a\0b\x1a0c\x1a\n'\"\\"


@pytest.fixture
async def store(dsn: str) -> AsyncIterator[PostgresStore]:
    harness = PostgresHarness(dsn)
    yield await harness.open()
    await harness.end()


@contextlib.asynccontextmanager
async def talking(dsn: str) -> AsyncIterator[Any]:
    """Another connection to the store's tables."""
    db = await asyncpg.connect(dsn, server_settings={"search_path": "hubbub"})
    try:
        yield db
    finally:
        await db.close()


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
        assert {type(each) for each in refused} == {StoreError}
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


class TestOddValues:
    async def test_texts_that_postgresql_has_no_letters_for_come_back(self, store: PostgresStore) -> None:
        lane = f"lane {ODD}"
        receipt = await store.inbox.accept(event(1, ODD, text=ODD), lane)
        (claim,) = await store.inbox.claim("a", 1)
        assert (claim.lane, claim.entries[0].lane, claim.entries[0].event) == (lane, lane, receipt.entry.event)
        sends = (out(ODD, reply_to=ODD, entry=receipt.entry.id),)
        unit = Unit((receipt.entry.id,), sends, (Append(ODD, "context", ODD, (ODD,)),))
        (row,) = (await store.inbox.commit(lane, claim.fence, unit, release=True)).rows
        await store.outbox.settle(row.id, ODD)
        found = await store.outbox.sent(room(), ODD)
        assert found is not None
        assert (found.message_id, found.out.reply_to, found.out.message) == (ODD, ODD, sends[0].message)
        assert [node.body for node in (await store.conversations.branch(ODD, "context", ODD)).nodes] == [ODD]
        assert [branch.name for branch in await store.conversations.branches(ODD, "context")] == [ODD]
        assert list(await store.conversations.owners("context")) == [ODD]
        await store.secrets.put(ODD, ODD)
        assert await store.secrets.get(ODD) == ODD
        lease = await store.leases.acquire(ODD, ODD, 60, ODD)
        assert list(await store.leases.held()) == [lease]
        await written(store, TimerSet(ODD, 1.0, event(7), ODD), number=3)
        assert [(each.entry.lane, each.duplicate) for each in await store.timers.fire(2.0)] == [(ODD, False)]

    async def test_an_event_of_a_very_long_name_is_known_again(self, store: PostgresStore) -> None:
        import random

        chance = random.Random(1)
        long = "".join(chance.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=20_000))
        for name in (long, long + "x"):
            given = event(1)
            given = type(given)(name, given.room, given.author, given.message, 1.0, name)
            first = await store.inbox.accept(given, LANE)
            assert not first.duplicate
            assert (await store.inbox.accept(given, LANE)).duplicate

    async def test_names_that_no_index_takes_are_refused_alone(self, store: PostgresStore) -> None:
        long = "x" * 1001
        good = store.inbox.accept(event(1), LANE)
        with pytest.raises(Unstorable):
            await store.inbox.accept(event(2), long)
        with pytest.raises(Unstorable):
            await written(store, Append(long, "context", "default", (1,)), number=3)
        assert not (await good).duplicate
        assert (await store.conversations.branch(long, "context")).nodes == ()

    async def test_numbers_that_no_column_takes_are_nobodys(self, store: PostgresStore) -> None:
        huge = 10**30
        held = await accepted(store, 1)
        await store.inbox.commit(LANE, held.fence, Unit(done=(huge, -huge), dead=((huge, "why"),)))
        with pytest.raises(Unstorable):
            await store.inbox.commit(LANE, held.fence, Unit(sends=(out("x", entry=huge),)))
        assert not await store.outbox.begin(huge)
        await store.outbox.settle(huge, "1")
        await written(store, MoveHead("o", "context", "default", huge, "why"), number=2)
        assert not await store.outbox.deliveries([State.QUEUED], after=huge)

    async def test_what_only_the_database_refuses_harms_nobody_else(
        self, store: PostgresStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from hubbub.storage.postgres import texts

        monkeypatch.setattr(texts, "stored", lambda text: text)
        calls = [store.inbox.accept(event(number, "r", text="fine"), f"lane-{number}") for number in range(9)]
        calls.insert(4, store.inbox.accept(event(99), "half \0 of it"))
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(found.pop(4), StoreError)
        assert not [each for each in found if isinstance(each, BaseException)]
        assert len(await store.inbox.claim("a", 20)) == 9


async def _structure(dsn: str) -> dict[str, Sequence[Any]]:
    """All that a schema is, but what it holds."""
    queries = {
        "columns": "SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name"
        " FROM information_schema.columns WHERE table_schema = 'hubbub' ORDER BY 1, 2",
        "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'hubbub' ORDER BY 1",
        "options": "SELECT relname, reloptions FROM pg_class WHERE relnamespace = 'hubbub'::regnamespace ORDER BY 1",
    }
    async with talking(dsn) as db:
        return {name: [tuple(row) for row in await db.fetch(query)] for name, query in queries.items()}


class TestOpening:
    async def test_migrations_end_at_the_schema(self, databases: Databases, new: str) -> None:
        made = databases.address(await databases.make())
        store = PostgresStore(made, Member("a"))
        await store.open()
        await store.close()
        async with talking(new) as db:
            await db.execute("CREATE SCHEMA hubbub")
            await db.execute(migrations.script("base"))
            assert await db.fetchval("SELECT version_num FROM alembic_version") == schema.VERSION
        assert await _structure(new) == await _structure(made)
        assert first.POSTGRES in schema.POSTGRES or schema.VERSION != "0001"

    async def test_an_older_database_is_brought_up_to_date_or_left_as_it_was(
        self, new: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = PostgresStore(new, Member("a"))
        await store.open()
        await accepted(store, 1)
        await store.close()
        monkeypatch.setattr(schema, "VERSION", "0002")
        steps = iter(["ALTER TABLE meta ADD COLUMN more text; SELECT 1/0", "ALTER TABLE meta ADD COLUMN more text"])
        monkeypatch.setattr(migrations, "script", lambda version: next(steps))
        with pytest.raises(StoreError, match=r"0001 to 0002.*it is as it was"):
            await PostgresStore(new, Member("a")).open()
        store = PostgresStore(new, Member("a"))
        await store.open()
        assert (await store.inbox.accept(event(1), LANE)).duplicate
        assert await store._reader.fetch("SELECT more FROM meta")
        await store.close()

    async def test_a_newer_database_is_refused(self, new: str) -> None:
        store = PostgresStore(new, Member("a"))
        await store.open()
        await store.close()
        async with talking(new) as db:
            await db.execute("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(StoreError, match="written by a newer Hubbub"):
            await PostgresStore(new, Member("a")).open()

    async def test_tables_of_others_are_left_alone(self, new: str) -> None:
        async with talking(new) as db:
            await db.execute("CREATE SCHEMA hubbub; CREATE TABLE hubbub.inbox(mine text)")
        with pytest.raises(StoreError, match="not Hubbub's"):
            await PostgresStore(new, Member("a")).open()

    async def test_an_encoding_that_holds_not_all_letters_is_refused(self, databases: Databases) -> None:
        name = f"{await databases.make()}_latin"
        await databases._do(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
        with pytest.raises(StoreError, match="UTF8"):
            await PostgresStore(databases.address(name), Member("a")).open()
        await databases.drop(name)

    async def test_a_server_that_is_not_there_is_told_without_the_password(self) -> None:
        store = PostgresStore("postgresql://me:hushhush@127.0.0.1:1/x", Member("a"))
        with pytest.raises(StoreError, match="DATABASE_URL") as refused:
            await store.open()
        assert "hushhush" not in str(refused.value)
        await store.close()

    async def test_an_old_server_is_refused(self, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(opening, "OLDEST", 99)
        with pytest.raises(StoreError, match="needs 99 or later"):
            await PostgresStore(dsn, Member("a")).open()

    def test_passwords_are_not_shown(self) -> None:
        shown = Database("postgresql://me:a:b@c@host/x").shown
        assert "a:b" not in shown
        assert shown.endswith("@host/x")
