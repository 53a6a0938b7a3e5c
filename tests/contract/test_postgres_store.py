"""The store on PostgreSQL keeps the contract."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from typing_extensions import override

from tests.contract.store_machine import StoreMachine
from tests.contract.store_postgres import PostgresHarness
from tests.contract.store_suite import StoreSuite
from tests.contract.store_usage import ForgetSuite, UsageSuite
from tests.peers.postgres import Databases, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterator

EXAMPLES = int(os.environ.get("HUBBUB_TEST_EXAMPLES", "100"))
"""Of the state machine: a step costs a few round trips here, and the same steps run a thousand times on SQLite."""


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    with serving() as server:
        yield Databases(server)


@pytest.fixture(scope="session")
def shared(databases: Databases) -> str:
    """The address of a database with the schema, for one test after the other."""

    async def prepare() -> str:
        dsn = databases.address(await databases.make())
        harness = PostgresHarness(dsn)
        await harness.open()
        await harness.end()
        return dsn

    return asyncio.run(prepare())


class TestPostgres(StoreSuite, UsageSuite, ForgetSuite):
    @pytest.fixture
    async def harness(self, shared: str) -> AsyncIterator[PostgresHarness]:
        harness = await PostgresHarness.empty(shared)
        yield harness
        await harness.end()


class PostgresMachine(StoreMachine):
    dsn: str

    @override
    def make(self) -> Coroutine[Any, Any, PostgresHarness]:
        return PostgresHarness.empty(self.dsn)


@pytest.mark.hypothesis
@pytest.mark.timeout(900)
def test_every_order_of_steps_ends_as_the_model_says(shared: str) -> None:
    with asyncio.Runner() as runner:
        machine = type("Machine", (PostgresMachine,), {"dsn": shared, "runner": runner})
        run_state_machine_as_test(machine, settings=settings(max_examples=EXAMPLES, stateful_step_count=25))
