"""A process of a cluster without platforms: it claims what waits, fires timers, and answers each entry with one row.

``python -m tests.cluster.node DSN NAME [TTL]`` says ``ready`` and works until it is killed. An order is a JSON line on
stdin: ``{"redeliver": [first, behind], "copies": n, "seed": s}`` accepts each of these events so often, in any order,
and says how many were new.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import random
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

import uvloop

from hubbub.core.errors import Overloaded
from hubbub.core.work import Outgoing, State, Unit
from hubbub.dispatch.clockwork import Clockwork
from hubbub.dispatch.dispatcher import Bounds, Dispatcher
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore
from tests.contract.store_harness import event, room

if TYPE_CHECKING:
    from hubbub.chat.stop import StopSignal
    from hubbub.core.events import Event
    from hubbub.core.work import Committed, Entry

_PARENT_DIES = 1
_AT_ONCE = 200


class OneRow:
    """Answers an entry with one row that waits to be fetched."""

    def lane_of(self, given: Event) -> str:
        return given.room.id

    async def handle(self, entry: Entry, stop: StopSignal) -> Unit:
        return Unit(done=(entry.id,), sends=(Outgoing(room(entry.lane), (), entry=entry.id, state=State.KEPT),))

    async def resumed(self, entry: Entry) -> None:
        pass

    def recalled(self, entry: Entry) -> Unit:
        return Unit(done=(entry.id,))

    def stored(self, entry: Entry, committed: Committed | None) -> None:
        pass

    def refused(self, entry: Entry, error: Exception) -> Unit:
        raise AssertionError(error)


def lane_of(number: int) -> str:
    return f"lane-{number % 97}"


async def redeliver(dispatcher: Dispatcher, order: dict[str, Any]) -> int:
    """Accept events so often each, in any order; how many were new."""
    calls = [number for number in range(*order["redeliver"]) for _ in range(order["copies"])]
    random.Random(order["seed"]).shuffle(calls)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def deliver(number: int) -> bool:
        async with gate:
            while True:
                with contextlib.suppress(Overloaded):
                    return not (await dispatcher.accept(event(number, lane_of(number)))).duplicate
                await asyncio.sleep(0.05)

    return sum(await asyncio.gather(*(deliver(number) for number in calls)))


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


async def live(dsn: str, name: str, ttl: float) -> None:
    store = PostgresStore(dsn, Member(name, f"{name}.example:1", ttl), patience=60.0)
    await store.open()
    async with asyncio.TaskGroup() as tasks:
        dispatcher = Dispatcher(store.inbox, OneRow(), tasks, name, Bounds(conversations=100))
        tasks.create_task(dispatcher.claims())
        tasks.create_task(Clockwork(store.timers, dispatcher.take, name, time.time).run())
        say("ready")
        while line := await asyncio.to_thread(sys.stdin.readline):
            say(await redeliver(dispatcher, json.loads(line)))
        await asyncio.Future()


def main() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DIES, signal.SIGKILL)
    dsn, name, *ttl = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(live(dsn, name, float(ttl[0]) if ttl else 10.0))


if __name__ == "__main__":
    main()
