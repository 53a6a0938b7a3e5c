"""Records of calls are forgotten each hour, however many there are, and a database that is away is waited for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest

from hubbub.app.housekeeping import CallKeeping
from hubbub.core.errors import StoreError

if TYPE_CHECKING:
    from hubbub.core.store import Calls

DAY = 86_400.0


async def test_old_records_go(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    asked: list[tuple[float, int]] = []
    gone: list[int | StoreError] = [1000, 5, 0, StoreError("away"), 0]
    slept: list[float] = []

    class Some:
        async def prune(self, before: float, most: int) -> int:
            asked.append((before, most))
            step = gone.pop(0)
            if isinstance(step, StoreError):
                raise step
            return step

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if not gone:
            raise asyncio.CancelledError

    monkeypatch.setattr("hubbub.app.housekeeping.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await CallKeeping(cast("Calls", Some()), 2.0, 10, lambda: 5 * DAY).run()
    assert asked == [(3 * DAY, 10)] * 5
    assert slept == [120.0, 0.1, 0.1, 3600.0, 3600.0, 3600.0]
    assert "away" in caplog.text
