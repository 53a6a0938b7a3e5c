"""The store on PostgreSQL keeps the contract."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from tests.contract.store_calls import CallSuite, ChangeSuite
from tests.contract.store_postgres import PostgresHarness, PostgresMachine
from tests.contract.store_reserving import ReserveSuite
from tests.contract.store_suite import StoreSuite
from tests.contract.store_usage import ForgetSuite, UsageSuite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

EXAMPLES = int(os.environ.get("HUBBUB_TEST_EXAMPLES", "100"))
"""Of the state machine: a step costs a few round trips here, and the same steps run a thousand times on SQLite."""


class TestPostgres(StoreSuite, UsageSuite, ForgetSuite, ReserveSuite, ChangeSuite, CallSuite):
    @pytest.fixture
    async def harness(self, dsn: str) -> AsyncIterator[PostgresHarness]:
        harness = PostgresHarness(dsn)
        await harness.open()
        yield harness
        await harness.end()


@pytest.mark.hypothesis
@pytest.mark.timeout(900)
def test_every_order_of_steps_ends_as_the_model_says(shared: str) -> None:
    with asyncio.Runner() as runner:
        machine = type("Machine", (PostgresMachine,), {"dsn": shared, "runner": runner})
        run_state_machine_as_test(machine, settings=settings(max_examples=EXAMPLES, stateful_step_count=25))
