"""Restoring a backup: checked whole before anything is touched, and what was there is kept aside."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO

from hubbub.app import manifest as manifests
from hubbub.app.backup import ASIDE, BACKUPS, LOCK, WEIGHTS
from hubbub.app.manifest import DATA, SETTINGS, Checked, Manifest
from hubbub.app.moving import postgres_end, put_store
from hubbub.core.errors import StoreError
from hubbub.storage.sqlite.connection import DATABASE, FolderLock
from hubbub.storage.sqlite.copying import Settled, inspect, settle

_PIECE = 1 << 20
_STAYS = (LOCK, WEIGHTS, BACKUPS, "hubbub.toml", "hubbub-backup-*", f"{ASIDE}*", ".*")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done. ``aside``: where the data that were there are now; None if there were none.

    ``schema``: the schema of the PostgreSQL database that holds what was there; "" if there is none.
    """

    manifest: Manifest
    aside: Path | None
    settled: Settled
    schema: str = ""


@contextmanager
def unpacked(archive: Path, place: Path) -> Iterator[tuple[Path, Manifest]]:
    """The archive's data, every file checked, in a folder inside ``place`` that goes with the block.

    Raises:
        StoreError: it is no backup, is damaged, or is of a newer Hubbub.
    """
    with _reading(archive):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=place) as folder:
            yield Path(folder), _unpack(archive, Path(folder))


@contextmanager
def _reading(archive: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, tarfile.TarError, EOFError, zlib.error) as error:
        msg = f"the backup {archive} cannot be restored: {getattr(error, 'strerror', None) or error}"
        raise StoreError(msg) from error


def refuse_beside_a_hub(data: Path) -> None:
    """Raises StoreBusy while a hub runs on the data."""
    if data.is_dir():
        lock = FolderLock(data)
        lock.take()
        lock.drop()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a hub's data are; ``postgres`` is the address of its database if that is none of the data folder's."""

    data: Path
    postgres: str = ""


def restore(folder: Path, manifest: Manifest, place: Place, now: datetime, *, moved: bool = False) -> Restored:
    """Put the data of an unpacked backup in the place of a hub's data.

    ``moved``: nothing ran since the backup was made, so go on with what was under way. The database goes to the engine
    that is used here, whatever it was copied from.

    Raises:
        StoreBusy: a hub runs on the data.
        StoreError: the data folder cannot be written; it is as it was.
    """
    data = place.data
    lock = FolderLock(data)
    lock.take()
    try:
        new = folder / DATA
        inspect(new / DATABASE)
        settled = Settled(0, 0) if moved else settle(new)
        schema = _to_postgres(new, place.postgres, now) if place.postgres else ""
        aside = data / f"{ASIDE}{now:%Y%m%dT%H%M%S}"
        _exchange(data, new, aside)
        return Restored(manifest, aside if aside.is_dir() else None, settled, schema)
    except OSError as error:
        msg = f"the data folder {data} cannot be written: {error.strerror or error}; it is as it was"
        raise StoreError(msg) from error
    finally:
        lock.drop()


def _to_postgres(new: Path, dsn: str, now: datetime) -> str:
    """Take the database out of the new data and into PostgreSQL; the schema that holds what was there."""
    schema = asyncio.run(put_store(new, postgres_end(dsn), now))
    for path in new.glob(f"{DATABASE}*"):
        path.unlink()
    return schema


def _unpack(path: Path, folder: Path) -> Manifest:
    with tarfile.open(path, "r:gz") as archive:
        manifest = _manifest(path, archive)
        missing = dict.fromkeys(manifest.files)
        for member in islice(archive, 1, None):
            _copy(_file(path, archive, member, *missing), folder / member.name, manifest.files[member.name])
            del missing[member.name]
    if missing or f"{DATA}/{DATABASE}" not in manifest.files:
        msg = f"the backup {path} is not whole: {', '.join(missing) or DATABASE} is missing"
        raise StoreError(msg)
    return manifest


def _manifest(path: Path, archive: tarfile.TarFile) -> Manifest:
    """The first member."""
    first = archive.next()
    about = archive.extractfile(first) if first is not None and first.name == manifests.NAME else None
    if about is None:
        msg = f"{path} is no backup of Hubbub"
        raise StoreError(msg)
    return manifests.read(about.read(manifests.LONGEST))


def _file(path: Path, archive: tarfile.TarFile, member: tarfile.TarInfo, *expected: str) -> IO[bytes]:
    """What a member holds; it has to be a plain file of one of these names."""
    file = archive.extractfile(member) if member.isfile() and member.name in expected else None
    if file is None:
        msg = f"the backup {path} holds {member.name!r}, which its manifest does not name there"
        raise StoreError(msg)
    return file


def _copy(file: IO[bytes], target: Path, expected: Checked) -> None:
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as copy:
        target.chmod(0o600)
        while (piece := file.read(_PIECE)) and size <= expected.bytes:
            size += len(piece)
            digest.update(piece)
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    if Checked(size, digest.hexdigest()) != expected:
        msg = f"{target.name} in the backup is damaged: its checksum differs"
        raise StoreError(msg)


def _exchange(data: Path, new: Path, aside: Path) -> None:
    """Move what is there aside and the new in; an error moves all back."""
    old = [path for path in data.iterdir() if not any(path.match(pattern) for pattern in _STAYS)]
    fresh = [path for path in new.iterdir() if path.name not in (LOCK, BACKUPS)]
    moves = [(path, aside / path.name) for path in old] + [(path, data / path.name) for path in fresh]
    if old:
        aside.mkdir(mode=0o700)
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves:
            if target.exists():  # stays, and is in the backup too: the settings' file
                target = target.with_name(f"{target.name}.restored")
            source.rename(target)
            done.append((source, target))
    except OSError:
        for source, target in reversed(done):
            target.rename(source)
        raise


def place_settings(archive: Path, here: Path) -> list[tuple[str, Path]]:
    """Put the settings' files of a backup into ``here``; beside one that is there, as ``NAME.restored``.

    Returns each file's name and where it is now. Raises StoreError.
    """
    with _reading(archive), tarfile.open(archive, "r:gz") as packed:
        manifest = _manifest(archive, packed)
        names = [name for name in manifest.files if name.startswith(f"{SETTINGS}/")]
        placed = []
        for name, member in zip(names, islice(packed, 1, None), strict=False):  # they come before all others
            with tempfile.TemporaryDirectory(prefix=".restore-", dir=here) as folder:
                source = Path(folder) / Path(name).name
                _copy(_file(archive, packed, member, name), source, manifest.files[name])
                target = here / source.name
                if target.exists() and target.read_bytes() != source.read_bytes():
                    target = here / f"{source.name}.restored"
                source.replace(target)
            placed.append((source.name, target))
    return placed
