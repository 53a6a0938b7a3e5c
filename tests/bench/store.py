"""How fast the store takes messages in, stores what they cause and what became of it: SQLite beside PostgreSQL.

``python -m tests.bench.store``. A message is accepted, handled by a unit with one reply and settled, which is all that
the road of a message asks of the store: three commits that others share. PostgreSQL is a server of our own with its
durable defaults. Figures vary from machine to machine: compare ratios from one run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg
import psutil
import uvloop

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Delivery
from hubbub.core.events import Received
from hubbub.core.identities import Author
from hubbub.core.messages import Text
from hubbub.core.work import Append, Outgoing, State, Unit
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from hubbub.storage.sqlite.store import SqliteStore
from tests.peers.postgres import Databases, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from hubbub.core.store import Store

WORDS = (Text("Once upon a midnight dreary, while I pondered, weak and weary, over many a quaint and curious volume"),)


@dataclass
class Road:
    """Sends messages of many conversations down the road; ``turns``: each also grows its conversation by two nodes."""

    store: Store
    node: str
    conversations: int
    turns: bool = False
    sent: int = 0
    first: int = 0

    async def message(self, conversation: int) -> None:
        """One message from its acceptance to its delivery, and no other of the conversation beside it."""
        self.sent += 1
        room = Room("onebot", "10001", "private", f"{self.node}-{conversation}")
        number = f"{self.node}-{self.first + self.sent}"
        event = Received(number, room, Author(room.id, "somebody"), WORDS, time.time(), number, addressed=True)
        receipt = await self.store.inbox.accept(event, room.key, self.node)
        claim = receipt.claim
        assert claim is not None
        unit = Unit(
            done=(receipt.entry.id,),
            sends=(Outgoing(room, WORDS, number, Delivery.BLIND, State.SENDING, receipt.entry.id),),
            writes=await self._turn(room.key) if self.turns else (),
        )
        committed = await self.store.inbox.commit(claim.lane, claim.fence, unit, release=True)
        await self.store.outbox.settle(committed.rows[0].id, number)

    async def _turn(self, owner: str) -> tuple[Append, ...]:
        branch = await self.store.conversations.branch(owner, "context", limit=20)
        turns = ({"role": "user", "content": WORDS[0].text}, {"role": "assistant", "content": WORDS[0].text})
        return (Append(owner, "context", branch.name, turns),)

    async def closed(self, messages: int, in_flight: int) -> float:
        """Messages a second with so many under way; each place has conversations of its own."""
        own = max(1, self.conversations // in_flight)
        chance = random.Random(in_flight)

        async def place(number: int, count: int) -> None:
            for _ in range(count):
                await self.message(number * own + chance.randrange(own))

        started = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for number in range(in_flight):
                tasks.create_task(place(number, messages // in_flight))
        return messages / (time.perf_counter() - started)

    async def steady(self, rate: float, seconds: float) -> tuple[float, float]:
        """p50 and p99 in ms of messages that come at a rate, whatever became of those before."""
        times: list[float] = []

        async def timed(conversation: int) -> None:
            started = time.perf_counter()
            await self.message(conversation)
            times.append((time.perf_counter() - started) * 1000)

        async with asyncio.TaskGroup() as tasks:
            begun = time.perf_counter()
            for number in range(int(rate * seconds)):
                await asyncio.sleep(max(0.0, begun + number / rate - time.perf_counter()))
                tasks.create_task(timed(number % self.conversations))
        cuts = statistics.quantiles(times, n=100)
        return cuts[49], cuts[98]


@asynccontextmanager
async def sqlite() -> AsyncIterator[Store]:
    """An SQLite store on a folder of the disk."""
    with tempfile.TemporaryDirectory(prefix="hubbub-bench-") as folder:
        store = SqliteStore(Path(folder))
        await store.open()
        yield store
        await store.close()


@asynccontextmanager
async def postgres(dsn: str, node: str = "bench") -> AsyncIterator[Store]:
    """A process's store on a database."""
    store = PostgresStore(dsn, Member(node))
    await store.open()
    yield store
    await store.close()


async def figures(store: Store, scale: float) -> dict[str, Any]:
    """All that is measured with one process."""
    found: dict[str, Any] = {}
    for in_flight in (64, 512):
        road = Road(store, f"closed-{in_flight}-{random.random()}", 1000)
        await road.closed(4 * in_flight, in_flight)
        used = time.process_time()
        messages = int(20_000 * scale)
        rate = await road.closed(messages, in_flight)
        found[f"messages/s, {in_flight} in flight"] = round(rate)
        found[f"us of CPU a message in the process, {in_flight} in flight"] = round(
            (time.process_time() - used) / messages * 1e6
        )
    p50, p99 = await Road(store, f"steady-{random.random()}", 200).steady(200, 10 * min(1.0, scale))
    return found | {"p50 at 200/s, ms": round(p50, 2), "p99 at 200/s, ms": round(p99, 2)}


async def tidy(dsn: str) -> None:
    """What the server does now and then on its own, for what was stored so far: not to be counted to what follows."""
    db = await asyncpg.connect(dsn)
    await db.execute("VACUUM ANALYZE")
    await db.execute("CHECKPOINT")
    await db.close()


