"""Stores by their addresses, and what commands do with a whole one: move it, check it, copy it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.core.errors import ConfigError
from hubbub.settings import Settings
from hubbub.storage.moving import Moved, move
from hubbub.storage.scan import Progress, scanning
from hubbub.storage.sqlite.connection import DATABASE
from hubbub.storage.sqlite.tables import SqliteEnd
from hubbub.storage.tables import End

if TYPE_CHECKING:
    from hubbub.storage.postgres.tables import PostgresEnd

_POSTGRES = ("postgresql://", "postgres://")


def end_at(address: str) -> End:
    """The store at ``sqlite:FOLDER`` or ``postgresql://user:password@host/name``.

    Raises:
        ConfigError: the address is none of these, or a package is missing.
    """
    if address.startswith(_POSTGRES):
        return postgres_end(address)
    kind, _, rest = address.partition(":")
    path = Path(rest.removeprefix("//"))
    if kind != "sqlite" or not rest.strip("/"):
        msg = f"{address.partition('://')[0]!r} is no store: give sqlite:FOLDER or postgresql://user:password@host/name"
        raise ConfigError(msg)
    return SqliteEnd(path.parent if path.name == DATABASE else path)


def end_of(settings: Settings) -> End:
    """The store that a hub with these settings uses. Raises ConfigError."""
    if settings.store.postgres:
        return postgres_end(settings.store.postgres)
    return SqliteEnd(settings.store.sqlite(settings.server.data_dir))


def postgres_end(dsn: str) -> PostgresEnd:
    """A PostgreSQL database. Raises ConfigError where the driver is not installed."""
    try:
        from hubbub.storage.postgres.tables import PostgresEnd  # noqa: PLC0415 - loaded on first use
    except ModuleNotFoundError as error:
        msg = f"a PostgreSQL database needs the Python package {error.name!r}; install hubbub[postgres]"
        raise ConfigError(msg) from error
    return PostgresEnd(dsn)


async def move_store(source: End, target: End, progress: Callable[[str], Progress]) -> Moved:
    """Move everything from one store to another; see `hubbub.storage.moving.move`.

    Raises:
        StoreBusy: a hub runs on one of them.
        StoreError: it cannot be done; run it again to go on.
    """
    async with source.alone(new=False) as reading, target.alone(new=True) as writing:
        return await move(reading, writing, progress)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: ``faults`` in words, rows of each table, how many branches of conversations."""

    store: str
    faults: Sequence[str]
    counts: Mapping[str, int]
    conversations: int


async def check_store(end: End, progress: Progress) -> Checked:
    """Look at all of a store, also beside running hubs, as it is at one moment. Raises StoreError."""
    with scanning() as scan:
        async with end.beside() as reading:
            await scan.walk(reading, progress)
            return Checked(reading.shown, scan.faults, scan.counts, sum(1 for _ in scan.conversations()))


async def copy_store(source: End, folder: Path) -> None:
    """A copy of one moment as one SQLite file in ``folder``, also while hubs run. Raises StoreError."""
    target = SqliteEnd(folder)
    async with source.beside() as reading, target.alone(new=True) as writing:
        await move(reading, writing, _silent)
    with closing(sqlite3.connect(folder / DATABASE)) as db:
        db.execute("PRAGMA journal_mode = DELETE")  # one file, complete without another beside it


async def put_store(folder: Path, target: PostgresEnd, now: datetime) -> str:
    """Put the SQLite database of ``folder`` in the place of what is in PostgreSQL, which is kept aside.

    Returns the name of the schema where what was there is now; "" if there was nothing. Raises StoreError, and leaves
    everything as it was.
    """
    aside = await target.put_aside(f"replaced_{now:%Y%m%dt%H%M%S}")
    try:
        await move_store(SqliteEnd(folder), target, _silent)
    except BaseException:
        await target.take_back(aside)
        raise
    return aside


def _silent(_: str) -> Progress:
    return lambda *_: None
