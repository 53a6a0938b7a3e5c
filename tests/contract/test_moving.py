"""A store is moved, whatever is in it: all of it arrives, and a move that was broken off goes on."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from hubbub.core.addresses import Room
from hubbub.core.calls import CallQuery, ModelCall
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import StoreBusy, StoreError
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Blob, Text
from hubbub.core.quotas import Pace, Quota, Reservation
from hubbub.core.store import Token
from hubbub.core.work import Append, Archive, MoveHead, Spend, State, Switch, TimerSet, Unit
from hubbub.storage import scan, schema
from hubbub.storage.moving import Moved, move
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from hubbub.storage.postgres.tables import PostgresEnd
from hubbub.storage.sqlite.connection import DATABASE
from hubbub.storage.sqlite.store import SqliteStore
from hubbub.storage.sqlite.tables import SqliteEnd
from hubbub.storage.tables import Mark, tables
from tests.contract.store_harness import ALL_STATES, LANE, accepted, event, in_state, written
from tests.contract.store_postgres import talking
from tests.contract.store_sqlite import fast_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

    from hubbub.core.store import Store
    from hubbub.storage.tables import End, Values

LONG_ID = "x" * 2000
ODD = "bell\x07 nul\0 sub\x1a 猫"
EVERY_STATE = (State.QUEUED, State.SENDING, State.SENT, State.KEPT, State.UNKNOWN, State.DEAD, State.DROPPED)


async def fill(store: Store) -> None:
    """Something of every kind, as hubs leave it that were killed in the middle of their work."""
    await accepted(store, 1)
    await store.inbox.accept(event(2), LANE)
    await store.inbox.accept(
        Received(LONG_ID, Room("test", "bot", "private", ODD), Author("a"), (Text(ODD),), 1.0, "m"), "x"
    )
    for number, state in enumerate(EVERY_STATE):
        await in_state(store, state, Delivery.IDEMPOTENT if number % 2 else Delivery.BLIND, 10 + number)
    held = await accepted(store, 30, name="given up")
    dead = Unit(dead=((held.entries[0].id, "it cannot be done"),))
    await store.inbox.commit(held.lane, held.fence, dead, release=True)
    for owner in ("anna", ODD):
        await written(
            store,
            Append(owner, "context", "default", ({"role": "user", "content": ODD}, 2, 3)),
            Append(owner, "prompt", "poet", ("be brief",)),
            Switch(owner, "prompt", "poet"),
            Spend(owner, "2026-01-31", 1, 2, 3, LANE),
            TimerSet(f"timer of {owner}", 5.0, event(900 + len(owner), "timed"), LANE),
            number=40 + len(owner),
        )
        branch = await store.conversations.branch(owner, "context")
        await written(
            store,
            MoveHead(owner, "context", "default", branch.nodes[1].id, "undo"),
            Append(owner, "context", "default", ("another way",)),
            Archive(owner, "context", "default", "old"),
            Append(owner, "context", "default", ("new",)),
            number=60 + len(owner),
        )
    await store.secrets.put("admin", "a hash")
    await store.secrets.token_add(Token("t1", "phone", ("chat",), "anna", 1.0, 2.0), "digest")
    await store.notes.change("noted", None, ODD, "anna")
    await store.leases.acquire("wire", "a", 0.01)
    await store.files.put("f1", Blob(b"\0\1 content", "image/png", ODD), 1e12, "anna")
    await store.calls.add([ModelCall("anna", "small", 1.0)])
    quota, pace = Quota("anna", "2026-01-31", messages=9), Pace("anna", 9)
    await store.usage.reserve(Reservation("r1", 1.0, 1e12, (quota,), (pace,), 5, 6))


async def told(store: Store) -> dict[str, Any]:
    """What a store says of itself through its contract, in everything that a hub or a person would notice."""
    found: dict[str, Any] = {"rows": await store.outbox.deliveries(ALL_STATES, 1000)}
    for owner in await store.conversations.owners("context"):
        branches = await store.conversations.branches(owner, "context")
        found[owner] = [await store.conversations.branch(owner, "context", each.name) for each in branches]
        found[f"prompt of {owner}"] = await store.conversations.branch(owner, "prompt")
        found[f"use of {owner}"] = await store.usage.spent(owner, "2026-01-01", "2026-12-31")
    found["file"] = await store.files.get("f1", 1.0)
    found["calls"] = await store.calls.find(CallQuery())
    found["secret"] = await store.secrets.get("admin")
    found["tokens"] = await store.secrets.tokens()
    found["note"] = await store.notes.get("noted")
    found["due"] = await store.timers.next_due()
    found["waiting"] = (await store.stats())["inbox_waiting"]
    return found


@contextlib.asynccontextmanager
async def opened(store: SqliteStore | PostgresStore) -> AsyncIterator[Store]:
    await store.open()
    try:
        yield store
    finally:
        await store.close()


class Steps:
    """Progress that can break off, as a kill does: nothing is tidied up but what the engine does itself."""

    def __init__(self, most: int = 10**9) -> None:
        self.seen: list[tuple[str, str, int, int]] = []
        self._most = most

    def __call__(self, step: str) -> scan.Progress:
        def note(table: str, done: int, total: int) -> None:
            self.seen.append((step, table, done, total))
            if step == "copy" and len(self.seen) >= self._most:
                raise KeyboardInterrupt

        return note


async def moved(source: End, target: End, steps: Steps | None = None) -> Moved:
    async with source.alone(new=False) as reading, target.alone(new=True) as writing:
        return await move(reading, writing, steps or Steps())


@pytest.fixture
def folder() -> Iterator[Path]:
    import shutil

    found = fast_folder()
    yield found / "data"
    shutil.rmtree(found)


@pytest.fixture
async def full(folder: Path) -> Path:
    async with opened(SqliteStore(folder)) as store:
        await fill(store)
    return folder


async def check(end: End) -> Sequence[str]:
    with scan.scanning() as found:
        async with end.beside() as reading:
            await found.walk(reading, lambda *_: None)
        return found.faults


class TestMove:
    async def test_everything_arrives_and_comes_back(self, full: Path, new: str, folder: Path) -> None:
        async with opened(SqliteStore(full)) as store:
            before = await told(store)
        done = await moved(SqliteEnd(full), PostgresEnd(new))
        assert done.conversations == 6
        assert not done.resumed
        async with opened(PostgresStore(new, Member(""))) as store:
            assert await told(store) == before
        assert not await check(PostgresEnd(new))
        back = folder.with_name("back")
        again = await moved(PostgresEnd(new), SqliteEnd(back))
        assert {**again.counts, "meta": 0} == {**done.counts, "meta": 0}
        async with opened(SqliteStore(back)) as store:
            assert await told(store) == before
            assert await store.secrets.token_find("digest") is not None
        assert not await check(SqliteEnd(back))

    async def test_a_hub_goes_on_where_the_other_was(self, full: Path, new: str) -> None:
        await moved(SqliteEnd(full), PostgresEnd(new))
        async with opened(PostgresStore(new, Member("a"))) as store:
            again = [event(1), event(2), event(10, "stored-10"), event(30, "given up")]
            for each in again:
                assert (await store.inbox.accept(each, each.room.key, "a")).duplicate
            long = Received(LONG_ID, Room("test", "bot", "private", ODD), Author("a"), (Text("again"),), 1.0, "m")
            assert (await store.inbox.accept(long, "x", "a")).duplicate
            claims = {claim.lane: claim for claim in await store.inbox.claim("a", 10)}
            assert [entry.event.id for entry in claims[LANE].entries] == ["event-1", "event-2"]
            recovered = await store.outbox.recover("a")
            assert {row.state for row in recovered} == {State.QUEUED}
            fresh = await accepted(store, 99, "a", "new")
            assert fresh.entries[0].id > max(entry.id for claim in claims.values() for entry in claim.entries)
            fired = await store.timers.fire(10.0, "a")
            assert len(fired) == 2
            assert await store.inbox.commit(fresh.lane, fresh.fence, Unit(done=(fresh.entries[0].id,)), release=True)
        assert not await check(PostgresEnd(new))

    async def test_what_was_broken_off_anywhere_goes_on(
        self, full: Path, new: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(type(tables()[0]), "page", 3)
        broken, done = 0, None
        while done is None:
            try:
                done = await moved(SqliteEnd(full), PostgresEnd(new), Steps(4))
            except KeyboardInterrupt:
                broken += 1
                with pytest.raises(StoreError, match="store move"):
                    await PostgresStore(new, Member("hub")).open()
        assert broken > 4
        assert done.resumed
        assert not await check(PostgresEnd(new))

    async def test_a_folder_that_is_half_filled_is_opened_by_nobody(self, full: Path, folder: Path) -> None:
        target = folder.with_name("other")
        with pytest.raises(KeyboardInterrupt):
            await moved(SqliteEnd(full), SqliteEnd(target), Steps(3))
        with pytest.raises(StoreError, match="store move"):
            await SqliteStore(target).open()
        assert (await moved(SqliteEnd(full), SqliteEnd(target))).resumed
        async with opened(SqliteStore(target)) as store:
            assert (await told(store))["secret"] == "a hash"

    async def test_a_source_that_was_used_meanwhile_is_moved_anew(self, full: Path, new: str) -> None:
        with pytest.raises(KeyboardInterrupt):
            await moved(SqliteEnd(full), PostgresEnd(new), Steps(8))
        async with opened(SqliteStore(full)) as store:
            await written(store, Append("late", "context", "default", ("words",)), number=500)
        assert not (await moved(SqliteEnd(full), PostgresEnd(new))).resumed
        async with opened(PostgresStore(new, Member(""))) as store:
            assert "late" in await store.conversations.owners("context")


class TestRefusals:
    async def test_other_data_stay(self, full: Path, new: str, folder: Path) -> None:
        async with opened(PostgresStore(new, Member(""))) as store:
            await store.secrets.put("admin", "mine")
        with pytest.raises(StoreError, match="other data"):
            await moved(SqliteEnd(full), PostgresEnd(new))
        async with opened(PostgresStore(new, Member(""))) as store:
            assert await store.secrets.get("admin") == "mine"
        other = folder.with_name("other")
        async with opened(SqliteStore(other)) as store:
            await accepted(store, 1)
        with pytest.raises(StoreError, match="other data"):
            await moved(SqliteEnd(full), SqliteEnd(other))

    async def test_nobody_moves_what_a_hub_works_on(self, full: Path, new: str, folder: Path) -> None:
        async with opened(SqliteStore(full)):
            with pytest.raises(StoreBusy):
                await moved(SqliteEnd(full), PostgresEnd(new))
        async with opened(PostgresStore(new, Member("hub"))):
            with pytest.raises(StoreBusy, match="hub"):
                await moved(SqliteEnd(full), PostgresEnd(new))
            with pytest.raises(StoreBusy, match="hub"):
                await moved(PostgresEnd(new), SqliteEnd(folder.with_name("other")))

    async def test_a_hub_waits_until_the_move_is_over(self, full: Path, new: str) -> None:
        store = PostgresStore(new, Member("hub"))
        async with SqliteEnd(full).alone(new=False) as reading, PostgresEnd(new).alone(new=True) as writing:
            opening = asyncio.ensure_future(store.open())
            await move(reading, writing, Steps())
            assert not opening.done()
        await asyncio.wait_for(opening, 10)
        assert await store.secrets.get("admin") == "a hash"
        await store.close()

    async def test_what_is_not_there_is_not_made(self, new: str, folder: Path) -> None:
        with pytest.raises(StoreError, match="no hub has run"):
            await moved(SqliteEnd(folder), PostgresEnd(new))
        assert not folder.exists()  # noqa: ASYNC240 - nobody else runs here
        with pytest.raises(StoreError, match="no hub has run"):
            await moved(PostgresEnd(new), SqliteEnd(folder))

    async def test_a_name_that_is_too_long_is_told(self, folder: Path, new: str) -> None:
        async with opened(SqliteStore(folder)) as store:
            await written(store, Append("o" * 2000, "context", "default", (1,)), number=1)
        with pytest.raises(StoreError, match="more than 1000 bytes"):
            await moved(SqliteEnd(folder), PostgresEnd(new))

    async def test_a_difference_is_found(self, full: Path, new: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Every table in turn arrives with one row that is not the same."""
        for table in tables():
            async with SqliteEnd(full).alone(new=False) as reading, PostgresEnd(new).alone(new=True) as writing:
                await writing.begin(Mark("nobody's"))
                put: Any = writing.put

                async def spoiled(at: Any, rows: Any, mark: Any, put: Any = put, name: str = table.name) -> None:
                    await put(at, [*rows[:-1], _spoiled(rows[-1])] if at.name == name else rows, mark)

                monkeypatch.setattr(writing, "put", spoiled)
                assert await reading.count(table), f"nothing is in {table.name}"
                with pytest.raises(StoreError, match="not the same"):
                    await move(reading, writing, Steps())


