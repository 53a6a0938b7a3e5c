"""Two hosts in network namespaces: the way between a gateway and the database is cut, and nothing is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from tests.crash.cluster import TTL, Doors, cluster
from tests.crash.lives import Keeper
from tests.crash.lives import keeper as started
from tests.crash.people import Callers
from tests.crash.stored import Postgres
from tests.peers.postgres import Databases, Server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.crash

log = logging.getLogger(__name__)

HERE, THERE, NETWORK = "10.213.77.1", "10.213.77.2", 24
_HOST, _NEAR, _FAR = f"hubbub-{os.getpid()}", f"hb{os.getpid() % 99999}n", f"hb{os.getpid() % 99999}f"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


@pytest.fixture
def other_host() -> Iterator[str]:
    """A network namespace that sees this one through one wire; its name."""
    try:
        ip("netns", "add", _HOST)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no second host: a network namespace needs iproute2 and root ({error})")
    try:
        ip("link", "add", _NEAR, "type", "veth", "peer", "name", _FAR, "netns", _HOST)
        ip("addr", "add", f"{HERE}/{NETWORK}", "dev", _NEAR)
        ip("link", "set", _NEAR, "up")
        for words in (("addr", "add", f"{THERE}/{NETWORK}", "dev", _FAR), ("link", "set", _FAR, "up")):
            ip("-n", _HOST, *words)
        ip("-n", _HOST, "link", "set", "lo", "up")
        yield _HOST
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            ip("link", "del", _NEAR)
        ip("netns", "del", _HOST)


@pytest.fixture
def server(other_host: str) -> Iterator[Server]:
    server = Server(address=HERE)
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seconds", [4 * TTL, pytest.param(60.0, marks=pytest.mark.slow)])
async def test_nothing_is_lost_when_a_gateway_and_the_database_are_cut_apart(
    tmp_path: Path, other_host: str, server: Server, seconds: float
) -> None:
    """The other gateway takes over; what the cut one was sending is unknown and listed, all else is done once."""
    databases, chance = Databases(server.dsn), random.Random("partition")
    name = await databases.make()
    engine = Postgres(databases.address(name))
    store = PostgresStore(engine.dsn, Member(""))
    await store.open()
    await store.close()
    far = Databases(server.far).address(name)
    with contextlib.ExitStack() as stack:
        keepers: dict[str, Keeper] = {"gateway-1": stack.enter_context(started("ip", "netns", "exec", other_host))}
        keepers |= {each: stack.enter_context(started()) for each in ("gateway-2", "worker-1")}
        async with cluster(tmp_path, keepers, engine, server, "blind", gateway_1=far) as found:
            doors: Any = Doors({"gateway-2": found.hubs["gateway-2"]}, chance)
            callers = Callers(doors, chance)
            talking = asyncio.create_task(found.people.chatter())
            calling = asyncio.create_task(callers.call())
            for _ in range(2):
                await asyncio.sleep(1.0)
                ip("link", "set", _NEAR, "down")
                before = len(found.people.shown())
                async with asyncio.timeout(30):  # the other gateway goes on
                    while len(found.people.shown()) < before + 10:
                        await asyncio.sleep(0.1)
                await asyncio.sleep(seconds)
                ip("link", "set", _NEAR, "up")
                await asyncio.sleep(2.0)
            talking.cancel()
            callers.leaving.set()
            await asyncio.wait_for(calling, 60)
            stored = await found.end()
    unknown = sum(row.state == "unknown" for row in stored.rows)
    log.warning("cut twice for %.0f s: %d messages, %d rows, %d unknown", seconds, len(found.people.said),
                len(stored.rows), unknown)  # fmt: skip
    faults = found.faults(stored, callers.said)
    assert not faults, f"{faults}\n{found.logs()}"
    assert not callers.faults
