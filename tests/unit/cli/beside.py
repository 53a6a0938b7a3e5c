"""A hub (in memory, behind the real web server) that runs beside the commands under test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from anyio.from_thread import start_blocking_portal

from hubbub.api import local
from tests.fakes.doors import Doors, MemoryHub, doors


@contextmanager
def beside(hub: MemoryHub, data: Path) -> Iterator[Doors]:
    """The hub runs in a thread of its own while the block does; ``data`` is its folder."""
    data.mkdir(exist_ok=True)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(_hub(hub, data)) as found:
        yield found


@asynccontextmanager
async def _hub(hub: MemoryHub, data: Path) -> AsyncIterator[Doors]:
    async with doors(hub) as found:
        found.access.allow_local(local.write(data, found.url).token)
        yield found
        local.remove(data)
