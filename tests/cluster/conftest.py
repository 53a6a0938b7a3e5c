"""Databases for tests with several processes: one server that keeps what it acknowledged, a database for each test."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from tests.peers.postgres import Databases, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


@pytest.fixture(scope="session")
def durable() -> Iterator[Databases]:
    with serving(durable=True) as server:
        databases = Databases(server)
        yield databases
        asyncio.run(databases.drop_all())


@pytest.fixture
async def dsn(durable: Databases) -> AsyncIterator[str]:
    """The address of a new database with the schema."""
    name = await durable.make()
    store = PostgresStore(durable.address(name), Member(""))
    await store.open()
    await store.close()
    yield durable.address(name)
    await durable.drop(name)
