"""Copies of a database: taken beside a running hub, looked at, and made fit to go on from."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hubbub.core.errors import StoreError
from hubbub.storage.schema import GIVEN_UP, STATE_CODES, VERSION, WAITING
from hubbub.storage.sqlite.connection import DATABASE, connect, unusable, version_of

WHY = "restored from a backup: what became of it since is not known"


@dataclass(frozen=True, slots=True)
class Settled:
    """What was under way when a copy was taken: messages not answered yet, deliveries not confirmed yet."""

    entries: int
    deliveries: int


def snapshot(folder: Path, target: Path) -> str:
    """Copy the database of a data folder into a new file, all of one moment, and tell its schema's version.

    A hub may work on it meanwhile. Raises StoreError.
    """
    source = (folder / DATABASE).absolute()
    target.touch(mode=0o600)
    try:
        with (
            closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=30)) as db,
            closing(sqlite3.connect(target)) as copy,
        ):
            db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # one file, complete without another beside it
    except (sqlite3.Error, OSError) as error:
        raise unusable(folder, error) from error
    return inspect(target)


def inspect(path: Path) -> str:
    """The schema's version of a database that is whole.

    Raises:
        StoreError: it is damaged, no database of Hubbub's, or of a newer one.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            found = db.execute("PRAGMA integrity_check(1)").fetchone()[0]
            version = version_of(db)
    except sqlite3.Error as error:
        found, version = str(error), None
    if found != "ok" or version is None:
        msg = f"the database {path.name} is damaged: {found if found != 'ok' else 'it has no schema of Hubbub'}"
        raise StoreError(msg)
    if version > VERSION:
        msg = f"the database was written by a newer Hubbub (schema {version}, this one knows {VERSION}): update Hubbub"
        raise StoreError(msg)
    return version


def settle(folder: Path) -> Settled:
    """Make a copy that was put into ``folder`` fit to go on from; brings its schema up to date first.

    Nothing that was under way is done a second time: entries are given up, deliveries become unknown. Keys of
    deliveries are new, so that no platform takes a new message for an old one of the same number. Raises StoreError.
    """
    with closing(connect(folder)) as db:
        db.execute("BEGIN IMMEDIATE")
        given_up = db.execute("UPDATE inbox SET state = ?, error = ? WHERE state = ?", (GIVEN_UP, WHY, WAITING))
        codes = (STATE_CODES["unknown"], WHY, STATE_CODES["queued"], STATE_CODES["sending"])
        unknown = db.execute("UPDATE outbox SET state = ?, error = ? WHERE state IN (?, ?)", codes)
        db.execute("UPDATE meta SET value = lower(hex(randomblob(4))) WHERE key = 'hub'")
        settled = Settled(given_up.rowcount, unknown.rowcount)
        db.execute("COMMIT")
    return settled
