"""What follows from a platform's reports, on a real store with a sender at work."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from hubbub.core.capabilities import Delivery
from hubbub.core.errors import Overloaded
from hubbub.core.reports import Report, Told
from hubbub.core.work import Row, State
from hubbub.dispatch.delivery import Patience
from hubbub.dispatch.reporting import Reporting
from tests.unit.dispatch.parts import World, message, uncertain, world


async def rows(w: World, *states: State) -> list[Row]:
    return list(await w.store.outbox.deliveries(states or tuple(State)))


async def only(w: World, state: State) -> Row:
    async with asyncio.timeout(10):
        while not (found := await rows(w, state)):
            await asyncio.sleep(0.01)
    (row,) = found
    return row


def about(row: Row, told: Told, time: float = 100.0, reason: str = "", *, again: bool = False) -> Report:
    return Report(row.out.room, row.message_id or "late", told, time, reason, row.key, again)


async def test_a_doubt_ends_and_the_log_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with world(tmp_path) as w:
        w.platform.faults = [uncertain(), uncertain()]
        for number in range(3):
            await w.dispatcher.accept(message(number))
        await w.settle()
        first, second = await rows(w, State.UNKNOWN)
        third = await only(w, State.SENT)
        lost = about(second, Told.FAILED, reason="nobody is there")
        await Reporting(w.store.outbox, w.sender).report([about(first, Told.READ), lost, about(third, Told.READ)])
        assert [row.state for row in await rows(w)] == [State.SENT, State.DEAD, State.SENT]
        assert "was in doubt, got through" in caplog.text
        assert "did not arrive and is dead: nobody is there" in caplog.text
        assert f"message {third.id} " not in caplog.text, "there was no doubt"


async def test_what_the_platform_takes_now_goes_out_at_once(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        await w.dispatcher.accept(message(0))
        await w.settle()
        row = await only(w, State.SENT)
        reports = [about(row, Told.FAILED, reason="only so", again=True)] * 2
        await Reporting(w.store.outbox, w.sender).report(reports)
        await w.settle()
        await Reporting(w.store.outbox, w.sender).report(reports)
        await w.settle()
        assert [text for _, text in w.platform.shown] == ["m0", "m0"]
        assert (await only(w, State.SENT)).message_id == f"sent-{row.id}"


async def test_a_failure_that_is_told_while_it_is_sent_has_to_come_again(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        w.platform.held = asyncio.Event()
        await w.dispatcher.accept(message(0))
        row = await only(w, State.SENDING)
        with pytest.raises(Overloaded):
            await Reporting(w.store.outbox, w.sender).report([about(row, Told.FAILED)])
        w.platform.held.set()
        await w.settle()
        row = await only(w, State.SENT)
        await Reporting(w.store.outbox, w.sender).report([about(row, Told.FAILED)])
        assert (await only(w, State.DEAD)).id == row.id


async def test_what_waits_to_be_sent_again_does_not_once_it_is_there(tmp_path: Path) -> None:
    """And the next one of its room waits no longer for it."""
    async with world(tmp_path, delivery=Delivery.IDEMPOTENT, patience=Patience(first=3600.0, longest=3600.0)) as w:
        w.platform.faults = [uncertain()]
        await w.dispatcher.accept(message(0))
        await w.dispatcher.accept(message(1))
        async with asyncio.timeout(10):
            while not any(row.error for row in await rows(w, State.QUEUED)):
                await asyncio.sleep(0.01)
        first = (await rows(w))[0]
        await Reporting(w.store.outbox, w.sender).report([about(first, Told.SENT)])
        await w.settle()
        assert [text for _, text in w.platform.shown] == ["m1"]
        assert [row.state for row in await rows(w)] == [State.SENT, State.SENT]
