"""Databases for tests with several processes: one server, a database for each test."""

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
def databases() -> Iterator[Databases]:
    with serving() as server:
        databases = Databases(server)
        yield databases
        asyncio.run(databases.drop_all())


@pytest.fixture
async def dsn(databases: Databases) -> AsyncIterator[str]:
    """The address of a new database with the schema."""
    name = await databases.make()
    store = PostgresStore(databases.address(name), Member(""))
    await store.open()
    await store.close()
    yield databases.address(name)
    await databases.drop(name)
