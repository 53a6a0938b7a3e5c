"""The store on SQLite keeps the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.contract.store_sqlite import SqliteHarness, fast_folder, sqlite_machine
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


@pytest.mark.hypothesis
@pytest.mark.timeout(600)
def test_every_order_of_steps_ends_as_the_model_says() -> None:
    examples = max(1000, settings().max_examples)
    with sqlite_machine() as machine:
        run_state_machine_as_test(machine, settings=settings(max_examples=examples, stateful_step_count=20))


@pytest.mark.slow
def test_every_order_of_steps_ends_so_with_threads_too() -> None:
    with sqlite_machine(threads=True) as machine:
        run_state_machine_as_test(machine, settings=settings(max_examples=1000, stateful_step_count=50))
