"""Pieces of running answers where another node may write the answer: who listens tells all, who answers sends to them.

Lossy by design, as within one process: whoever misses the end finds the durable replies by looking.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from hubbub.core.ports import Streamed
from hubbub.core.store import Words
from hubbub.dispatch.streams import LocalStreams

_LISTEN, _END = "listen", "end"
_MOST = 20_000

Send = Callable[[str, str, Streamed], None]
"""Called with a node, a key and a piece; never waits."""


class SharedStreams:
    """`ports.Streams` over nodes."""

    def __init__(self, words: Words, node: str, send: Send) -> None:
        """``send`` takes pieces to another node directly, and the end behind them."""
        self._local = LocalStreams()
        self._words = words
        self._node = node
        self._send = send
        self._far: OrderedDict[str, dict[str, bool]] = OrderedDict()
        """Nodes that listen, by key, and whether they want pieces."""
        words.hear(_LISTEN, self._listens)
        words.hear(_END, self._ended)

    @asynccontextmanager
    async def subscribe(self, key: str, *, pieces: bool = True) -> AsyncIterator[AsyncIterator[Streamed]]:
        """See `ports.Streams.subscribe`."""
        self._words.tell(_LISTEN, f"{self._node}\n{'p' if pieces else ''}\n{key}")
        async with self._local.subscribe(key, pieces=pieces) as found:
            yield found

    def listened(self, key: str) -> bool:
        """See `ports.Streams.listened`."""
        return self._local.listened(key) or any(self._far.get(key, {}).values())

    def publish(self, key: str, piece: Streamed) -> None:
        """See `ports.Streams.publish`."""
        self._local.publish(key, piece)
        far = self._far.pop(key, None) if piece.end else self._far.get(key)
        if far is None:
            return
        for node, pieces in far.items():
            if pieces:
                self._send(node, key, piece)
            elif piece.end:
                self.tell_end(node, key)

    def tell_end(self, node: str, key: str) -> None:
        """Let a node know that an answer is stored; also where pieces did not get there."""
        self._words.tell(_END, f"{node}\n{key}")

    def receive(self, key: str, piece: Streamed) -> None:
        """A piece that another node sent to this one."""
        self._local.publish(key, piece)

    def _listens(self, text: str) -> None:
        node, pieces, key = text.split("\n", 2)
        nodes = self._far.setdefault(key, {})
        nodes[node] = nodes.get(node, False) or bool(pieces)
        if len(self._far) > _MOST:
            self._far.popitem(last=False)

    def _ended(self, text: str) -> None:
        node, _, key = text.partition("\n")
        if node == self._node:
            self._local.publish(key, Streamed(end=True))
