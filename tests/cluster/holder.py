"""A process that holds a name whenever it can, and notes each use of it.

``python -m tests.cluster.holder DSN NAME TTL FILE``.
SIGUSR1 sets its clock a day forward, SIGUSR2 a day back. A line of the file is the time by a clock that nobody sets,
the fence of the lease, and who used it.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import time
from typing import Any

import uvloop

from hubbub.core.errors import LeaseLost
from hubbub.dispatch.holding import Holder
from hubbub.storage.postgres.presence import Member
from hubbub.storage.postgres.store import PostgresStore

WIRE = "wire"
_PARENT_DIES = 1
_DAY = 86_400.0


def set_clock(seconds: float) -> None:
    real = time.time
    time.time = lambda: real() + seconds


def use(file: int, holder: Holder, name: str) -> None:
    """What a platform does before it touches its connection: look whether it is still its own."""
    held: Any = holder._held.get(WIRE)
    if held is not None and holder.holds(WIRE):
        os.write(file, f"{time.clock_gettime(time.CLOCK_BOOTTIME):.6f} {held.lease.fence} {name}\n".encode())


async def live(dsn: str, name: str, ttl: float, file: int) -> None:
    store = PostgresStore(dsn, Member(name, "", ttl))
    await store.open()
    holder = Holder(store.leases, store.words, name, ttl)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGCONT, holder.check)
    loop.add_signal_handler(signal.SIGUSR1, set_clock, _DAY)
    loop.add_signal_handler(signal.SIGUSR2, set_clock, -_DAY)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        try:
            async with holder.hold(WIRE):
                while True:
                    use(file, holder, name)
                    await asyncio.sleep(0.002)
        except LeaseLost:
            continue


def main() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DIES, signal.SIGKILL)
    dsn, name, ttl, path = sys.argv[1:]
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(live(dsn, name, float(ttl), file))


if __name__ == "__main__":
    main()
