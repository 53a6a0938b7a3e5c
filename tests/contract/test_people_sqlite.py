"""Limits and joined people on SQLite: two that work on one store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.people_suite import LimitSuite, Node, PeopleSuite
from tests.contract.store_sqlite import SqliteHarness, fast_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class TestPeopleOnSqlite(LimitSuite, PeopleSuite):
    @pytest.fixture
    async def nodes(self) -> AsyncIterator[list[Node]]:
        harness = SqliteHarness(fast_folder())
        await harness.open()
        yield [Node(harness.store), Node(harness.store)]
        await harness.end()
        harness.remove()
