"""What branches held before old changes is forgotten each hour, after what can be undone."""

from __future__ import annotations

import asyncio

import pytest

from hubbub.app.housekeeping import Housekeeping

DAY = 86_400.0


async def test_old_pasts_go_when_they_can_no_longer_be_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[float, int]] = []
    gone = [1000, 3, 0]

    class Some:
        async def prune(self, before: float, limit: int) -> int:
            return 0

        async def collect(self, before: float, limit: int) -> int:
            asked.append((before, limit))
            return gone.pop(0)

    async def sleep(_: float) -> None:
        if not gone:
            raise asyncio.CancelledError

    monkeypatch.setattr("hubbub.app.housekeeping.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await Housekeeping(Some(), lambda: 100 * DAY).run()
    assert asked == [(69 * DAY, 1000)] * 3
