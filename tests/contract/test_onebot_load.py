"""The load generator tells the truth: what it counts is what happened."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from hubbub.core.events import Event, Received
from hubbub.core.messages import Text, text_of
from hubbub.core.work import Entry, Outgoing, Receipt, Row, State
from hubbub.platforms.onebot.adapter import OneBotAdapter
from hubbub.platforms.onebot.settings import OneBotSettings
from tests.fakes.onebot_load import Load, LoadPeer, connect_when_listening
from tests.fakes.platform_host import FakeHost
from tests.fakes.serving import serving

Replies = Callable[[Received], list[Received]]


@asynccontextmanager
async def echoing(replies: Replies) -> AsyncIterator[LoadPeer]:
    """A hub that answers each message with what ``replies`` makes of it, in order."""
    fake = FakeHost()
    events: asyncio.Queue[Received] = asyncio.Queue()

    def accept(event: Event) -> asyncio.Future[Receipt]:
        assert isinstance(event, Received)
        events.put_nowait(event)
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        future.set_result(Receipt(Entry(1, "", event)))
        return future

    adapter = OneBotAdapter(OneBotSettings(), replace(fake.host, accept=accept))

    async def answer() -> None:
        while True:
            for reply in replies(await events.get()):
                await adapter.send(Row(1, Outgoing(reply.room, reply.message), "k", State.SENDING))

    async with serving(adapter.routes) as address:
        tasks = [asyncio.create_task(answer()), asyncio.create_task(adapter.run())]
        peer = await connect_when_listening(f"ws://{address}/onebot/v11/ws", 5)
        try:
            yield peer
        finally:
            peer.close()
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


@pytest.mark.parametrize("scene", ["private", "group", "mixed"])
async def test_a_hub_without_faults(scene: str) -> None:
    async with echoing(lambda event: [event]) as peer:
        load = Load(messages=500, in_flight=16, users=7, groups=3, scene=scene, marker="/echo")  # type: ignore[arg-type]
        for _ in range(2):
            report = await peer.run(load)
            assert report.flawless, report
            assert (report.sent, report.answered) == (500, 500)
            assert 0 < report.p50 <= report.p99
            assert report.per_second > 0
            assert '"answered":500' in report.json()


async def test_every_fault_is_counted() -> None:
    seen = 0
    late: list[Received] = []

    def replies(event: Received) -> list[Received]:
        nonlocal seen
        seen += 1
        if seen == 3:
            return []  # lost
        if seen == 5:
            return [event, event]  # twice
        if seen == 7:
            return [replace(event, room=replace(event.room, id="999"))]  # to the wrong place
        if seen == 9:
            return [replace(event, message=(Text("no idea"),)), event]  # a stray one
        if seen == 11:
            return [replace(event, message=(Text(text_of(event.message).replace("/echo", "")),))]  # unmarked
        if seen == 13:
            late.append(event)
            return []
        return [event, late.pop()] if late else [event]  # the late one comes behind its successor

    async with echoing(replies) as peer:
        report = await peer.run(Load(messages=50, in_flight=4, users=1, marker="/echo", patience_seconds=0.5))
    assert not report.flawless
    assert (report.lost, report.twice, report.misrouted, report.stray, report.unmarked, report.misordered) == (
        *(1, 1, 1, 1),
        1,
        1,
    )
    assert (report.sent, report.answered) == (50, 49)
    assert "no idea" in report.samples[0]


async def test_nothing_listening_is_a_timeout(unused_tcp_port: int) -> None:
    with pytest.raises(TimeoutError):
        await connect_when_listening(f"ws://127.0.0.1:{unused_tcp_port}/", 0.1)


async def test_a_hub_that_goes_away_loses_what_it_held() -> None:
    async with echoing(lambda event: []) as peer:
        running = asyncio.create_task(peer.run(Load(messages=10, in_flight=5)))
        await asyncio.sleep(0.1)
        peer.close()
        report = await running
    assert report.lost == 5
