"""Opening a PostgreSQL database: new, older, newer, somebody else's, not there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from hubbub.core.errors import StoreError
from hubbub.storage import migrations, schema
from hubbub.storage.migrations import first
from hubbub.storage.postgres import opening
from hubbub.storage.postgres.database import Database
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from tests.contract.store_harness import LANE, accepted, event
from tests.contract.store_postgres import talking

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.peers.postgres import Databases


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

    @pytest.mark.parametrize(
        ("dsn", "shown"),
        [
            ("postgresql://me:a:b@c@host:1/x", "postgresql://me:***@host:1/x"),
            (
                "postgresql://me@host/x?password=secret&sslmode=require",
                "postgresql://me@host/x?password=***&sslmode=require",
            ),
            ("postgresql://host/x", "postgresql://host/x"),
        ],
    )
    def test_passwords_are_not_shown(self, dsn: str, shown: str) -> None:
        assert Database(dsn).shown == shown

    async def test_who_was_given_a_schema_needs_no_right_to_make_one(self, new: str) -> None:
        async with talking(new) as db:
            role = f"poor_{os.getpid()}"
            await db.execute(f"CREATE ROLE {role} LOGIN; CREATE SCHEMA hubbub AUTHORIZATION {role}")
        store = PostgresStore(new.replace("hubbub@", f"{role}@"), Member("a"))
        await store.open()
        await accepted(store, 1)
        await store.close()
        async with talking(new) as db:
            await db.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")

    async def test_who_may_make_nothing_is_told_what_to_do(self, new: str) -> None:
        async with talking(new) as db:
            role = f"poor_{os.getpid()}"
            await db.execute(f"CREATE ROLE {role} LOGIN")
        with pytest.raises(StoreError, match="GRANT CREATE"):
            await PostgresStore(new.replace("hubbub@", f"{role}@"), Member("a")).open()
        async with talking(new) as db:
            await db.execute(f"DROP ROLE {role}")
