"""The store on SQLite keeps the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.store_sqlite import SqliteHarness, fast_folder
from tests.contract.store_suite import StoreSuite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class TestSqlite(StoreSuite):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[SqliteHarness]:
        harness = SqliteHarness(fast_folder())
        await harness.open()
        yield harness
        await harness.end()
        harness.remove()
