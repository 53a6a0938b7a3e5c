"""Brings pieces of answers to the nodes whose callers wait for them, over HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubbub.api.pieces import PATH, Piece, Signature, packed
from hubbub.core.errors import StoreError
from hubbub.core.ports import Streamed
from hubbub.core.work import Lease

if TYPE_CHECKING:
    from aiohttp import ClientSession

log = logging.getLogger(__name__)

_MOST = 5000
_AT_ONCE = 500
_SECONDS = 5.0
_REST_AFTER_FAILURE = 3.0
_IDLE = 60.0

Nodes = Callable[[], Awaitable[Sequence[Lease]]]


@dataclass(slots=True, eq=False)
class _Bag:
    """What waits for one node."""

    node: str
    pieces: deque[Piece] = field(default_factory=lambda: deque[Piece](maxlen=_MOST))
    some: asyncio.Event = field(default_factory=asyncio.Event)


class Courier:
    """One delivery at a time to each node, with all that gathered meanwhile. What cannot be delivered is dropped."""

    def __init__(self, nodes: Nodes, secret: str, tasks: asyncio.TaskGroup) -> None:
        """``nodes`` tells where each is reached; ``tasks`` runs the deliveries until `end`."""
        self._nodes = nodes
        self._secret = secret
        self._tasks = tasks
        self._bags: dict[str, _Bag] = {}
        self._addresses: dict[str, str] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._session: ClientSession | None = None
        self._ended = False
        self.undelivered: Callable[[str, str], None] = _nobody
        """Told of each end, with node and key, that could not be delivered."""

    def send(self, node: str, key: str, piece: Streamed) -> None:
        """See `hubbub.dispatch.shared_streams.Send`."""
        if self._ended:
            return
        bag = self._bags.get(node)
        if bag is None:
            bag = self._bags[node] = _Bag(node)
            task = self._tasks.create_task(self._serve(bag))
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        if len(bag.pieces) < _MOST or piece.end:
            bag.pieces.append((key, piece))
        bag.some.set()

    async def _serve(self, bag: _Bag) -> None:
        """Until nothing came for a while."""
        while True:
            try:
                async with asyncio.timeout(_IDLE):
                    await bag.some.wait()
            except TimeoutError:
                if bag.pieces:
                    continue
                del self._bags[bag.node]
                return
            bag.some.clear()
            while bag.pieces:
                await self._deliver(bag, [bag.pieces.popleft() for _ in range(min(_AT_ONCE, len(bag.pieces)))])

    async def _deliver(self, bag: _Bag, pieces: list[Piece]) -> None:
        try:
            await self._post(bag.node, packed(pieces))
        except Exception as error:  # noqa: BLE001 - the loop's boundary: what a model wrote may be no text at all
            self._addresses.pop(bag.node, None)
            log.warning("pieces of answers do not get to node %s: %s", bag.node, str(error) or type(error).__name__)
            for key, piece in (*pieces, *bag.pieces):
                if piece.end:
                    self.undelivered(bag.node, key)
            bag.pieces.clear()
            await asyncio.sleep(_REST_AFTER_FAILURE)

    async def _post(self, node: str, body: bytes) -> None:
        import aiohttp  # noqa: PLC0415 - loaded on first use

        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS))
        address = await self._address(node)
        headers = Signature(self._secret, node).headers(body)
        async with self._session.post(address + PATH, data=body, headers=headers) as response:
            response.raise_for_status()

    async def _address(self, node: str) -> str:
        if node not in self._addresses:
            self._addresses = {lease.node: lease.address for lease in await self._nodes() if lease.address}
        if node not in self._addresses:
            msg = "nobody knows where it is reached"
            raise StoreError(msg)
        return self._addresses[node]

    async def close(self) -> None:
        """Drop what waits."""
        self._ended = True
        for task in self._running:
            task.cancel()
        if self._session is not None:
            await self._session.close()


def _nobody(node: str, key: str) -> None:
    """Told of nothing."""
