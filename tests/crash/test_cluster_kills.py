"""Gateways, workers, connections to the database and the database itself end, many times, while people talk."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
from typing import TYPE_CHECKING, Any

import pytest

from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from tests.crash.cluster import NAMES, Doors, cluster
from tests.crash.lives import Keeper
from tests.crash.lives import keeper as started
from tests.crash.people import Callers
from tests.crash.scene import DELIVERIES
from tests.crash.stored import Postgres
from tests.peers.postgres import Databases, Server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.crash

log = logging.getLogger(__name__)

ALL = int(os.environ.get("HUBBUB_TEST_KILLS", "0"))
"""Of `make crash`, in sum; the quick run has fewer, of the class that bears the least."""
QUICK = 12


@pytest.fixture(scope="module")
def keepers() -> Iterator[Mapping[str, Keeper]]:
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(started()) for name in NAMES}


@pytest.fixture(scope="module")
def mortal() -> Iterator[Server]:
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
async def fresh(mortal: Server) -> Postgres:
    databases = Databases(mortal.dsn)
    engine = Postgres(databases.address(await databases.make()))
    store = PostgresStore(engine.dsn, Member(""))
    await store.open()
    await store.close()
    return engine


@pytest.mark.timeout(600 + 8 * ALL)
@pytest.mark.parametrize("delivery", DELIVERIES if ALL else ["blind"])
async def test_nothing_is_lost_doubled_or_out_of_order(
    tmp_path: Path, keepers: Mapping[str, Keeper], fresh: Postgres, mortal: Server, delivery: str
) -> None:
    ends = ALL // len(DELIVERIES) or QUICK
    chance = random.Random(f"cluster {delivery}")
    async with cluster(tmp_path, keepers, fresh, mortal, delivery) as found:
        doors: Any = Doors(found.hubs, chance)
        callers = Callers(doors, chance)
        talking = asyncio.create_task(found.people.chatter())
        calling = asyncio.create_task(callers.call())
        for number in range(ends):
            await asyncio.sleep(chance.random() * 0.4)
            if chance.random() < 0.5:  # else the next end may come before the last is overcome
                await found.somebody_sees_something()
            await (found.lose_database() if number == ends // 2 else found.trouble(chance))
        await found.all_serving()
        talking.cancel()
        callers.leaving.set()
        await asyncio.wait_for(calling, 180)
        stored = await found.end()
    told = "%s: ended %s; %d messages, %d requests, %d rows, %d unknown"
    unknown = sum(row.state == "unknown" for row in stored.rows)
    counts = (len(found.people.said), len(callers.said), len(stored.rows), unknown)
    log.warning(told, delivery, found.ended, *counts)
    faults = found.faults(stored, callers.said)
    assert not faults, f"{faults}\n{found.logs()}"
    assert not callers.faults
    # Who fetches the answer waits for it, so less is said there in the same time.
    assert len(found.people.said) > ends // (10 if delivery == "window" else 1), "people got through"
    assert callers.answers, "so did callers"
