"""A platform that brings what happened to the hub's webhook."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohttp

from hubbub.core.ports import Route
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving

Bring = Callable[[aiohttp.ClientSession, Any, str], Awaitable[bool]]
"""Brings one thing once to the hub at ``host:port``; whether it is taken."""


class Bringing:
    """Each in its turn, without waiting for the answer to the one before; again what was not taken."""

    def __init__(self, host: FakeHost, routes: Sequence[Route], bring: Bring) -> None:
        """Nothing is brought before `start`; what was not taken until `stop` is brought when it starts again."""
        self._host = host
        self._routes = routes
        self._bring = bring
        self._waiting: asyncio.Queue[Any] = asyncio.Queue()
        self._open: list[Any] = []
        self._task: asyncio.Task[None] | None = None
        self._served: Any = None

    def push(self, payload: Any) -> None:
        self._waiting.put_nowait(payload)

    async def start(self) -> None:
        self._served = serving(self._routes)
        self._task = asyncio.create_task(self._run(await self._served.__aenter__()))

    async def stop(self) -> None:
        assert self._task
        self._task.cancel()
        await asyncio.wait((self._task,))
        if not self._task.cancelled():
            self._task.result()
        for future, _ in self._host.waiting:  # a hub that ends answers whoever waits
            future.cancel()
        await self._served.__aexit__(None, None, None)

    async def _run(self, address: str) -> None:
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as group:

            async def begin(payload: Any) -> None:
                before = len(self._host.offered)
                task = group.create_task(self._until_taken(session, payload, address))
                while not task.done() and len(self._host.offered) == before:
                    await asyncio.sleep(0.001)

            for payload in list(self._open):
                await begin(payload)
            while True:
                self._open.append(await self._waiting.get())
                await begin(self._open[-1])

    async def _until_taken(self, session: aiohttp.ClientSession, payload: Any, address: str) -> None:
        while not await self._bring(session, payload, address):
            await asyncio.sleep(0.01)
        self._open.remove(payload)
