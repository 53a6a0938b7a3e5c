"""The data of a hub that is not running, opened by the command itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from hubbub.cli.outcome import Failure
from hubbub.core.store import Store
from hubbub.settings import Settings

T = TypeVar("T")


def with_store(settings: Settings, work: Callable[[Store], Awaitable[T]]) -> T:
    """Do something with the store and close it.

    Raises:
        Failure: there is no data yet.
        StoreError: they cannot be opened; StoreBusy if another process has them.
    """

    async def run() -> T:
        async with _open(settings) as store:
            return await work(store)

    return asyncio.run(run())


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[Store]:
    from hubbub.app.engines import command_store  # noqa: PLC0415 - loaded on first use
    from hubbub.storage.sqlite.connection import DATABASE  # noqa: PLC0415 - loaded on first use

    folder = settings.store.sqlite(settings.server.data_dir)
    if not settings.store.postgres and not (folder / DATABASE).is_file():
        message = f"there are no data in {folder}: no hub has run there; name another folder with --data-dir"
        raise Failure(message)
    async with command_store(settings) as store:
        yield store
