"""The store that the settings name, for hubs and for commands that open it by themselves."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from hubbub.core.errors import ConfigError, StoreError
from hubbub.core.failpoints import Failpoint, never
from hubbub.core.store import Store
from hubbub.settings import Settings
from hubbub.storage.sqlite.connection import FolderLock

if TYPE_CHECKING:
    from hubbub.storage.postgres.store import PostgresStore


Opening: TypeAlias = Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
"""Carries out the opening of a store: once, or until the database is there."""


async def _at_once(opening: Callable[[], Awaitable[None]]) -> None:
    await opening()


def node_name(settings: Settings) -> str:
    """How this process is called among the others; a new name at every start, unless the settings give one."""
    if settings.cluster.node:
        return settings.cluster.node
    if not settings.store.postgres:
        return f"{os.getpid()}-{secrets.token_hex(4)}"
    machine = "".join(each if each.isalnum() or each in ".-_" else "-" for each in socket.gethostname())
    return f"{machine[:60]}-{os.getpid()}-{secrets.token_hex(2)}"


@contextlib.asynccontextmanager
async def hub_store(
    settings: Settings, node: str, failpoint: Failpoint = never, opening: Opening = _at_once
) -> AsyncIterator[Store]:
    """The open store of a hub that is called ``node``.

    Raises:
        ConfigError: the database needs a package that is not installed.
        StoreAway: the database is not reached.
        StoreBusy: another hub works on the data folder.
        StoreError: it cannot be opened.
    """
    if settings.store.postgres:
        with _alone(settings.server.data_dir):
            async with _opened(_postgres(settings, node, failpoint), opening) as store:
                yield store
        return
    from hubbub.storage.sqlite.store import SqliteStore  # noqa: PLC0415 - loaded on first use

    _refuse_a_part(settings)
    async with _opened(SqliteStore(settings.store.sqlite(settings.server.data_dir), failpoint=failpoint)) as store:
        yield store


@contextlib.asynccontextmanager
async def command_store(settings: Settings) -> AsyncIterator[Store]:
    """The open store for a command, where no hub of this data folder runs. On PostgreSQL others may.

    Raises:
        ConfigError, StoreError: as `hub_store`.
    """
    if settings.store.postgres:
        async with _opened(_postgres(settings, "", never)) as store:
            yield store
        return
    from hubbub.storage.sqlite.store import SqliteStore  # noqa: PLC0415 - loaded on first use

    async with _opened(SqliteStore(settings.store.sqlite(settings.server.data_dir))) as store:
        yield store


@contextlib.asynccontextmanager
async def _opened(store: Store, opening: Opening = _at_once) -> AsyncIterator[Store]:
    await opening(store.open)
    try:
        yield store
    finally:
        await store.close()


def _postgres(settings: Settings, node: str, failpoint: Failpoint) -> PostgresStore:
    try:
        from hubbub.storage.postgres.presence import Member  # noqa: PLC0415 - loaded on first use
        from hubbub.storage.postgres.store import PostgresStore  # noqa: PLC0415 - loaded on first use
    except ModuleNotFoundError as error:
        msg = (
            f"store.database_url names a PostgreSQL database, which needs the Python package {error.name!r}; "
            "install hubbub[postgres]"
        )
        raise ConfigError(msg) from error
    cluster = settings.cluster
    member = Member(node, cluster.address, cluster.lease_seconds)
    return PostgresStore(settings.store.postgres, member, failpoint=failpoint)


def _refuse_a_part(settings: Settings) -> None:
    """A part of a hub needs others, which SQLite cannot serve."""
    if "all" not in settings.cluster.roles:
        msg = (
            f"cluster.roles: a process that is only {' and '.join(settings.cluster.roles)} needs others beside it,"
            " and so a PostgreSQL database (DATABASE_URL); alone it is all"
        )
        raise ConfigError(msg)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """The data folder (log, weights, the key for commands) is one process's, wherever the database is."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"the data folder {folder} cannot be made ({error.strerror}); choose another with HUBBUB_DATA_DIR"
        raise StoreError(msg) from error
    lock = FolderLock(folder)
    lock.take()
    try:
        yield
    finally:
        lock.drop()
