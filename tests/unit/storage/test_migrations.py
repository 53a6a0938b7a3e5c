"""A database of any age becomes the one of today, with a copy of the old one beside it."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hubbub.core.errors import StoreError
from hubbub.core.events import Received
from hubbub.storage import migrations, schema
from hubbub.storage.migrations import first
from hubbub.storage.sqlite import connection
from hubbub.storage.sqlite.connection import DATABASE
from hubbub.storage.sqlite.store import SqliteStore
from tests.contract.store_harness import LANE, event

if TYPE_CHECKING:
    from pathlib import Path

NEXT = """
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.execute("CREATE TABLE extra(id INTEGER PRIMARY KEY)")
    op.execute("UPDATE meta SET value = 'changed' WHERE key = 'note'")
    op.execute("{last}")
"""


def shape(path: Path) -> dict[str, str]:
    """What a database consists of, however its statements are laid out."""
    with sqlite3.connect(path) as db:
        found = db.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    db.close()
    return {name: re.sub(r"\s*([(),])\s*", r"\1", re.sub(r"\s+", " ", sql)) for name, sql in found}


def version(path: Path) -> str | None:
    db = sqlite3.connect(path)
    try:
        return connection.version_of(db)
    finally:
        db.close()


async def opened(folder: Path) -> None:
    store = SqliteStore(folder)
    await store.open()
    await store.close()


async def old(folder: Path) -> None:
    """A database of version 0001 with something in it."""
    store = SqliteStore(folder)
    await store.open()
    await store.inbox.accept(event(1), LANE)
    await store.secrets.put("note", "old")
    await store.close()


def migration(file: Path, last: str) -> None:
    file.write_text(NEXT.replace("{last}", last))


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make this hub one that knows a second version; the file of its migration."""
    versions = tmp_path / "versions of 50% more"
    versions.mkdir()
    file = versions / "v0002_next.py"
    migration(file, "CREATE INDEX extra_id ON extra(id)")
    monkeypatch.setattr(migrations, "VERSIONS", (*migrations.VERSIONS, versions))
    monkeypatch.setattr(schema, "VERSION", "0002")
    return file


async def test_migrations_from_nothing_end_where_the_schema_is(tmp_path: Path) -> None:
    await opened(tmp_path / "made")
    (tmp_path / "migrated.db").touch()
    migrations.upgrade(tmp_path / "migrated.db")
    made = shape(tmp_path / "made" / DATABASE)
    assert made == shape(tmp_path / "migrated.db")
    assert {"inbox", "outbox", "node", "timer", "alembic_version"} <= set(made)
    assert version(tmp_path / "made" / DATABASE) == version(tmp_path / "migrated.db") == schema.VERSION


def test_the_first_schema_is_as_it_was_released() -> None:
    """Whoever changes a table writes a migration: what is out there is not changed by editing the past."""
    assert schema.VERSION >= "0001"
    if schema.VERSION == "0001":
        assert first.SQLITE.strip() == schema.SQLITE[: schema.SQLITE.index("CREATE TABLE alembic_version")].strip()


@pytest.mark.parametrize("name", ["data", "data of 50% #1? ü"])
async def test_an_older_database_is_copied_and_upgraded(tmp_path: Path, name: str, newer: Path) -> None:
    folder = tmp_path / name
    with pytest.MonkeyPatch.context() as past:
        past.setattr(schema, "VERSION", "0001")
        await old(folder)
    before = shape(folder / DATABASE)
    store = SqliteStore(folder)
    await store.open()
    (claim,) = await store.inbox.claim("a", 9)
    assert isinstance(claim.entries[0].event, Received)
    assert await store.secrets.get("note") == "changed"
    await store.close()
    assert version(folder / DATABASE) == "0002"
    assert {"extra", "extra_id"} <= set(shape(folder / DATABASE))
    (copy,) = (folder / "backups").iterdir()
    assert (version(copy), shape(copy)) == ("0001", before)
    assert re.fullmatch(r"hubbub-0001-\d{8}T\d{6}\.db", copy.name)
    assert copy.stat().st_mode & 0o077 == 0
    db = sqlite3.connect(copy)
    assert db.execute("SELECT value FROM meta WHERE key = 'note'").fetchone() == ("old",)
    assert db.execute("SELECT count(*) FROM inbox").fetchone() == (1,)
    db.close()


