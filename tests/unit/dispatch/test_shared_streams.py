"""Pieces of an answer get to whoever listens, on whichever node."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from hubbub.core.ports import Streamed
from hubbub.dispatch.shared_streams import SharedStreams
from tests.fakes.common_store import CommonWords

END = Streamed(end=True)


class Nodes:
    """A gateway and a worker; what the worker sends arrives, unless the way is ``cut``."""

    def __init__(self) -> None:
        self.words = CommonWords()
        self.cut = False
        self.sent: list[tuple[str, str, Streamed]] = []
        self.gateway = SharedStreams(self.words.node(), "g", self.send)
        self.worker = SharedStreams(self.words.node(), "w", self.send)

    def send(self, node: str, key: str, piece: Streamed) -> None:
        self.sent.append((node, key, piece))
        if not self.cut:
            self.gateway.receive(key, piece)
        elif piece.end:
            self.worker.tell_end(node, key)


async def heard(pieces: AsyncIterator[Streamed]) -> list[Streamed]:
    async with asyncio.timeout(5):
        return [piece async for piece in pieces]


async def test_pieces_go_from_the_worker_to_the_gateway() -> None:
    nodes = Nodes()
    async with nodes.gateway.subscribe("k") as pieces:
        assert nodes.worker.listened("k")
        nodes.worker.publish("k", Streamed("a"))
        nodes.worker.publish("k", END)
        assert await heard(pieces) == [Streamed("a"), END]
    assert not nodes.worker.listened("k")


async def test_who_waits_for_the_end_only_is_told_by_a_word() -> None:
    nodes = Nodes()
    async with nodes.gateway.subscribe("k", pieces=False) as pieces:
        assert not nodes.worker.listened("k")
        nodes.worker.publish("k", Streamed("a"))
        nodes.worker.publish("k", END)
        assert await heard(pieces) == [END]
    assert not nodes.sent


async def test_nothing_is_sent_where_nobody_listens() -> None:
    nodes = Nodes()
    said = len(nodes.words.said)
    nodes.worker.publish("k", Streamed("a"))
    nodes.worker.publish("k", END)
    assert not nodes.sent
    assert len(nodes.words.said) == said


async def test_the_end_comes_though_no_piece_does() -> None:
    nodes = Nodes()
    nodes.cut = True
    async with nodes.gateway.subscribe("k") as pieces:
        nodes.worker.publish("k", Streamed("a"))
        nodes.worker.publish("k", END)
        assert await heard(pieces) == [END]


async def test_an_answer_that_is_written_here_needs_nobody() -> None:
    nodes = Nodes()
    async with nodes.gateway.subscribe("k") as pieces:
        assert nodes.gateway.listened("k")
        nodes.gateway.publish("k", Streamed("a"))
        nodes.gateway.publish("k", END)
        assert await heard(pieces) == [Streamed("a"), END]
    assert not nodes.sent
