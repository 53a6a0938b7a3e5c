"""One keeper for all crash tests (it takes a second to load everything), and a database for each."""

import asyncio
from collections.abc import Iterator

import pytest

from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from tests.crash.lives import Keeper
from tests.crash.lives import keeper as started
from tests.crash.stored import Engine, Postgres, Sqlite
from tests.peers.postgres import Databases, serving


@pytest.fixture(scope="session")
def keeper() -> Iterator[Keeper]:
    with started() as found:
        yield found


@pytest.fixture(scope="session")
def databases() -> Iterator[tuple[Databases, str]]:
    """A server that may be killed (nobody cuts the power here), and the name of a database there with the schema."""
    with serving() as server:
        databases = Databases(server)
        yield databases, asyncio.run(_template(databases))
        asyncio.run(databases.drop_all())


async def _template(databases: Databases) -> str:
    name = await databases.make()
    store = PostgresStore(databases.address(name), Member(""))
    await store.open()
    await store.close()
    return name


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "sqlite":
        yield Sqlite()
        return
    databases, template = request.getfixturevalue("databases")
    name = asyncio.run(databases.make(template))
    yield Postgres(databases.address(name))
    asyncio.run(databases.drop(name))
