"""What keeps a data folder from being opened is told with its remedy."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from hubbub.core.errors import StoreBusy, StoreError
from hubbub.storage.sqlite.connection import DATABASE
from hubbub.storage.sqlite.store import SqliteStore
from tests.contract.store_harness import ALL_STATES, LANE, accepted, event, out, stored, words

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLDER = """
import asyncio, sys
from pathlib import Path
from hubbub.storage.sqlite.store import SqliteStore

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.open()
    print("open", flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
UNPRIVILEGED = """
import asyncio, os, sys
from pathlib import Path
from hubbub.storage.sqlite.store import SqliteStore
from hubbub.core.errors import StoreError

async def main():
    try:
        await SqliteStore(Path(sys.argv[1])).open()
    except StoreError as error:
        print(error)

async def load():
    await asyncio.to_thread(int)  # what is imported at first use may be out of reach later

asyncio.run(load())
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
asyncio.run(main())
"""


async def opened(folder: Path) -> None:
    store = SqliteStore(folder)
    await store.open()
    await store.close()


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that works on the folder."""
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process
        process.kill()


async def test_a_second_hub_on_the_folder_is_refused(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    with pytest.raises(StoreBusy, match=rf"process {holder.pid}\).*{tmp_path.name}.*HUBBUB_DATA_DIR"):
        await opened(tmp_path)


async def test_a_second_store_in_this_process_is_refused_too(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    with pytest.raises(StoreBusy, match=str(os.getpid())):
        await opened(tmp_path)
    assert (await store.inbox.accept(event(1), LANE)).entry.id == 1
    await store.close()
    await opened(tmp_path)


async def test_the_folder_is_free_when_its_holder_was_killed(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait(5)
    await opened(tmp_path)


async def test_the_folder_is_free_when_opening_failed(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"this is a letter to my aunt, no database at all. " * 100)
    for _ in range(2):
        with pytest.raises(StoreError, match=r"hubbub.db cannot be used.*not a database.*restore a backup"):
            await opened(tmp_path)
    (tmp_path / DATABASE).unlink()
    await opened(tmp_path)


def told_without_privileges(folder: Path) -> str:
    """What somebody hears who is neither root nor the owner."""
    command = [sys.executable, "-c", UNPRIVILEGED, str(folder)]
    # Where coverage is measured, they may not write what they measured either.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environ)
    assert not ended.stderr
    return ended.stdout


@pytest.fixture
def visible() -> Iterator[Path]:
    """A data folder that everybody may look into."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "data"
        asyncio.run(opened(folder))
        yield folder
        folder.chmod(0o700)


def test_a_folder_that_may_not_be_written_is_told(visible: Path) -> None:
    (visible / "hubbub.lock").unlink()
    visible.chmod(0o555)
    told = told_without_privileges(visible)
    assert re.search(r"the data folder .*/data cannot be written \(Permission denied\); give it to this user", told)


def test_a_database_that_may_not_be_written_is_told(visible: Path) -> None:
    visible.chmod(0o777)
    (visible / "hubbub.lock").chmod(0o666)
    (visible / DATABASE).chmod(0o444)
    told = told_without_privileges(visible)
    assert re.search(r"hubbub.db cannot be used \(.*\); check that this user may write the data folder", told)


async def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(StoreError, match=r"file.*HUBBUB_DATA_DIR"):
            await opened(folder)


async def test_a_database_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    db = sqlite3.connect(tmp_path / DATABASE)
    db.execute("CREATE TABLE inbox(mail TEXT)")
    db.close()
    with pytest.raises(StoreError, match=r"not Hubbub's"):
        await opened(tmp_path)
    db = sqlite3.connect(tmp_path / DATABASE)
    assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("inbox",)]
    db.close()


async def test_a_damaged_database_is_told(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    for number in range(50):
        await store.inbox.accept(event(number), LANE)
    await store.close()
    data = bytearray((tmp_path / DATABASE).read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    (tmp_path / DATABASE).write_bytes(data)
    for _ in range(2):
        with pytest.raises(StoreError, match=r"cannot be used.*(malformed|damaged)"):
            await opened(tmp_path)


async def test_a_process_that_died_while_it_made_the_file_left_nothing_odd(tmp_path: Path) -> None:
    (tmp_path / DATABASE).touch()
    await opened(tmp_path)


@pytest.mark.parametrize("name", ["with space", "q?a=1#b%20c", "数据", "a:b"])
async def test_a_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    store = SqliteStore(tmp_path / name / "deep")
    await store.open()
    (row,) = await stored(store, out("hello"))
    assert words(await store.outbox.deliveries(ALL_STATES)) == ["hello"]
    assert row.id == 1
    await store.close()
    assert names(tmp_path) == {name}


async def test_a_folder_may_be_given_relative_to_where_the_hub_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore(Path("data"))
    await store.open()
    assert not await store.outbox.deliveries(ALL_STATES)
    await store.close()
    assert (tmp_path / "data" / DATABASE).exists()


async def test_nobody_else_may_read_the_data(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "data")
    await store.open()
    await store.inbox.accept(event(1), LANE)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir() if "db" in path.name}
    assert modes == {"hubbub.db": 0o600, "hubbub.db-wal": 0o600, "hubbub.db-shm": 0o600}
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    await store.close()


async def test_a_closed_store_is_one_file(tmp_path: Path) -> None:
    """So that who copies it copies all."""
    store = SqliteStore(tmp_path)
    await store.open()
    await store.inbox.accept(event(1), LANE)
    await store.close()
    assert names(tmp_path) == {"hubbub.db", "hubbub.lock"}


async def test_a_full_disk_refuses_and_goes_on_when_there_is_space_again(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    await store.open()
    first = await accepted(store, 0)
    connection = store._writer._connection
    assert connection is not None
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages + 20}")
    kept: list[int] = []

    async def fill() -> None:
        for number in range(1, 1000):
            kept.append((await store.inbox.accept(event(number, text="x" * 3000), LANE, "a")).entry.id)  # noqa: PERF401

    with pytest.raises(StoreError, match=r"full"):
        await fill()
    assert kept
    with pytest.raises(StoreError, match=r"full"):
        await asyncio.gather(
            *(store.inbox.accept(event(number, text="x" * 3000), LANE) for number in range(2000, 2050))
        )
    assert await store.inbox.replies(first.entries[0].id) is None
    connection.execute("PRAGMA max_page_count = 1000000")
    assert not (await store.inbox.accept(event(1000), LANE, "a")).duplicate
    await store.close()
    store = SqliteStore(tmp_path)
    await store.open()
    (claim,) = await store.inbox.claim("a", 9)
    assert [entry.id for entry in claim.entries][: len(kept) + 1] == [first.entries[0].id, *kept]
    assert claim.entries[-1].event.id == "event-1000"
    await store.close()


async def test_a_full_disk_at_the_first_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hubbub.storage.sqlite import connection

    monkeypatch.setattr(connection, "_SETTINGS", (*connection._SETTINGS, "max_page_count = 3"))
    with pytest.raises(StoreError, match=r"full.*free space"):
        await opened(tmp_path)
    monkeypatch.undo()
    await opened(tmp_path)
