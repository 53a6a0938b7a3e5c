"""The store on SQLite keeps the contract."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from typing_extensions import override

from tests.contract.store_machine import StoreMachine
from tests.contract.store_sqlite import SqliteHarness, fast_folder
from tests.contract.store_suite import StoreSuite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterator
    from pathlib import Path


class TestSqlite(StoreSuite):
    @pytest.fixture
    async def harness(self) -> AsyncIterator[SqliteHarness]:
        harness = SqliteHarness(fast_folder())
        await harness.open()
        yield harness
        await harness.end()
        harness.remove()


class SqliteMachine(StoreMachine):
    template: Path

    @override
    def make(self) -> Coroutine[Any, Any, SqliteHarness]:
        return SqliteHarness.from_template(self.template)


@pytest.fixture
def machine() -> Iterator[type[SqliteMachine]]:
    folder = fast_folder()

    async def prepare() -> None:
        harness = SqliteHarness(folder)
        await harness.open()
        await harness.end()

    asyncio.run(prepare())
    yield type("Machine", (SqliteMachine,), {"template": folder})
    shutil.rmtree(folder)


def test_every_order_of_steps_ends_as_the_model_says(machine: type[SqliteMachine]) -> None:
    run_state_machine_as_test(machine, settings=settings(max_examples=1000, stateful_step_count=25))