def _spoiled(row: Values) -> Values:
    """The last content of it, or what comes next to that."""
    kinds = (bytes, str, float, int)
    found = [[place for place, each in enumerate(row) if isinstance(each, kind) and place] for kind in kinds]
    place = next(places[-1] for places in found if places)
    other: Any = row[place]
    other = other + b" " if isinstance(other, bytes) else f"{other}!" if isinstance(other, str) else other + 1
    return (*row[:place], other, *row[place + 1 :])


class TestCheck:
    """Every fault that somebody could make by hand is told."""

    @pytest.mark.parametrize(
        ("damage", "fault"),
        [
            ("UPDATE node SET parent = 999 WHERE id = (SELECT max(id) FROM node)", "refers to node 999"),
            ("UPDATE branch SET head = 999 WHERE owner = 'anna' AND kind = 'prompt'", "the branch anna/prompt/poet"),
            ("UPDATE node SET owner = 'bob' WHERE owner = 'anna'", "not theirs"),
            ("UPDATE branch_log SET head = 777", "log"),
            ("UPDATE outbox SET message = '{' WHERE state = 0", "waits and cannot be read"),
            ("UPDATE outbox SET state = 9 WHERE state = 11", "no known state: 9"),
            ("UPDATE timer SET event = '[]'", "timer"),
        ],
    )
    async def test_both_engines(self, full: Path, new: str, damage: str, fault: str) -> None:
        await moved(SqliteEnd(full), PostgresEnd(new))
        with contextlib.closing(sqlite3.connect(full / DATABASE)) as db:
            db.execute(damage)
            db.commit()
        async with talking(new) as other:
            await other.execute(damage)
        for end in (SqliteEnd(full), PostgresEnd(new)):
            assert any(fault in each for each in await check(end)), await check(end)

    async def test_sqlite(self, full: Path) -> None:
        with contextlib.closing(sqlite3.connect(full / DATABASE)) as db:
            db.execute("UPDATE inbox SET event = '7' WHERE state = 0")
            db.execute("UPDATE inbox SET state = 7 WHERE state = 2")
            db.commit()
        found = "\n".join(await check(SqliteEnd(full)))
        assert "waits and cannot be read" in found
        assert "no known state: 7" in found

    @pytest.mark.parametrize(
        ("damage", "fault"),
        [
            ("UPDATE conv SET waiting = 7", "counts 7"),
            ("DELETE FROM conv", "counts 0"),
            ("UPDATE conv SET ready = NULL, node = ''", "never ready"),
            ("UPDATE waiting SET lane = 'elsewhere' WHERE id = 1", "not in the inbox"),
            ("ALTER TABLE inbox ALTER id RESTART", "would give the number"),
            ("UPDATE inbox SET event = '7'", "waits and cannot be read"),
        ],
    )
    async def test_postgres(self, full: Path, new: str, damage: str, fault: str) -> None:
        await moved(SqliteEnd(full), PostgresEnd(new))
        async with talking(new) as other:
            await other.execute(damage)
        assert any(fault in each for each in await check(PostgresEnd(new))), await check(PostgresEnd(new))

    async def test_a_store_in_use_is_looked_at(self, dsn: str, folder: Path) -> None:
        for store, end in (
            (PostgresStore(dsn, Member("a")), PostgresEnd(dsn)),
            (SqliteStore(folder), SqliteEnd(folder)),
        ):
            async with opened(store) as used:
                await fill(used)
                assert not await check(end)


async def test_every_table_of_postgres_is_moved_or_made_anew(dsn: str) -> None:
    own = {"conv", "waiting", "member", "writer", "alembic_version"}
    async with talking(dsn) as db:
        rows = await db.fetch(
            "SELECT relname FROM pg_class WHERE relnamespace = current_schema::regnamespace AND relkind = 'r'"
        )
        for table in tables():
            columns = await db.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 ORDER BY attnum",
                table.name,
            )
            if table.name not in ("inbox", "outbox"):
                assert tuple(row[0] for row in columns) == table.columns
    assert {row[0] for row in rows} == own | {table.name for table in tables()}
    assert schema.VERSION
    assert asyncpg
