"""The machine's clock is set back, or forward, while the hub works."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.journeys.inside import inside, until

DAY = 86_400.0


@pytest.mark.parametrize("jump", [-DAY, DAY, -30 * 365 * DAY])
async def test_a_clock_that_jumps_disturbs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump: float) -> None:
    real, shift = time.time, 0.0
    monkeypatch.setattr(time, "time", lambda: real() + shift)
    async with inside(tmp_path, first_ms=200) as hub, hub.peer() as people:
        people.say("before")
        await until(lambda: hub.model.in_flight)
        shift = jump
        people.say("after")
        assert await people.until_seen(2) == ["LLM-OK before", "LLM-OK after"]
        assert await hub.told("/echo hello") == "hello"
        messages = hub.model.requests[-1].body["messages"]
        assert [each["content"] for each in messages if each["role"] == "user"] == ["before", "after"]
    async with inside(tmp_path) as hub, hub.peer() as people:
        people.number = 10
        people.say("later")
        assert await people.until_seen(1) == ["LLM-OK later"]
        messages = hub.model.requests[-1].body["messages"]
        assert [each["content"] for each in messages if each["role"] == "user"] == ["before", "after", "later"]


async def test_what_waits_for_a_connection_waits_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, shift = time.time, 0.0
    monkeypatch.setattr(time, "time", lambda: real() + shift)
    async with inside(tmp_path, first_ms=1000) as hub:
        async with hub.peer() as people:
            people.say("hello")
            await until(lambda: hub.model.in_flight)
        await until(lambda: not any(each.up for each in hub.hub.control.status().accounts if each.account == "10001"))
        await until(lambda: not hub.hub.control.status().waiting)
        shift = -DAY
        async with hub.peer() as people:
            assert await people.until_seen(1) == ["LLM-OK hello"]
