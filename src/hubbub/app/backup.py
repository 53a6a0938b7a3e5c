"""A backup: database, settings and everything else of the data folder that cannot be fetched again, in one file."""

from __future__ import annotations

import asyncio
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from hubbub import __version__
from hubbub.app.manifest import DATA, NAME, SETTINGS, Manifest, check_of
from hubbub.app.moving import copy_store, postgres_end
from hubbub.core.errors import StoreError
from hubbub.settings import Settings
from hubbub.storage.sqlite.connection import DATABASE
from hubbub.storage.sqlite.copying import inspect, snapshot

WEIGHTS = "models"
BACKUPS = "backups"
ASIDE = "replaced-"
"""Begins the name of the folder where `restore` keeps what was there before."""
LOCK = "hubbub.lock"
_ARCHIVES = (".gz", ".tgz")
# What belongs to a running hub, can be had again, or is a copy itself.
_LEFT_OUT = (LOCK, "admin.token*", f"{DATABASE}*", WEIGHTS, BACKUPS, f"{ASIDE}*", ".*", "*.part", "hubbub-backup-*")


def back_up(settings: Settings, target: Path, now: datetime) -> tuple[Path, Manifest]:
    """Write a backup to ``target``: a new file, or if its name is none of an archive, a folder for one.

    A hub may run meanwhile.

    Raises:
        StoreError: there is no database, it cannot be copied, or the target cannot be written.
        ConfigError: the database needs a package that is not installed.
    """
    kept = settings.store.sqlite(settings.server.data_dir)
    if not settings.store.postgres and not (kept / DATABASE).is_file():
        msg = f"there are no data in {kept}: no hub has run there; name another folder with --data-dir"
        raise StoreError(msg)
    if target.is_dir() or target.suffix not in _ARCHIVES:
        target /= f"hubbub-backup-{now:%Y%m%dT%H%M%S}.tar.gz"
    if target.exists():
        msg = f"{target} is there already; name another file"
        raise StoreError(msg)
    try:
        target.parent.mkdir(mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".backup-", dir=target.parent) as folder:
            manifest = _gather(settings, Path(folder), now)
            _pack(Path(folder), manifest, target)
    except OSError as error:
        msg = f"the backup {target} cannot be written: {error.strerror or error}"
        raise StoreError(msg) from error
    return target, manifest


def _gather(settings: Settings, staging: Path, now: datetime) -> Manifest:
    """Copy what belongs into a backup, each file as it is at one moment."""
    data = settings.server.data_dir
    (staging / DATA).mkdir()
    (staging / SETTINGS).mkdir()
    schema = _copy_database(settings, staging / DATA)
    for path in _kept(settings):
        copy = staging / DATA / path.relative_to(data)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    for path in _settings_files(settings):
        known = path == settings.dotenv or path.suffix == ".toml"
        shutil.copy2(path, staging / SETTINGS / (path.name if known else "hubbub.toml"))
    # Settings first: they are read before it is known where the data shall go.
    files = [path for part in (SETTINGS, DATA) for path in sorted((staging / part).rglob("*")) if path.is_file()]
    return Manifest(
        hubbub=__version__,
        schema=schema,
        made_at=now.isoformat(timespec="seconds"),
        files={path.relative_to(staging).as_posix(): check_of(path) for path in files},
        models=tuple(
            {"name": each.name, "provider": each.provider, "id": each.id, "path": each.path} for each in settings.models
        ),
        weights={path.name: path.stat().st_size for path in sorted((data / WEIGHTS).glob("*.gguf"))},
    )


def _copy_database(settings: Settings, folder: Path) -> str:
    """The database as one SQLite file, whatever engine it is kept in; its schema's version."""
    if not settings.store.postgres:
        return snapshot(settings.store.sqlite(settings.server.data_dir), folder / DATABASE)
    asyncio.run(copy_store(postgres_end(settings.store.postgres), folder))
    (folder / LOCK).unlink()
    return inspect(folder / DATABASE)


def _kept(settings: Settings) -> Iterator[Path]:
    """The other files of the data folder. Links are not followed: they lead to what is kept elsewhere."""
    data = settings.server.data_dir
    log = data / settings.server.log_file
    for path in sorted(data.iterdir()) if data.is_dir() else ():
        if any(path.match(pattern) for pattern in _LEFT_OUT) or path.is_symlink():
            continue
        for each in path.rglob("*") if path.is_dir() else (path,):
            of_log = each.parent == log.parent and each.name.startswith(log.name)
            if each.is_file() and not each.is_symlink() and not of_log:
                yield each


def _settings_files(settings: Settings) -> Iterator[Path]:
    """The settings' file, unless it lies among the data, and the `.env` that was read."""
    file, data = settings.file, settings.server.data_dir.resolve()
    if file is not None and data not in file.resolve().parents:
        yield file
    if settings.dotenv is not None:
        yield settings.dotenv


def _pack(staging: Path, manifest: Manifest, target: Path) -> None:
    part = target.with_name(target.name + ".part")
    try:
        with _private(part) as stream, tarfile.open(fileobj=stream, mode="w:gz", compresslevel=6) as archive:
            text = manifest.text().encode()
            about = tarfile.TarInfo(NAME)
            about.size, about.mode = len(text), 0o600
            archive.addfile(about, BytesIO(text))
            for name in manifest.files:
                archive.add(staging / name, name, recursive=False, filter=_plain)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _private(path: Path) -> Iterator[BinaryIO]:
    """A new file that only its owner can read: there are secrets in it. It is on the disk when the block ends."""
    path.unlink(missing_ok=True)
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb"
    ) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _plain(about: tarfile.TarInfo) -> tarfile.TarInfo:
    """Whose it was on this machine is nobody's business on another."""
    about.uid = about.gid = 0
    about.uname = about.gname = ""
    about.mode = 0o600
    return about
