"""Pieces of running answers for whoever listens: in memory, bounded, lossy by design."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from hubbub.core.ports import Streamed

_MOST_PIECES = 1000


class LocalStreams:
    """`ports.Streams` within one process."""

    def __init__(self) -> None:
        """Nobody listens yet."""
        self._listeners: dict[str, list[_Listener]] = {}

    @asynccontextmanager
    async def subscribe(self, key: str, *, pieces: bool = True) -> AsyncIterator[AsyncIterator[Streamed]]:
        """See `ports.Streams.subscribe`."""
        listener = _Listener(pieces)
        self._listeners.setdefault(key, []).append(listener)
        try:
            yield listener.read()
        finally:
            listeners = self._listeners[key]
            listeners.remove(listener)
            if not listeners:
                del self._listeners[key]

    def listened(self, key: str) -> bool:
        """See `ports.Streams.listened`."""
        return any(listener.pieces for listener in self._listeners.get(key, ()))

    def publish(self, key: str, piece: Streamed) -> None:
        """See `ports.Streams.publish`."""
        for listener in self._listeners.get(key, ()):
            listener.put(piece)


class _Listener:
    """One reader; ``pieces`` is false for who waits for the end only."""

    def __init__(self, pieces: bool) -> None:  # noqa: FBT001 - private, named by its attribute
        self.pieces = pieces
        self._queue: asyncio.Queue[Streamed] = asyncio.Queue(_MOST_PIECES)

    def put(self, piece: Streamed) -> None:
        if piece.end and self._queue.full():
            self._queue.get_nowait()  # the end must arrive; a piece may be lost
        if piece.end or (self.pieces and not self._queue.full()):
            self._queue.put_nowait(piece)

    async def read(self) -> AsyncIterator[Streamed]:
        while True:
            piece = await self._queue.get()
            yield piece
            if piece.end:
                return
