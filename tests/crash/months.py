"""A hub whose clock runs fast: ``python -m tests.crash.months FOLDER HOURS PACE``; DATABASE_URL may name a database.

Everything in the process sees the hurried clock, the event loop too, so that every wait of the hub is as much shorter.
Ten messages come in a second of it; each waits for its answer. The last line is JSON: messages, answers that were wrong
or missing, and four times an hour memory, file descriptors and the size of the database's log.
"""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from typing_extensions import TypeVarTuple, override

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextvars import Context

    from hubbub.app.hub import Hub

Ts = TypeVarTuple("Ts")
PER_SECOND = 10
_OWNERS = 200
_AT_ONCE = 60
_SAMPLES = 4
"""In an hour."""
_AWAKES: Any = vars(asyncio.futures)["_set_result_unless_cancelled"]
"""What ends `asyncio.sleep`."""


class Hurried(selectors.DefaultSelector):
    """Waits a shorter time than it is told."""

    pace = 1.0

    @override
    def select(self, timeout: float | None = None) -> Any:
        return super().select(None if timeout is None else timeout / self.pace)


class HurriedLoop(asyncio.SelectorEventLoop):
    """Its time is that of the hurried clock, by which whoever sleeps awakes.

    How long something may take goes by the real clock, for neither a server nor this machine works any faster.
    """

    def __init__(self, pace: float) -> None:
        selector = Hurried()
        selector.pace = pace
        self._pace, self._begun = pace, time.monotonic()
        super().__init__(selector)

    @override
    def time(self) -> float:
        return self._begun + (time.monotonic() - self._begun) * self._pace

    @override
    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        if callback is not _AWAKES:
            now = self.time()
            when = now + (when - now) * self._pace
        return super().call_at(when, callback, *args, context=context)


def hurry(pace: float) -> None:
    """To be called before anything takes `time.time` for itself."""
    real, begun = time.time, time.time()
    time.time = lambda: begun + (real() - begun) * pace


class Day:
    """People who write all the time."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        from hubbub.core.addresses import Room
        from hubbub.core.events import Received
        from hubbub.core.identities import Author
        from hubbub.core.messages import Text, text_of

        self._hub, self._folder = hub, folder
        self._room, self._event, self._author, self._text, self._words = Room, Received, Author, Text, text_of
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._process = psutil.Process()
        self.faults: list[str] = []
        self.samples: list[Mapping[str, float]] = []

    async def live(self, hours: float) -> int:
        loop = asyncio.get_running_loop()
        begun, count = loop.time(), int(hours * 3600 * PER_SECOND)
        async with asyncio.TaskGroup() as tasks:
            for number in range(count):
                await asyncio.sleep(max(0.0, begun + number / PER_SECOND - loop.time()))
                await self._gate.acquire()
                tasks.create_task(self._one(number))
                if (number + 1) % (3600 * PER_SECOND // _SAMPLES) == 0:
                    self._sample()
        return count

    async def _one(self, number: int) -> None:
        owner = f"p{number % _OWNERS}"
        room = self._room("http", "local", "private", owner)
        words = (self._text(f"/echo message {number}"),)
        event = self._event(f"m{number}", room, self._author(owner), words, time.time(), f"m{number}", addressed=True)
        try:
            answered = await self._hub.exchange.ask(event)
            told = "".join(self._words(row.out.message) for row in answered.rows)
            if told != f"message {number}":
                self.faults.append(f"{number}: {told!r}")
        except Exception as error:  # noqa: BLE001 - whatever it is counts
            self.faults.append(f"{number}: {error!r}")
        finally:
            self._gate.release()

    def _sample(self) -> None:
        log = self._folder / "data" / "hubbub.db-wal"  # of a server it is the server's affair
        memory, files = self._process.memory_info().rss / 1e6, self._process.num_fds()
        size = log.stat().st_size / 1e6 if log.exists() else 0.0
        self.samples.append({"MB": memory, "files": files, "log MB": size})


async def main(folder: Path, hours: float) -> None:
    from hubbub.app import logs, open_hub
    from hubbub.app.serve import settle_memory
    from hubbub.settings import load

    logs.set_up("WARNING", "text")
    environ = {
        "HUBBUB_DATA_DIR": str(folder / "data"),
        "HUBBUB_PORT": "0",
        "HUBBUB_MODEL": "none",
        "OPENAI_API_KEY": "x",
        "DATABASE_URL": os.environ.get("DATABASE_URL", ""),
    }
    environ["HUBBUB_LIMITS__MESSAGES_PER_MINUTE"] = "0"
    async with open_hub(load(environ=environ, folder=folder), listen=False) as hub:
        settle_memory()
        day = Day(hub, folder)
        count = await day.live(hours)
    found = {"messages": count, "faults": day.faults[:20], "count": len(day.faults), "samples": day.samples}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    hurry(float(sys.argv[3]))
    with asyncio.Runner(loop_factory=lambda: HurriedLoop(float(sys.argv[3]))) as runner:
        runner.run(main(Path(sys.argv[1]), float(sys.argv[2])))
