"""The loopback: what it keeps over a restart, and what it does wrong when it is told to."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Delivery
from hubbub.core.errors import DeliveryError
from hubbub.core.events import event_key
from hubbub.core.messages import Text
from hubbub.core.ports import Host
from hubbub.core.work import Entry, Outgoing, Row, State
from hubbub.platforms.loopback.adapter import LoopbackAdapter
from hubbub.platforms.loopback.plugin import PLUGIN
from hubbub.platforms.loopback.settings import LoopbackSettings
from tests.fakes.platform_host import FakeHost

ROOM = Room("loopback", "loop", "private", "u1")


def row(key: str, text: str = "hi") -> Row:
    return Row(1, Outgoing(ROOM, (Text(text),)), key, State.SENDING)


def event(number: int) -> dict[str, Any]:
    return {
        "type": "message",
        "id": f"e{number}",
        "room": {"kind": "private", "id": "u1"},
        "author": {"id": "u1"},
        "time": 1.0,
        "text": f"{number}",
    }


@asynccontextmanager
async def running(
    settings: LoopbackSettings, fake: FakeHost, host: Host | None = None
) -> AsyncIterator[LoopbackAdapter]:
    adapter = LoopbackAdapter(settings, host or fake.host)
    task = asyncio.create_task(adapter.run())
    try:
        yield adapter
    finally:
        task.cancel()
        await asyncio.wait((task,))


def test_it_is_off_unless_it_is_turned_on() -> None:
    assert not PLUGIN.enabled(LoopbackSettings(), {"host": "127.0.0.1"})
    assert PLUGIN.enabled(LoopbackSettings(enabled=True), {})
    with pytest.raises(ValidationError):
        LoopbackSettings.model_validate({"delivery": "maybe"})
    assert all(field.description for field in LoopbackSettings.model_fields.values())


async def test_the_spool_goes_on_behind_the_last_acknowledgement(tmp_path: Path) -> None:
    settings = LoopbackSettings(enabled=True, spool=tmp_path / "spool", poll_seconds=0.005)
    first = FakeHost(hold=True)
    async with running(settings, first) as adapter:
        for number in range(5):
            adapter.spool.offer(event(number))
        await first.count(5)
        first.commit(3)
        await first.until(lambda: _lines(settings, adapter) == 3)
    second = FakeHost()
    async with running(settings, second) as adapter:
        await second.count(2)
        assert [event_key(one) for one in second.events] == ["loopback/loop/e3", "loopback/loop/e4"]
        await second.until(lambda: _lines(settings, adapter) == 5)


def _lines(settings: LoopbackSettings, adapter: LoopbackAdapter) -> int:
    assert settings.spool
    return settings.spool.read_bytes()[: adapter.spool.acknowledged].count(b"\n")


async def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    fake = FakeHost()
    line = json.dumps(event(1)).encode()
    async with running(LoopbackSettings(enabled=True, spool=spool, poll_seconds=0.005), fake):
        spool.write_bytes(line[:20])
        await asyncio.sleep(0.05)
        assert not fake.offered
        with spool.open("ab") as file:
            file.write(line[20:] + b"\nnot json\n" + json.dumps(event(2)).encode() + b"\n")
        await fake.count(2)


async def test_failpoints_stand_around_the_acknowledgement() -> None:
    fake = FakeHost()
    seen: list[tuple[str, int]] = []
    adapter: LoopbackAdapter

    def failpoint(name: str) -> None:
        seen.append((name, adapter.spool.acknowledged))

    watched = replace(fake.host, failpoint=failpoint)
    async with running(LoopbackSettings(enabled=True), fake, watched) as adapter:
        adapter.spool.offer(event(1))
        await fake.until(lambda: len(seen) == 2)
    assert seen == [("acknowledge.before", 0), ("acknowledge.after", 1)]


async def test_every_event_may_come_several_times() -> None:
    fake = FakeHost()
    async with running(LoopbackSettings(enabled=True, repeats=3), fake) as adapter:
        adapter.spool.offer(event(1))
        await fake.until(lambda: len(fake.offered) == 3)
    assert len(fake.events) == 1


async def test_what_was_sent_outlives_the_process(tmp_path: Path) -> None:
    settings = LoopbackSettings(enabled=True, sent=tmp_path / "sent", delivery=Delivery.IDEMPOTENT)
    assert await LoopbackAdapter(settings, FakeHost().host).send(row("a")) == "1"
    again = LoopbackAdapter(settings, FakeHost().host)
    assert await again.send(row("a")) == "1"
    assert await again.send(row("b")) == "2"
    lines = [json.loads(line) for line in (tmp_path / "sent").read_text(encoding="utf-8").splitlines()]
    assert [(line["key"], line["id"], line["room"]) for line in lines] == [("a", "1", ROOM.key), ("b", "2", ROOM.key)]


@pytest.mark.parametrize(
    ("delivery", "shown"),
    [(Delivery.IDEMPOTENT, 1), (Delivery.WINDOW, 1), (Delivery.BLIND, 2), (Delivery.EDITABLE, 2)],
)
async def test_a_second_sending_is_seen_unless_a_key_prevents_it(delivery: Delivery, shown: int) -> None:
    adapter = LoopbackAdapter(LoopbackSettings(enabled=True, delivery=delivery), FakeHost().host)
    await adapter.send(row("a"))
    await adapter.send(row("a"))
    assert len(adapter.record.lines) == shown


@pytest.mark.parametrize(
    ("kind", "certain", "permanent", "shown"),
    [
        ("refused", True, False, 0),
        ("rejected", True, True, 0),
        ("vanished", False, False, 0),
        ("unconfirmed", False, False, 1),
    ],
)
async def test_faults(kind: str, certain: bool, permanent: bool, shown: int) -> None:
    settings = LoopbackSettings.model_validate({"enabled": True, "faults": [{"at": 2, "kind": kind}]})
    adapter = LoopbackAdapter(settings, FakeHost().host)
    await adapter.send(row("a"))
    with pytest.raises(DeliveryError) as caught:
        await adapter.send(row("b"))
    assert (caught.value.certain, caught.value.permanent) == (certain, permanent)
    assert len(adapter.record.lines) == 1 + shown
    await adapter.send(row("c"))


async def test_with_a_window_the_answer_is_fetched_and_every_redelivery_gets_the_same() -> None:
    fake = FakeHost()
    asked: list[int] = []

    def answers(entry: Entry) -> list[Row] | None:
        asked.append(entry.id)
        return [row(f"answer {entry.id}")] if len(asked) > 3 else None

    fake.answers = answers
    settings = LoopbackSettings(enabled=True, delivery=Delivery.WINDOW, repeats=2)
    async with running(settings, fake) as adapter:
        adapter.spool.offer(event(1))
        await fake.until(lambda: adapter.spool.acknowledged == 1)
        assert [line["key"] for line in adapter.record.lines] == ["answer 1"]
    assert adapter.capabilities(ROOM).reply_within == 5.0


async def test_with_a_window_nobody_waits_for_ever() -> None:
    fake = FakeHost()
    fake.answers = lambda entry: None
    settings = LoopbackSettings(enabled=True, delivery=Delivery.WINDOW, reply_within=0.05)
    async with running(settings, fake) as adapter:
        adapter.spool.offer(event(1))
        await fake.until(lambda: adapter.spool.acknowledged == 1)
        assert not adapter.record.lines
