"""`hubbub store` and `hubbub backup|restore` on both engines."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from hubbub.cli.commands import app
from hubbub.core.errors import StoreError
from hubbub.core.work import Append
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from hubbub.storage.postgres.tables import PostgresEnd
from hubbub.storage.sqlite.connection import DATABASE
from hubbub.storage.sqlite.store import SqliteStore
from tests.contract.store_harness import written
from tests.contract.store_postgres import talking
from tests.contract.test_moving import fill, opened, told

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    return tmp_path


async def hubbub(*arguments: str, code: int = 0) -> str:
    # In a thread: a command has an event loop of its own.
    result = await asyncio.to_thread(CliRunner().invoke, app, arguments)
    assert result.exit_code == code, result.output
    return result.output


async def filled(here: Path) -> dict[str, Any]:
    async with opened(SqliteStore(here / "data")) as store:
        await fill(store)
        return await told(store)


async def kept(dsn: str) -> dict[str, Any]:
    async with opened(PostgresStore(dsn, Member(""))) as store:
        return await told(store)


async def test_a_move_is_told_step_by_step(here: Path, new: str) -> None:
    before = await filled(here)
    out = await hubbub("store", "move", "--from", "sqlite:data", "--to", new)
    assert "copy: inbox" in out
    assert "compare: node" in out
    assert "conversations and of all tables are the same" in out
    assert await kept(new) == before
    back = await hubbub("store", "move", "--from", new, "--to", f"sqlite:///{here}/back/{DATABASE}")
    assert "moved" in back
    assert "other data" in await hubbub("store", "move", "--from", new, "--to", "sqlite:data", code=4)
    for wrong in ("mysql://x", "sqlite:", "data"):
        assert "is no store" in await hubbub("store", "move", "--from", wrong, "--to", new, code=3)


async def test_a_check_says_what_is_wrong_by_its_exit_code(
    here: Path, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(here)
    assert "all is well" in await hubbub("store", "check")
    await hubbub("store", "move", "--from", "sqlite:data", "--to", new)
    monkeypatch.setenv("DATABASE_URL", new)
    found = json.loads((await hubbub("store", "check", "--json")).splitlines()[-1])
    assert found["faults"] == []
    assert found["counts"]["inbox"] > 3
    async with talking(new) as db:
        await db.execute("UPDATE node SET parent = 12345 WHERE parent <> 0")
    assert "refers to node 12345" in await hubbub("store", "check", code=1)


async def test_a_backup_of_one_engine_is_restored_on_the_other(
    here: Path, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = await filled(here)
    (here / "data" / "seal.key").write_text("key")
    await hubbub("store", "backup", "one.tar.gz")
    monkeypatch.setenv("DATABASE_URL", new)
    monkeypatch.setenv("HUBBUB_DATA_DIR", str(here / "other"))
    assert "no hub has run" in await hubbub("backup", "none.tar.gz", code=4)
    await hubbub("restore", "--moved", "one.tar.gz")
    assert (here / "other" / "seal.key").read_text() == "key"
    assert not (here / "other" / DATABASE).exists()
    assert await kept(new) == before
    async with opened(PostgresStore(new, Member("hub"))) as store:
        await written(store, Append("late", "context", "default", ("words",)), number=700)
        out = await hubbub("store", "backup", "two.tar.gz")
        assert "wrote" in out
        assert "hub" in await hubbub("restore", "two.tar.gz", code=4)
    after = await kept(new)
    said = await hubbub("restore", "one.tar.gz")
    assert "replaced_" in said
    assert "not done a second time" in said
    assert "late" not in await kept(new)
    assert "all is well" in await hubbub("store", "check")
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("HUBBUB_DATA_DIR", str(here / "third"))
    await hubbub("restore", "--moved", "two.tar.gz")
    async with opened(SqliteStore(here / "third")) as third:
        assert await told(third) == after


async def test_a_restore_that_fails_leaves_what_was_there(
    here: Path, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(SqliteStore(here / "data")) as store:
        await written(store, Append("o" * 2000, "context", "default", (1,)), number=1)
    await hubbub("backup", "one.tar.gz")
    async with opened(PostgresStore(new, Member("hub"))) as other:
        await fill(other)
    before = await kept(new)
    monkeypatch.setenv("DATABASE_URL", new)
    monkeypatch.setenv("HUBBUB_DATA_DIR", str(here / "other"))
    assert "more than 1000 bytes" in await hubbub("restore", "one.tar.gz", code=4)
    assert await kept(new) == before


async def test_what_somebody_else_began_to_use_is_not_dropped(new: str) -> None:
    end = PostgresEnd(new)
    async with opened(PostgresStore(new, Member("hub"))) as store:
        await store.secrets.put("admin", "first")
    assert await end.put_aside("aside") == "aside"
    async with opened(PostgresStore(new, Member("hub"))) as store:
        await store.secrets.put("admin", "second")
    with pytest.raises(StoreError, match="schema aside"):
        await end.take_back("aside")
    async with opened(PostgresStore(new, Member(""))) as store:
        assert await store.secrets.get("admin") == "second"


async def test_a_move_that_is_killed_goes_on(here: Path, new: str) -> None:
    """The process itself is killed, in the middle of copying, until it comes through."""
    async with opened(SqliteStore(here / "data")) as store:
        for number in range(4):
            bodies = tuple({"turn": turn, "text": "words " * 20} for turn in range(10_000))
            await written(store, Append(f"owner {number}", "context", "default", bodies), number=number)
        before = await store.conversations.branch("owner 3", "context")
    command = [sys.executable, "-m", "hubbub", "store", "move", "--from", "sqlite:data", "--to", new]
    pipe = subprocess.PIPE
    for line in (b"copy: node", b":", b":"):
        process = await asyncio.create_subprocess_exec(*command, stderr=pipe)
        assert process.stderr is not None
        while line not in await process.stderr.readline():
            assert not process.stderr.at_eof()
        process.kill()
        assert await process.wait() == -signal.SIGKILL
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    out, errors = await process.communicate()
    assert process.returncode == 0, errors
    assert b"going on where it was broken off" in out
    async with opened(PostgresStore(new, Member(""))) as other:
        assert await other.conversations.branch("owner 3", "context") == before
