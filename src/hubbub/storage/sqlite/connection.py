"""Opening the file: the lock on the data folder, the schema, the pragmas."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import time
from pathlib import Path
from typing import IO

from hubbub.core.errors import StoreBusy, StoreError
from hubbub.storage import schema
from hubbub.storage.tables import MOVING

DATABASE = "hubbub.db"
_LOCK = "hubbub.lock"
_KEEP_BACKUPS = 5
_SETTINGS = ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 4000", "cache_size = -2000")


class FolderLock:
    """One process owns a data folder. The lock goes with the process, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Nothing is locked before `take`."""
        self._path = folder / _LOCK
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Lock the folder. Raises StoreBusy if another process has it, StoreError if it cannot be written."""
        try:
            file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            msg = (
                f"the data folder {self._path.parent} cannot be written ({error.strerror}); "
                "give it to this user, or choose another with HUBBUB_DATA_DIR"
            )
            raise StoreError(msg) from error
        try:
            _lock(file)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            msg = (
                f"another hub (process {holder}) works on the data folder {self._path.parent}; "
                "stop it first, or give this one a folder of its own with HUBBUB_DATA_DIR"
            )
            raise StoreBusy(msg) from error
        self._file = file
        try:
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        except OSError as error:
            self.drop()
            raise unusable(self._path.parent, error) from error

    def drop(self) -> None:
        """Let go."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # what could not be written is tried once more
                self._file.close()
            self._file = None


def _lock(file: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists on Windows only

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - exists on Unix only

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def connect(folder: Path) -> sqlite3.Connection:
    """The writing connection, its schema up to date. Raises StoreError with the remedy."""
    path = folder / DATABASE
    db: sqlite3.Connection | None = None
    try:
        path.touch(mode=0o600)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for setting in _SETTINGS:
            db.execute(f"PRAGMA {setting}")
        _bring_up_to_date(db, path)
    except BaseException as error:
        if db is not None:
            db.close()
        if isinstance(error, sqlite3.Error | OSError):
            raise unusable(folder, error) from error
        raise
    return db


def unusable(folder: Path, error: Exception) -> StoreError:
    """What to tell when the database does not work."""
    return StoreError(f"the database {folder / DATABASE} cannot be used ({error}); {_remedy(str(error))}")


def _remedy(cause: str) -> str:
    if "not a database" in cause or "malformed" in cause:
        return "it is damaged or no database: restore a backup from the folder backups beside it"
    if "full" in cause or "No space" in cause:
        return "free space on the disk"
    return "check that this user may write the data folder and that its disk has space"


def version_of(db: sqlite3.Connection) -> str | None:
    """The schema's version; None for an empty database."""
    known = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
    row = db.execute("SELECT version_num FROM alembic_version").fetchone() if known else None
    return str(row[0]) if row else None


def count_opening(db: sqlite3.Connection) -> int:
    """How often the database was opened, this time included. Raises StoreError if a move has not finished it."""
    if db.execute("SELECT 1 FROM meta WHERE key = ?", (MOVING,)).fetchone():
        msg = "this database is being filled by `hubbub store move`, which did not end: run that again first"
        raise StoreError(msg)
    epoch = "INSERT INTO meta VALUES('epoch', '1') ON CONFLICT(key) DO UPDATE SET value = value + 1 RETURNING value"
    return int(db.execute(epoch).fetchone()[0])


def _bring_up_to_date(db: sqlite3.Connection, path: Path) -> None:
    version = version_of(db)
    if version == schema.VERSION:
        return
    if version is None:
        if db.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
            msg = f"the database {path} is not Hubbub's; move it away, or choose another folder with HUBBUB_DATA_DIR"
            raise StoreError(msg)
        create(db)
        return
    if version > schema.VERSION:
        msg = (
            f"the database {path} was written by a newer Hubbub (schema {version}, this one knows {schema.VERSION}); "
            "update Hubbub, or restore a backup made before"
        )
        raise StoreError(msg)
    copy = path.parent / "backups" / f"hubbub-{version}-{time.strftime('%Y%m%dT%H%M%S')}.db"
    backup(db, copy)
    from hubbub.storage import migrations  # noqa: PLC0415 - loaded on first use: Alembic takes 0.6 s

    try:
        migrations.upgrade(path)
    except StoreError as error:
        msg = (
            f"the database {path} could not be brought from schema {version} to {schema.VERSION} ({error}); "
            f"it is as it was, and a copy is {copy}"
        )
        raise StoreError(msg) from error


def create(db: sqlite3.Connection) -> None:
    """Make the schema in an empty database, all or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in schema.SQLITE.split(";\n"):
            if statement.strip():
                db.execute(statement)
        db.execute("INSERT INTO alembic_version VALUES(?)", (schema.VERSION,))
        db.execute("INSERT INTO meta VALUES('hub', lower(hex(randomblob(4))))")
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def backup(db: sqlite3.Connection, target: Path) -> None:
    """Copy the whole database to a new file, and keep the newest few whose names differ in the last part only."""
    target.parent.mkdir(mode=0o700, exist_ok=True)
    part = target.with_suffix(".part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    copy = sqlite3.connect(part)
    try:
        db.backup(copy)
    finally:
        copy.close()
    part.replace(target)
    for old in sorted(target.parent.glob(f"{target.stem.rpartition('-')[0]}-*.db"))[:-_KEEP_BACKUPS]:
        old.unlink()
