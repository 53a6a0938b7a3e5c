"""Gateways and workers on one database, each of which ends again and again, as do the database and its connections.

Both gateways hear everything that people say, as two doors of one platform do: what one of them acknowledged counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import asyncpg
from typing_extensions import override

from tests.contract.store_postgres import talking
from tests.crash import judge
from tests.crash.lives import Keeper, Lives, lives
from tests.crash.people import LONGEST, People, Said
from tests.crash.scene import all_done
from tests.crash.stored import Postgres, Stored
from tests.crash.trail import Step, doubted, lay, walk
from tests.fakes.model import FakeModel
from tests.peers.postgres import Server

GATEWAYS, WORKERS = ("gateway-1", "gateway-2"), ("worker-1", "worker-2")
NAMES = (*GATEWAYS, *WORKERS)
"""Of the processes; tests may leave some out."""
TTL = 1.0
_PATIENCE = 120.0
"""Seconds without any progress."""
_MOMENT = 5.0
_END_SOME = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND random() < 0.4
"""


class Crowd(People):
    """People whom all gateways hear; what each has acknowledged stands in a folder of its own."""

    def doors(self) -> dict[str, Path]:
        """For each gateway, where it finds what is said."""
        found = {}
        for name in GATEWAYS:
            door = self.folder / name / "spool"
            door.parent.mkdir(exist_ok=True)
            if not door.is_symlink():
                door.symlink_to(self.spool)
            found[name] = door
        self.spool.touch()
        return found

    @property
    @override
    def unacknowledged(self) -> int:
        places = [door.with_name("spool.ack") for door in self.doors().values()]
        newest = max((int(file.read_text()) for file in places if file.exists()), default=0)
        return sum(end > newest for end in self._ends[-1000:])


@dataclass
class Doors:
    """The address of any gateway that serves; callers ask it before each request."""

    hubs: Mapping[str, Lives]
    chance: random.Random

    @property
    def url(self) -> str:
        serving = [hub.url for name, hub in self.hubs.items() if name in GATEWAYS and hub.url]
        return self.chance.choice(serving) if serving else ""


@dataclass
class Cluster:
    """``trail``: how rows became unknown; known after `end`."""

    folder: Path
    engine: Postgres
    server: Server
    delivery: str
    people: Crowd
    hubs: Mapping[str, Lives]
    trail: list[Step] = field(default_factory=list)
    ended: dict[str, int] = field(default_factory=dict)

    async def start(self, *names: str) -> None:
        await asyncio.gather(*(self.hubs[name].start() for name in names))

    async def kill(self, name: str) -> None:
        """A process ends and comes back."""
        hub = self.hubs[name]
        if hub.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(hub.pid, signal.SIGKILL)
        assert await hub.end() == -signal.SIGKILL, hub.log[-3000:]
        await hub.spawn()
        self._count("gateways" if name in GATEWAYS else "workers")

    async def all_serving(self) -> None:
        """Nobody ends by itself, and everybody comes to serve."""
        async with asyncio.timeout(_PATIENCE):
            for hub in self.hubs.values():
                await hub.until_serving()

    async def somebody_sees_something(self) -> None:
        """On a busy machine, too, people get through now and then."""
        file = self.people.sent
        before = file.stat().st_size if file.exists() else 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_MOMENT):
                while not file.exists() or file.stat().st_size == before:
                    await asyncio.sleep(0.01)

    async def cut(self) -> None:
        """Some of the database's processes end."""
        with contextlib.suppress(asyncpg.PostgresError, OSError):
            async with talking(self.engine.dsn) as db:
                await db.execute(_END_SOME)
                self._count("connections")

    async def lose_database(self) -> None:
        """The whole database server ends, and comes back."""
        await asyncio.to_thread(self.server.kill)
        await asyncio.to_thread(self.server.serve)
        self._count("servers")

    def _count(self, what: str) -> None:
        self.ended[what] = self.ended.get(what, 0) + 1

    async def trouble(self, chance: random.Random) -> None:
        """One end of anything."""
        kind = chance.random()
        if kind < 0.04:
            await self.lose_database()
        elif kind < 0.2:
            await self.cut()
        else:
            await self.kill(chance.choice(NAMES))

    async def end(self) -> Stored:
        """All that is left is done, and everybody comes to an end in peace."""
        await all_done(self.people, partial(self.engine.pending, self.folder), _PATIENCE)
        self.trail = await walk(self.engine.dsn)
        codes = await asyncio.gather(*(hub.stop() for hub in self.hubs.values()))
        assert not any(codes), self.logs()
        return await self.engine.read(self.folder)

    def faults(self, stored: Stored, others: Sequence[Said] = ()) -> list[str]:
        said, shown = [*self.people.said, *others], self.people.shown()
        unknown = {row.id for row in stored.rows if row.state == "unknown"}
        return [
            *judge.handled_once(said, stored),
            *judge.accepted_in_order(said, stored),
            *judge.shown_once(shown, stored, self.delivery),
            *judge.shown_in_order(shown, said, stored, self.delivery, several=True),
            *judge.remembered_once(said, stored),
            *doubted(unknown, self.trail),
            *(f"{name} had an error that nobody expected" for name, hub in self.hubs.items() if "Traceback" in hub.log),
        ]

    def logs(self) -> str:
        return "\n".join(f"--- {name}\n{hub.log[-1500:]}" for name, hub in self.hubs.items())


@asynccontextmanager
async def cluster(
    folder: Path, keepers: Mapping[str, Keeper], engine: Postgres, server: Server, delivery: str, **far: str
) -> AsyncIterator[Cluster]:
    """A process for each keeper, all serving. ``far``: addresses of the database for those who have another."""
    people = Crowd(folder, random.Random(f"cluster {delivery}"))
    doors = people.doors()
    await lay(engine.dsn)
    async with FakeModel(check=False, first_ms=8, gap_ms=1) as model, contextlib.AsyncExitStack() as stack:
        hubs = {}
        for name in keepers:
            place = folder / name
            place.mkdir(exist_ok=True)
            environ = people.environ | engine.environ(place) | {"HUBBUB_PORT": "0"}
            environ |= {"DATABASE_URL": far.get(name.replace("-", "_"), engine.dsn)}
            environ |= {"HUBBUB_CLUSTER__NODE": name, "HUBBUB_CLUSTER__LEASE_SECONDS": str(TTL)}
            environ |= {"HUBBUB_CLUSTER__ROLES": "gateway" if name in GATEWAYS else "worker,scheduler"}
            environ |= {"HUBBUB_PLATFORMS__LOOPBACK__DELIVERY": delivery}
            environ |= {"HUBBUB_PLATFORMS__LOOPBACK__MAX_LENGTH": str(LONGEST)}
            if name in doors:
                environ["HUBBUB_PLATFORMS__LOOPBACK__SPOOL"] = str(doors[name])
            environ |= {"HUBBUB_MODEL": "fake", "OPENAI_API_KEY": "sk-crash", "OPENAI_BASE_URL": model.url}
            hubs[name] = await stack.enter_async_context(lives(place, environ, keepers[name]))
        found = Cluster(folder, engine, server, delivery, people, hubs)
        await found.start(*keepers)
        yield found
