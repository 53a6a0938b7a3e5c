"""A name is used by one process at a time: killed, held still, with a clock set wrong, cut off from the database."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.cluster.nodes import ROOT
from tests.cluster.wire import Wire, wire
from tests.crash.lives import environment

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.crash

log = logging.getLogger(__name__)

TTL = 2.0
NAMES = ("a", "b")
_LOADED = 3.0
"""More seconds for a machine with other work."""


def now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Holders:
    """Two processes that want the same name, each with its own way to the database."""

    def __init__(self, folder: Path, wires: dict[str, Wire]) -> None:
        self.file = folder / "uses"
        self.wires = wires
        self.running: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, name: str) -> None:
        command = [sys.executable, "-m", "tests.cluster.holder", self.wires[name].dsn, name, str(TTL), str(self.file)]
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE)
        self.running[name] = process
        assert process.stdout is not None
        assert await asyncio.wait_for(process.stdout.readline(), 60) == b"ready\n"

    def uses(self) -> list[tuple[float, int, str]]:
        lines = [line.split() for line in self.file.read_text().splitlines()]
        return [(float(at), int(fence), name) for at, fence, name in lines]

    async def used(self, name: str, since: float) -> float:
        """When a process first used the name behind that moment."""
        async with asyncio.timeout(60):
            while True:
                for at, _, who in reversed(self.uses()[-500:] if self.file.exists() else []):
                    if who == name and at > since:
                        return min(at for at, _, who in self.uses() if who == name and at > since)
                await asyncio.sleep(0.05)

    @property
    def holder(self) -> str:
        return self.uses()[-1][2]


@pytest.mark.timeout(180)
async def test_nobody_uses_a_name_that_is_somebody_elses(tmp_path: Path, dsn: str) -> None:
    took: dict[str, float] = {}
    async with contextlib.AsyncExitStack() as stack:
        holders = Holders(tmp_path, {name: await stack.enter_async_context(wire(dsn)) for name in NAMES})
        try:
            for name in NAMES:
                await holders.start(name)
            await asyncio.wait_for(first(holders), 30)
            for fault in ("killed", "stopped", "clock forward", "clock back", "cut off"):
                took[fault] = await suffer(holders, fault)
        finally:
            for process in holders.running.values():
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
    uses = sorted(holders.uses())
    fences, seconds = {fence for _, fence, _ in uses}, {fault: round(each, 2) for fault, each in took.items()}
    log.warning("%d uses under %d fences; the other took over after %s s", len(uses), len(fences), seconds)
    stale = [each for before, each in itertools.pairwise(uses) if each[1] < before[1]]
    assert not stale, "a use with a fence that was not the newest"
    assert len({(fence, name) for _, fence, name in uses}) == len(fences)
    for fault in ("killed", "stopped", "cut off"):
        assert took[fault] < TTL + 1 + _LOADED, fault


async def first(holders: Holders) -> None:
    while not holders.file.exists() or not holders.uses():
        await asyncio.sleep(0.05)


async def suffer(holders: Holders, fault: str) -> float:
    """Do it to the holder; the seconds until the other one uses the name, or 0 where nothing should change."""
    name = holders.holder
    other = NAMES[1 - NAMES.index(name)]
    begun, process = now(), holders.running[name]
    if fault.startswith("clock"):
        process.send_signal(signal.SIGUSR1 if fault.endswith("forward") else signal.SIGUSR2)
        await asyncio.sleep(TTL * 1.5)
        assert holders.holder == name, "a clock that is set changes nothing"
        return 0.0
    if fault == "killed":
        process.kill()
        await process.wait()
        taken = await holders.used(other, begun)
        await holders.start(name)
    elif fault == "stopped":
        process.send_signal(signal.SIGSTOP)
        taken = await holders.used(other, begun)
        process.send_signal(signal.SIGCONT)
    else:
        holders.wires[name].cut()
        taken = await holders.used(other, begun)
        holders.wires[name].mend()
    await asyncio.sleep(TTL)
    return taken - begun
