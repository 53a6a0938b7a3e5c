"""A backup holds what cannot be had again, and a restore is checked before anything is touched."""

from __future__ import annotations

import asyncio
import io
import json
import sqlite3
import tarfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hubbub.app.backup import back_up
from hubbub.app.manifest import Manifest
from hubbub.app.restore import Place, Restored, place_settings, restore, unpacked
from hubbub.core.errors import StoreBusy, StoreError
from hubbub.core.work import State
from hubbub.settings import Settings, load
from hubbub.storage import schema
from hubbub.storage.sqlite.store import SqliteStore
from tests.unit.cli.stores import fill

NOW = datetime(2026, 11, 20, 7, 0, 0, tzinfo=UTC)
STATES = {"one": State.SENT, "two": State.QUEUED, "three": State.SENDING, "four": State.DEAD}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as people have one: settings, `.env`, data with something of everything."""
    here = tmp_path / "here"
    data = here / "data"
    (data / "models").mkdir(parents=True)
    (data / "media" / "2026").mkdir(parents=True)
    (data / "backups").mkdir()
    fill(data, STATES)
    for name in ("chat.history", "seal.key", "media/2026/a.png", "models/own.gguf", "backups/hubbub-0001.db"):
        (data / name).write_text(f"content of {name}", encoding="utf-8")
    for name in ("hubbub.log", "hubbub.log.1", "admin.token", ".fetch-1", "x.part", "hubbub-backup-1.tar.gz"):
        (data / name).write_text("left out", encoding="utf-8")
    (here / "hubbub.toml").write_text('[[models]]\nname = "m"\napi_key = "sk-1"\n', encoding="utf-8")
    (here / ".env").write_text("HUBBUB_PORT=0\n", encoding="utf-8")
    return here


def settings_in(folder: Path) -> Settings:
    return load(environ={"HUBBUB_DATA_DIR": str(folder / "data")}, folder=folder)


@pytest.fixture
def archive(folder: Path, tmp_path: Path) -> Path:
    return back_up(settings_in(folder), tmp_path / "copy.tar.gz", NOW)[0]


def members(archive: Path) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(archive) as packed:
        return [(each, file.read()) for each in packed if (file := packed.extractfile(each))]


def put(archive: Path, data: Path, *, moved: bool = False) -> Restored:
    with unpacked(archive, data) as (fresh, manifest):
        return restore(fresh, manifest, Place(data), NOW, moved=moved)


def states(data: Path) -> dict[int, State]:
    async def read() -> dict[int, State]:
        store = SqliteStore(data)
        await store.open()
        try:
            return {row.id: row.state for row in await store.outbox.deliveries(tuple(State))}
        finally:
            await store.close()

    return asyncio.run(read())


def ask(data: Path, query: str) -> Any:
    with closing(sqlite3.connect(data / "hubbub.db")) as db:
        return db.execute(query).fetchone()[0]


# --- making one ---


def test_it_holds_what_cannot_be_had_again(archive: Path) -> None:
    names = [about.name for about, _ in members(archive)]
    assert names == [
        "manifest.json",
        "settings/.env",
        "settings/hubbub.toml",
        "data/chat.history",
        "data/hubbub.db",
        "data/media/2026/a.png",
        "data/seal.key",
    ]
    assert archive.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in archive.parent.iterdir()) == ["copy.tar.gz", "here"]


def test_its_manifest_tells_what_it_is(archive: Path) -> None:
    manifest = json.loads(members(archive)[0][1])
    assert manifest["format"] == 1
    assert manifest["schema"] == schema.VERSION
    assert manifest["made_at"] == "2026-11-20T07:00:00+00:00"
    assert manifest["models"] == [{"name": "m", "provider": "openai", "id": "", "path": ""}]
    assert manifest["weights"] == {"own.gguf": len("content of models/own.gguf")}
    assert manifest["files"]["settings/.env"]["bytes"] == 14


def test_it_says_nothing_of_this_machine(archive: Path) -> None:
    assert {(about.uid, about.gid, about.uname, about.gname) for about, _ in members(archive)} == {(0, 0, "", "")}
    assert str(archive.parent) not in members(archive)[0][1].decode()


def test_a_folder_gets_a_file_with_the_time_in_its_name(folder: Path, tmp_path: Path) -> None:
    made, _ = back_up(settings_in(folder), tmp_path, NOW)
    assert made == tmp_path / "hubbub-backup-20261120T070000.tar.gz"
    with pytest.raises(StoreError, match="there already"):
        back_up(settings_in(folder), tmp_path, NOW)
    made, _ = back_up(settings_in(folder), tmp_path / "new", NOW)
    assert made == tmp_path / "new" / "hubbub-backup-20261120T070000.tar.gz"
    assert made.parent.stat().st_mode & 0o777 == 0o700


def test_settings_among_the_data_are_there_once(folder: Path, tmp_path: Path) -> None:
    (folder / "hubbub.toml").rename(folder / "data" / "hubbub.toml")
    made, _ = back_up(settings_in(folder), tmp_path / "copy.tar.gz", NOW)
    assert [about.name for about, _ in members(made) if "toml" in about.name] == ["data/hubbub.toml"]


def test_no_data_and_no_place_are_said(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        back_up(settings_in(folder), tmp_path / "no" / "ne" / "copy.tar.gz", NOW)
    (folder / "data" / "hubbub.db").unlink()
    with pytest.raises(StoreError, match="no data"):
        back_up(settings_in(folder), tmp_path / "copy.tar.gz", NOW)


def test_damage_is_found_while_copying(folder: Path, tmp_path: Path) -> None:
    (folder / "data" / "hubbub.db").write_bytes(b"no database at all" * 500)
    with pytest.raises(StoreError, match=r"restore a backup|damaged"):
        back_up(settings_in(folder), tmp_path / "copy.tar.gz", NOW)
    assert not list(tmp_path.glob("*.gz*"))


async def test_a_store_at_work_is_copied_whole(folder: Path, tmp_path: Path) -> None:
    store = SqliteStore(folder / "data")
    await store.open()
    try:
        for number in range(50):
            await store.secrets.put(f"key{number}", "value")
        made, _ = await asyncio.to_thread(back_up, settings_in(folder), tmp_path / "copy.tar.gz", NOW)
        await store.secrets.put("later", "value")
    finally:
        await store.close()
    await asyncio.to_thread(put, made, tmp_path / "there")
    assert ask(tmp_path / "there", "SELECT count(*) FROM meta WHERE key LIKE '%key%'") == 50
    assert ask(tmp_path / "there", "SELECT count(*) FROM meta WHERE key LIKE '%later'") == 0


# --- restoring one ---


def test_all_is_back_on_another_machine(archive: Path, folder: Path, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    assert place_settings(archive, there) == [(".env", there / ".env"), ("hubbub.toml", there / "hubbub.toml")]
    done = put(archive, there / "data")
    assert done.aside is None
    for name in ("data/chat.history", "data/seal.key", "data/media/2026/a.png", "hubbub.toml", ".env"):
        assert (there / name).read_bytes() == (folder / name).read_bytes()
        assert (there / name).stat().st_mode & 0o077 == 0
    assert len(states(there / "data")) == len(STATES)
    assert {path.name for path in (there / "data").iterdir()} == {
        "chat.history", "hubbub.db", "hubbub.lock", "media", "seal.key",
    }  # fmt: skip


def test_what_was_under_way_is_not_done_a_second_time(archive: Path, tmp_path: Path) -> None:
    done = put(archive, tmp_path / "there")
    assert done.settled.deliveries == 2
    assert list(states(tmp_path / "there").values()) == [State.SENT, State.UNKNOWN, State.UNKNOWN, State.DEAD]
    assert "restored" in ask(tmp_path / "there", "SELECT error FROM outbox WHERE state = 2")


def test_deliveries_get_keys_that_no_platform_knows(archive: Path, folder: Path, tmp_path: Path) -> None:
    put(archive, tmp_path / "there")
    mark = "SELECT value FROM meta WHERE key = 'hub'"
    assert ask(tmp_path / "there", mark) != ask(folder / "data", mark)


def test_after_a_move_the_hub_goes_on_where_it_was(archive: Path, folder: Path, tmp_path: Path) -> None:
    done = put(archive, tmp_path / "there", moved=True)
    assert done.settled.deliveries == 0
    assert list(states(tmp_path / "there").values()) == list(STATES.values())
    mark = "SELECT value FROM meta WHERE key = 'hub'"
    assert ask(tmp_path / "there", mark) == ask(folder / "data", mark)


def test_what_was_there_is_kept_aside_and_weights_stay(archive: Path, folder: Path) -> None:
    data = folder / "data"
    (data / "chat.history").write_text("newer", encoding="utf-8")
    done = put(archive, data)
    assert done.aside == data / "replaced-20261120T070000"
    assert (done.aside / "chat.history").read_text(encoding="utf-8") == "newer"
    assert (done.aside / "hubbub.db").is_file()
    assert (data / "chat.history").read_text(encoding="utf-8") == "content of chat.history"
    assert (data / "models" / "own.gguf").is_file()
    assert (data / "backups" / "hubbub-0001.db").is_file()
    assert not list(data.glob(".restore-*"))


def test_settings_that_are_there_are_not_written_over(archive: Path, folder: Path) -> None:
    (folder / "hubbub.toml").write_text("# changed\n", encoding="utf-8")
    placed = dict(place_settings(archive, folder))
    assert placed == {".env": folder / ".env", "hubbub.toml": folder / "hubbub.toml.restored"}
    assert (folder / "hubbub.toml").read_text(encoding="utf-8") == "# changed\n"
    assert "sk-1" in (folder / "hubbub.toml.restored").read_text(encoding="utf-8")


async def test_beside_a_hub_it_is_refused(archive: Path, folder: Path) -> None:
    store = SqliteStore(folder / "data")
    await store.open()
    try:
        with pytest.raises(StoreBusy, match="stop it first"):
            put(archive, folder / "data")
    finally:
        await store.close()


def test_an_error_on_the_way_puts_all_back(archive: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = folder / "data"
    before = {path.name: path.stat().st_ino for path in data.iterdir() if path.is_file()}
    rename, calls = Path.rename, [0]

    def failing(self: Path, target: Path) -> Path:
        calls[0] += 1
        if calls[0] == 6:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(StoreError, match="it is as it was"):
        put(archive, data)
    assert {path.name: path.stat().st_ino for path in data.iterdir() if path.is_file()} == before


# --- what is no backup, or a bad one ---


def packed(archive: Path, change: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]) -> Path:
    """The archive made anew with other members."""
    held = [(about.name, content) for about, content in members(archive)]
    target = archive.with_name("changed.tar.gz")
    with tarfile.open(target, "w:gz") as made:
        for name, content in change(held):
            about = tarfile.TarInfo(name)
            about.size = len(content)
            made.addfile(about, io.BytesIO(content))
    return target


def with_manifest(held: list[tuple[str, bytes]], **changes: Any) -> list[tuple[str, bytes]]:
    manifest = json.loads(held[0][1]) | changes
    return [("manifest.json", json.dumps(manifest).encode()), *held[1:]]


def renamed(held: list[tuple[str, bytes]], to: str) -> list[tuple[str, bytes]]:
    manifest = json.loads(held[0][1])
    manifest["files"][to] = manifest["files"].pop("data/seal.key")
    members = [(to if name == "data/seal.key" else name, content) for name, content in held[1:]]
    return [("manifest.json", json.dumps(manifest).encode()), *members]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda held: held[1:], "no backup"),
        (lambda held: [], "no backup"),
        (lambda held: [("manifest.json", b"{"), *held[1:]], "manifest cannot be read"),
        (lambda held: [("manifest.json", b"[]"), *held[1:]], "manifest cannot be read"),
        (lambda held: with_manifest(held, format=2), "newer Hubbub"),
        (lambda held: with_manifest(held, files={}), "does not name"),
        (lambda held: held[:-1], "not whole: data/seal.key is missing"),
        (lambda held: [*held, ("data/more", b"x")], "does not name"),
        (lambda held: [*held, held[-1]], "does not name"),
        (lambda held: [*held[:-1], (held[-1][0], b"changed")], "damaged"),
        (lambda held: [*held[:-1], (held[-1][0], held[-1][1] * 2)], "damaged"),
        (lambda held: renamed(held, "data/../../escaped"), "no place for a file"),
        (lambda held: renamed(held, "/etc/escaped"), "no place for a file"),
        (lambda held: renamed(held, "data/c:\\escaped"), "no place for a file"),
        (lambda held: renamed(held, "elsewhere/escaped"), "no place for a file"),
        (lambda held: renamed(held, "data"), "no place for a file"),
        (lambda held: renamed(held, "settings/Makefile"), "no place for a file"),
        (lambda held: renamed(held, "settings/deep/hubbub.toml"), "no place for a file"),
    ],
)
def test_a_bad_backup_changes_nothing(
    archive: Path, folder: Path, change: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]], told: str
) -> None:
    data = folder / "data"
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*") if path.is_file()}
    with pytest.raises(StoreError, match=told):
        put(packed(archive, change), data)
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*") if path.is_file()} == before
    assert not list(folder.parent.rglob("*escaped*"))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_only_plain_files_are_unpacked(archive: Path, tmp_path: Path, kind: bytes) -> None:
    held = members(archive)
    target = tmp_path / "changed.tar.gz"
    with tarfile.open(target, "w:gz") as made:
        for about, content in held[:-1]:
            made.addfile(about, io.BytesIO(content))
        odd = tarfile.TarInfo(held[-1][0].name)
        odd.type, odd.linkname = kind, "/etc/passwd"
        made.addfile(odd)
    with pytest.raises(StoreError, match="does not name"):
        put(target, tmp_path / "there")


@pytest.mark.parametrize("share", [0, 0.01, 0.1, 0.5, 0.9])
def test_a_cut_file_is_refused(archive: Path, tmp_path: Path, share: float) -> None:
    whole = archive.read_bytes()
    archive.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(StoreError, match=r"cannot be restored|no backup|not whole"):
        put(archive, tmp_path / "there")
    assert not (tmp_path / "there" / "hubbub.db").exists()


def test_what_is_no_archive_is_said(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello", encoding="utf-8")
    for name in ("text", "none"):
        with pytest.raises(StoreError, match="cannot be restored"):
            put(tmp_path / name, tmp_path / "there")


def test_a_newer_schema_is_refused(archive: Path, folder: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(folder / "data" / "hubbub.db")) as db, db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError, match="newer Hubbub"):
        back_up(settings_in(folder), tmp_path / "newer.tar.gz", NOW)


def test_a_manifest_is_read_as_it_was_written(archive: Path) -> None:
    with unpacked(archive, archive.parent / "there") as (_, manifest):
        assert isinstance(manifest, Manifest)
        assert json.loads(manifest.text()) == json.loads(members(archive)[0][1])
