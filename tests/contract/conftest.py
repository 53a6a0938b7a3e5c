"""Databases for the tests of the store on PostgreSQL: one server for all of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.contract.store_postgres import PostgresHarness
from tests.peers.postgres import Databases, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from hubbub.storage.postgres.store import PostgresStore


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    with serving() as server:
        databases = Databases(server)
        yield databases
        asyncio.run(databases.drop_all())


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


@pytest.fixture
async def dsn(shared: str) -> str:
    """The address of a database with the schema and nothing in it."""
    await PostgresHarness.clear(shared)
    return shared


@pytest.fixture
async def new(databases: Databases) -> AsyncIterator[str]:
    """The address of a database without the schema."""
    name = await databases.make()
    yield databases.address(name)
    await databases.drop(name)


@pytest.fixture
async def store(dsn: str) -> AsyncIterator[PostgresStore]:
    harness = PostgresHarness(dsn)
    yield await harness.open()
    await harness.end()
