"""The platform of callers who wait for their answer on the request itself.

Its events come from the HTTP APIs (`Exchange`). Replies are kept in the store and read from there, never sent, so
a caller that comes back with the same id gets the same replies, also after a restart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Sequence

from hubbub.core.addresses import Account, Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.errors import DeliveryError, StoreError
from hubbub.core.events import Received, event_key
from hubbub.core.ports import Host, Route, Streamed
from hubbub.core.work import Exchanged, Receipt, Row
from hubbub.platforms.http.convert import CAPABILITIES, replies_to
from hubbub.platforms.http.settings import HttpSettings
from hubbub.platforms.http.waiting import Waiting

log = logging.getLogger(__name__)

LOOK_INTERVAL = 0.5
LONGEST_PAUSE = 1.0


class HttpPlatform:
    """`Platform` and `Exchange` over requests."""

    def __init__(self, settings: HttpSettings, host: Host) -> None:
        """Nothing is opened: the API layer owns the routes."""
        self._settings = settings
        self._host = host
        self._waiting = Waiting(settings.max_waiting)
        self._ended = False

    @property
    def name(self) -> str:
        """See `Platform.name`."""
        return "http"

    @property
    def routes(self) -> Sequence[Route]:
        """None: the HTTP APIs hand their requests to `ask` and `stream`."""
        return ()

    def capabilities(self, room: Room) -> Capabilities:  # noqa: ARG002 - the same for every room
        """See `Platform.capabilities`."""
        return CAPABILITIES

    async def run(self) -> None:
        """Look after requests whose end was not told: streams are lossy, and another node may have answered."""
        account = Account(self.name, "local")
        self._ended = False
        self._host.connected(account)
        try:
            while True:
                await asyncio.sleep(LOOK_INTERVAL)
                await self._look()
        finally:
            # Nobody works on answers any more, so nobody is kept waiting for one.
            self._ended = True
            for key in self._waiting.awaited():
                self._host.streams.publish(key, Streamed(end=True))
            self._host.disconnected(account, "stopped")

    async def send(self, row: Row) -> str:
        """Never called for rows of this platform: they are kept until they are asked for."""
        msg = f"row {row.id} waits to be fetched and cannot be sent to {row.out.room.key}"
        raise DeliveryError(msg, certain=True, permanent=True)

    async def ask(self, event: Received) -> Exchanged:
        """See `Exchange.ask`."""
        key = event_key(event)
        with self._waiting.request():
            async with (
                asyncio.timeout(self._settings.wait_seconds),
                self._host.streams.subscribe(key, pieces=False) as pieces,
            ):
                receipt = await self._accept(event)
                rows = await self._known(receipt)
                if rows is None:
                    with self._waiting.wait(key, receipt.entry.id, _now()):
                        async for _ in pieces:
                            pass
                    rows = await self._rows(receipt)
        return Exchanged(receipt, replies_to(event.room, rows))

    async def stream(self, event: Received) -> AsyncGenerator[Receipt | Streamed | Row, None]:
        """See `Exchange.stream`. To be read by one task from its first item to its last."""
        key = event_key(event)
        with self._waiting.request():
            async with asyncio.timeout(self._settings.wait_seconds), self._host.streams.subscribe(key) as pieces:
                receipt = await self._accept(event)
                yield receipt
                rows = await self._known(receipt)
                if rows is None:
                    with self._waiting.wait(key, receipt.entry.id, _now()):
                        async for piece in pieces:
                            if piece.content or piece.reasoning or piece.note:
                                yield piece
                    rows = await self._rows(receipt)
        for row in replies_to(event.room, rows):
            yield row

    async def _accept(self, event: Received) -> Receipt:
        # Shielded: what is being committed goes on being worked on, whether or not its caller is still there.
        return await asyncio.shield(asyncio.ensure_future(self._host.accept(event)))

    async def _known(self, receipt: Receipt) -> Sequence[Row] | None:
        """The replies to a repeated request whose first is done."""
        return await self._host.replies(receipt.entry.id) if receipt.duplicate else None

    async def _rows(self, receipt: Receipt) -> Sequence[Row]:
        """The stored replies, as soon as the store has them. Bounded by the caller's timeout, and by the hub's end."""
        pause = 0.01
        while (rows := await self._host.replies(receipt.entry.id)) is None:
            if self._ended:
                msg = f"the hub stops before entry {receipt.entry.id} is answered"
                raise TimeoutError(msg)
            await asyncio.sleep(pause)
            pause = min(LONGEST_PAUSE, pause * 2)
        return rows

    async def _look(self) -> None:
        for key, entry in self._waiting.due(_now()):
            try:
                done = await self._host.replies(entry) is not None
            except StoreError as error:
                log.warning("cannot look for the answer to %s (entry %d), will look again: %s", key, entry, error)
                continue
            if done:
                self._host.streams.publish(key, Streamed(end=True))


def _now() -> float:
    return asyncio.get_running_loop().time()