async def test_an_upgrade_that_fails_changes_nothing(tmp_path: Path, newer: Path) -> None:
    with pytest.MonkeyPatch.context() as past:
        past.setattr(schema, "VERSION", "0001")
        await old(tmp_path / "data")
    before = shape(tmp_path / "data" / DATABASE)
    migration(newer, "INSERT INTO no_such_table VALUES(1)")
    for _ in range(2):
        with pytest.raises(StoreError, match=r"0001.*0002.*no such table.*as it was.*backups"):
            await opened(tmp_path / "data")
    assert version(tmp_path / "data" / DATABASE) == "0001"
    assert shape(tmp_path / "data" / DATABASE) == before
    db = sqlite3.connect(tmp_path / "data" / DATABASE)
    assert db.execute("SELECT value FROM meta WHERE key = 'note'").fetchone() == ("old",)
    db.close()
    migration(newer, "SELECT 1")
    await opened(tmp_path / "data")
    assert version(tmp_path / "data" / DATABASE) == "0002"


async def test_a_version_that_no_migration_knows_is_told(tmp_path: Path) -> None:
    await opened(tmp_path)
    db = sqlite3.connect(tmp_path / DATABASE)
    db.execute("UPDATE alembic_version SET version_num = '0000'")
    db.commit()
    db.close()
    with pytest.raises(StoreError, match=r"from schema 0000 to .*0000"):
        await opened(tmp_path)


async def test_a_newer_database_is_left_alone(tmp_path: Path) -> None:
    await opened(tmp_path)
    db = sqlite3.connect(tmp_path / DATABASE)
    db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.commit()
    db.close()
    before = (tmp_path / DATABASE).read_bytes()
    with pytest.raises(StoreError, match=r"newer Hubbub \(schema 9999.*update Hubbub"):
        await opened(tmp_path)
    assert (tmp_path / DATABASE).read_bytes() == before
    assert not (tmp_path / "backups").exists()


def test_only_the_newest_copies_are_kept(tmp_path: Path) -> None:
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE t(x)")
    for day in range(8):
        connection.backup(db, tmp_path / "backups" / f"hubbub-0001-2026010{day}T000000.db")
    (tmp_path / "backups" / "mine.db").touch()
    (tmp_path / "backups" / "hubbub-0000-20250101T000000.db").touch()
    connection.backup(db, tmp_path / "backups" / "hubbub-0001-20260109T000000.db")
    db.close()
    kept = sorted(path.name for path in (tmp_path / "backups").iterdir())
    assert kept.pop(0) == "hubbub-0000-20250101T000000.db"
    assert kept == [*(f"hubbub-0001-2026010{day}T000000.db" for day in (4, 5, 6, 7, 9)), "mine.db"]


def test_the_migration_tools_are_not_loaded_for_a_database_of_today(tmp_path: Path) -> None:
    """They take 0.6 s and 24 MB."""
    program = (
        "import asyncio, sys; from pathlib import Path; from hubbub.storage.sqlite.store import SqliteStore\n"
        "async def main():\n"
        "    store = SqliteStore(Path(sys.argv[1])); await store.open(); await store.close()\n"
        "asyncio.run(main())\n"
        "print(sorted({'alembic', 'sqlalchemy', 'hubbub.storage.migrations'} & set(sys.modules)))"
    )
    for _ in ("a new one", "one that is there"):
        ended = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], check=True, capture_output=True, text=True, timeout=30
        )
        assert ended.stdout.strip() == "[]"
