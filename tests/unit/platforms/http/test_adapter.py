"""The platform of waiting callers: one acceptance a key, replies kept, ends that are not told, bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import DeliveryError, Overloaded, StoreError
from hubbub.core.events import Received, event_key
from hubbub.core.identities import Author
from hubbub.core.messages import Message, Text, text_of
from hubbub.core.ports import Exchange, Platform, Streamed
from hubbub.core.work import Exchanged, Receipt, Row
from hubbub.platforms.http import adapter
from hubbub.platforms.http.adapter import HttpPlatform
from hubbub.platforms.http.plugin import PLUGIN
from hubbub.platforms.http.settings import HttpSettings
from hubbub.platforms.http.waiting import Waiting
from tests.fakes.doors import MemoryHub

ROOM = Room("http", "local", "private", "alice")


def event(key: str = "1", text: str = "hello", room: Room = ROOM) -> Received:
    return Received(key, room, Author(room.id), (Text(text),), 1.0, key, addressed=True)


def platform(hub: MemoryHub, **settings: float) -> HttpPlatform:
    return HttpPlatform(HttpSettings.model_validate(settings), hub.host)


@asynccontextmanager
async def running(made: HttpPlatform) -> AsyncIterator[None]:
    task = asyncio.create_task(made.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


def words(exchanged: Exchanged) -> list[str]:
    return [text_of(row.out.message) for row in exchanged.rows]


async def test_a_question_gets_its_answer() -> None:
    hub = MemoryHub()
    answered = await platform(hub).ask(event())
    assert words(answered) == ["echo: hello"]
    assert answered.receipt.entry.id == 1
    assert not answered.receipt.duplicate


async def test_the_same_id_at_once_is_accepted_once_and_answered_to_all() -> None:
    hub = MemoryHub()
    hub.go.clear()
    made = platform(hub)
    waiting = [asyncio.create_task(made.ask(event())) for _ in range(20)]
    await asyncio.sleep(0.01)
    assert not any(task.done() for task in waiting)
    hub.go.set()
    answered = await asyncio.gather(*waiting)
    assert hub.accepted == 1
    assert {tuple(words(each)) for each in answered} == {("echo: hello",)}
    assert sum(not each.receipt.duplicate for each in answered) == 1
    assert not hub.streams.listeners


async def test_the_same_id_later_gets_the_kept_replies_also_from_a_new_platform() -> None:
    hub = MemoryHub()
    first = await platform(hub).ask(event())
    again = await platform(hub).ask(event())
    assert again.receipt.duplicate
    assert again.rows == first.rows


async def test_messages_to_other_rooms_are_not_shown() -> None:
    hub = MemoryHub(elsewhere=(Room("http", "local", "private", "bob"), Room("loopback", "1", "group", "2")))
    assert words(await platform(hub).ask(event())) == ["echo: hello"]


async def test_no_answer_is_an_answer() -> None:
    def silent(_event: Received) -> Message:
        return ()

    answered = await platform(MemoryHub(answer=silent)).ask(event())
    assert answered.rows == ()


async def test_an_end_that_is_not_told_is_found_in_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubbub.platforms.http.waiting.FIRST_LOOK", 0.02)
    monkeypatch.setattr(adapter, "LOOK_INTERVAL", 0.01)
    hub = MemoryHub(lose_ends=True)
    made = platform(hub)
    async with running(made), asyncio.timeout(3):
        assert words(await made.ask(event())) == ["echo: hello"]
        assert [type(each) async for each in made.stream(event("2"))] == [Receipt, Row]


async def test_looking_goes_on_after_a_failing_store(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("hubbub.platforms.http.waiting.FIRST_LOOK", 0.02)
    monkeypatch.setattr(adapter, "LOOK_INTERVAL", 0.01)
    hub = MemoryHub(lose_ends=True)
    real, failures = hub.replies, [1, 2]

    async def replies(entry: int) -> object:
        if failures:
            failures.pop()
            raise StoreError("locked")
        return await real(entry)

    monkeypatch.setattr(hub, "replies", replies)
    made = platform(hub)
    async with running(made), asyncio.timeout(5):
        assert words(await made.ask(event())) == ["echo: hello"]
    assert "will look again" in caplog.text


async def test_a_stream_gives_receipt_pieces_and_rows() -> None:
    hub = MemoryHub(pieces=("ec", "ho"))
    items = [each async for each in platform(hub).stream(event())]
    assert isinstance(items[0], Receipt)
    assert items[1:3] == [Streamed("ec"), Streamed("ho")]
    assert isinstance(items[3], Row)
    assert len(items) == 4


async def test_only_streams_count_as_listeners_for_pieces() -> None:
    hub = MemoryHub()
    hub.go.clear()
    made = platform(hub)
    asking = asyncio.create_task(made.ask(event()))
    await asyncio.sleep(0.01)
    assert not hub.streams.listened(event_key(event()))
    stream = made.stream(event())
    assert isinstance(await anext(stream), Receipt)
    assert hub.streams.listened(event_key(event()))
    await stream.aclose()
    hub.go.set()
    await asking


async def test_a_caller_that_goes_away_while_it_is_accepted_does_not_stop_it() -> None:
    hub = MemoryHub()
    made = platform(hub)
    task = asyncio.create_task(made.ask(event()))
    await asyncio.sleep(0)  # it waits for the commit now
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert words(await made.ask(event())) == ["echo: hello"]
    assert hub.accepted == 1
    assert len(made._waiting) == 0


async def test_waiting_ends_in_time_and_the_answer_is_kept() -> None:
    hub = MemoryHub()
    hub.go.clear()
    made = platform(hub, wait_seconds=0.02)
    with pytest.raises(TimeoutError):
        await made.ask(event())
    with pytest.raises(TimeoutError):
        _ = [each async for each in made.stream(event())]
    hub.go.set()
    await asyncio.sleep(0.01)
    assert words(await made.ask(event())) == ["echo: hello"]


async def test_who_waits_is_let_go_when_the_hub_stops() -> None:
    hub = MemoryHub()
    hub.go.clear()
    made = platform(hub)
    async with running(made):
        asking = asyncio.create_task(made.ask(event()))
        stream = made.stream(event("2"))
        assert isinstance(await anext(stream), Receipt)
        streaming = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0.01)
    for waiting in (asking, streaming):
        with pytest.raises(TimeoutError, match="the hub stops"):
            await asyncio.wait_for(waiting, 1)
    hub.go.set()
    async with running(made):
        assert words(await made.ask(event())) == ["echo: hello"]


async def test_no_more_wait_than_may() -> None:
    hub = MemoryHub()
    hub.go.clear()
    made = platform(hub, max_waiting=2)
    tasks = [asyncio.create_task(made.ask(event(str(number)))) for number in range(2)]
    await asyncio.sleep(0.01)
    with pytest.raises(Overloaded):
        await made.ask(event("3"))
    with pytest.raises(Overloaded):
        await anext(made.stream(event("3")))
    hub.go.set()
    await asyncio.gather(*tasks)
    assert words(await made.ask(event("3"))) == ["echo: hello"]


async def test_what_the_store_refuses_is_raised() -> None:
    hub = MemoryHub()
    hub.store.broken = True
    with pytest.raises(StoreError):
        await platform(hub).ask(event())


async def test_rows_are_kept_never_sent() -> None:
    hub = MemoryHub()
    made = platform(hub)
    assert made.capabilities(ROOM).delivery is Delivery.WINDOW
    row = hub.store.outbox.put(ROOM, (Text("x"),))
    with pytest.raises(DeliveryError) as caught:
        await made.send(row)
    assert caught.value.certain
    assert caught.value.permanent


async def test_it_is_up_while_it_runs() -> None:
    hub = MemoryHub()
    async with running(platform(hub)):
        await asyncio.sleep(0)
        assert hub.up == {"http/local": None}
    assert hub.up == {"http/local": "stopped"}


def test_looks_become_rarer() -> None:
    waiting = Waiting(1)
    with waiting.wait("key", 7, 0.0):
        looks = [tenth / 10 for tenth in range(1200) if waiting.due(tenth / 10)]
    assert looks[0] == 1.0
    assert 8 <= len(looks) <= 16
    assert not waiting.due(1e9)


def test_the_plugin_names_a_platform_and_is_always_on() -> None:
    assert PLUGIN.name == "http"
    assert PLUGIN.enabled(HttpSettings(), {})
    module, _, name = PLUGIN.adapter.partition(":")
    assert (module, name) == (HttpPlatform.__module__, HttpPlatform.__name__)


def test_it_keeps_both_contracts() -> None:
    made = HttpPlatform(HttpSettings(), MemoryHub().host)
    as_platform: Platform = made
    as_exchange: Exchange = made
    assert as_platform.name == "http"
    assert as_platform.routes == ()
    assert as_exchange is made
