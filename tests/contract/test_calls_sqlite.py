"""Changes beside units and calls of models on SQLite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.store_calls import CallSuite, ChangeSuite
from tests.contract.store_sqlite import SqliteHarness, fast_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class TestChangesAndCallsOnSqlite(ChangeSuite, CallSuite):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[SqliteHarness]:
        harness = SqliteHarness(fast_folder())
        await harness.open()
        yield harness
        await harness.end()
        harness.remove()