async def growth(store: Store, steps: list[int], scale: float, dsn: str | None = None) -> dict[str, Any]:
    """What a message with its turn costs while more and more conversations are stored.

    Nothing is remembered, else few conversations would be read from memory and many from the database.
    """
    remembering: Any = store.conversations
    remembering._cache._most = 0
    found: dict[str, Any] = {}
    stored, node = 0, f"growth-{random.random()}"
    for step in steps:
        filling = Road(store, node, step, turns=True, first=10**9 + stored)
        places = [range(start, step, 256) for start in range(stored, min(stored + 256, step))]

        async def place(conversations: range, filling: Road = filling) -> None:
            for conversation in conversations:
                await filling.message(conversation)

        async with asyncio.TaskGroup() as tasks:
            for each in places:
                tasks.create_task(place(each))
        stored = step
        messages = int(10_000 * scale)
        road = Road(store, node, step, turns=True, first=2 * 10**9 + stored * 10)
        if dsn is not None:
            await tidy(dsn)
        used, started = spent(dsn), time.perf_counter()
        await road.closed(messages, 256)
        found[f"with {step:,} conversations: us of CPU a message"] = round((spent(dsn) - used) / messages * 1e6)
        found[f"with {step:,} conversations: messages/s"] = round(messages / (time.perf_counter() - started))
    return found


def spent(dsn: str | None) -> float:
    """CPU seconds of this process, and of the database server if it is ours."""
    used = time.process_time()
    if dsn is None:
        return used
    port = f"port={urlsplit(dsn).port}"
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "postgres" and port in (process.info["cmdline"] or ()):
            used += sum(_cpu(each) for each in (process, *process.children()))
    return used


def _cpu(process: psutil.Process) -> float:
    """Of a process and of its children that ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)


async def together(dsn: str, workers: int, scale: float) -> int:
    """Messages a second of several processes on one database."""
    command = [sys.executable, "-m", "tests.bench.store", "--worker", dsn, "--scale", str(scale)]
    running = [
        await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stdin=subprocess.PIPE)
        for _ in range(workers)
    ]
    for each in running:
        assert each.stdout is not None
        await each.stdout.readline()
    for each in running:
        assert each.stdin is not None
        each.stdin.write(b"go\n")
        await each.stdin.drain()
    said = [json.loads((await each.communicate())[0]) for each in running]
    first, last = min(each["began"] for each in said), max(each["ended"] for each in said)
    return int(sum(each["messages"] for each in said) / (last - first))


async def work(dsn: str, scale: float) -> None:
    """One of several processes: says that it is ready, waits for the word, and tells when it began and ended."""
    async with postgres(dsn, f"worker-{os.getpid()}") as store:
        road = Road(store, f"worker-{os.getpid()}", 1000)
        await road.closed(1000, 256)
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        messages, began = int(20_000 * scale), time.time()
        await road.closed(messages, 256)
        print(json.dumps({"messages": messages, "began": began, "ended": time.time()}), flush=True)


async def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Both engines, one after the other, in turns."""
    rounds: dict[str, list[dict[str, Any]]] = {"sqlite": [], "postgres": []}
    steps = [int(step) for step in options.grow.split(",") if step]
    with serving(durable=True) as server:
        databases = Databases(server)
        for _ in range(options.rounds if options.rates else 0):
            async with sqlite() as store:
                rounds["sqlite"].append(await figures(store, options.scale))
            dsn = databases.address(await databases.make())
            async with postgres(dsn) as store:
                rounds["postgres"].append(await figures(store, options.scale))
            for workers in (1, 2, 4):
                rounds["postgres"][-1][f"messages/s, {workers} processes"] = await together(dsn, workers, options.scale)
        found = {engine: medians(some) for engine, some in rounds.items()}
        if steps:
            async with sqlite() as store:
                found["sqlite"] |= await growth(store, steps, options.scale)
            dsn = databases.address(await databases.make())
            async with postgres(dsn) as store:
                found["postgres"] |= await growth(store, steps, options.scale, dsn)
    return found


def medians(rounds: list[dict[str, Any]]) -> dict[str, Any]:
    """Each figure's median over the rounds."""
    return {name: statistics.median(each[name] for each in rounds) for name in (rounds[0] if rounds else ())}


def show(found: dict[str, Any]) -> None:
    """A table."""
    names = list(dict.fromkeys(name for engine in found.values() for name in engine))
    width = max(map(len, names))
    print(f"{'':{width}}  {'SQLite':>10}  {'PostgreSQL':>10}")
    for name in names:
        print(f"{name:{width}}  {found['sqlite'].get(name, ''):>10}  {found['postgres'].get(name, ''):>10}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0, help="of the number of messages")
    parser.add_argument("--grow", default="1000,100000", help="numbers of stored conversations; empty: leave it out")
    parser.add_argument("--rates", action=argparse.BooleanOptionalAction, default=True, help="measure the rates")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        if options.worker:
            runner.run(work(options.worker, options.scale))
            return
        found = runner.run(measure(options))
    if options.json:
        print(json.dumps(found, indent=2))
    else:
        show(found)


if __name__ == "__main__":
    main()
