"""The lives of one hub: started, killed and started again on the same data folder."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.hub import Order

ROOT = Path(__file__).parents[2]
_START_SECONDS = 120.0
_END_SECONDS = 60.0
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH")


def environment() -> dict[str, str]:
    """What of our own environment a hub under test needs, and nothing that would be a setting."""
    return {name: os.environ[name] for name in _KEPT if name in os.environ}


class Keeper:
    """The process that forks hubs; one hub lives at a time."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._orders = process.stdin
        self.said = process.stdout.fileno()

    def order(self, order: Order) -> None:
        assert self.process.poll() is None, "the keeper is gone; its words are on stderr"
        self._orders.write(order.line())
        self._orders.flush()


@contextmanager
def keeper(*within: str) -> Iterator[Keeper]:
    """``within``: a command that runs it somewhere else (``ip netns exec``)."""
    command = [*within, sys.executable, "-m", "tests.crash.hub"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdin=pipe, stdout=pipe) as process:
        try:
            yield Keeper(process)
        finally:
            process.kill()


@dataclass
class Lives:
    """One data folder and whoever works on it. ``url`` is "" while nobody serves; ``mutant``: a fault of every life."""

    folder: Path
    environ: Mapping[str, str]
    keeper: Keeper
    url: str = ""
    mutant: str = ""
    pid: int = 0
    kills: int = 0
    ended: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    born: asyncio.Event = field(default_factory=asyncio.Event)
    serving: asyncio.Event = field(default_factory=asyncio.Event)
    _heard: bytes = b""

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8")

    async def spawn(self, failpoint: str = "", passing: int = 1, mutant: str = "") -> None:
        """Start a life; returns when its process is there."""
        self.ended = asyncio.get_running_loop().create_future()
        self.keeper.order(Order(str(self.folder), dict(self.environ), failpoint, passing, mutant or self.mutant))
        async with asyncio.timeout(_START_SECONDS):
            await self.born.wait()

    async def start(self, mutant: str = "") -> None:
        """Start a life that serves."""
        await self.spawn(mutant=mutant)
        async with asyncio.timeout(_START_SECONDS):
            await self.until_serving()

    async def until_serving(self) -> None:
        serving = asyncio.ensure_future(self.serving.wait())
        try:
            await asyncio.wait((serving, self.ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            serving.cancel()
        assert self.serving.is_set(), f"the hub ended before it served: {self.log[-2000:]}"

    async def kill(self) -> None:
        """As `kill -9`; no fault if it was told to stop and has ended meanwhile."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        assert await self.end() in (0, -signal.SIGKILL, -signal.SIGTERM), self.log[-3000:]

    def tell_to_stop(self) -> None:
        """As a service manager does it."""
        assert self.pid, f"the hub has ended: {self.log[-2000:]}"  # 0 would be all of us
        os.kill(self.pid, signal.SIGTERM)

    async def stop(self) -> int:
        """Tell it to stop and wait; the exit code."""
        self.tell_to_stop()
        return await self.end()

    async def end(self) -> int:
        """Wait for the end of this life; its exit code."""
        async with asyncio.timeout(_END_SECONDS):
            code = await asyncio.shield(self.ended)
        self.kills += code == -signal.SIGKILL
        return code

    def hear(self) -> None:
        """What keeper and hub have said."""
        *lines, self._heard = (self._heard + os.read(self.keeper.said, 65_536)).split(b"\n")
        for line in lines:
            for name, value in json.loads(line).items():
                self._told(name, value)

    def _told(self, name: str, value: str | int) -> None:
        match name, value:
            case "pid", int():
                self.pid = value
                self.born.set()
            case "serving", str():
                self.url = value
                self.serving.set()
            case "ended", int():
                self.pid, self.url = 0, ""
                self.born.clear()
                self.serving.clear()
                self.ended.set_result(value)


@asynccontextmanager
async def lives(folder: Path, environ: Mapping[str, str], keeper: Keeper) -> AsyncIterator[Lives]:
    """A hub in ``folder`` that has not been started yet; whoever still lives at the end is killed."""
    loop = asyncio.get_running_loop()
    found = Lives(folder, environment() | dict(environ), keeper)
    loop.add_reader(keeper.said, found.hear)
    try:
        yield found
    finally:
        if found.pid:
            await found.kill()
        loop.remove_reader(keeper.said)
