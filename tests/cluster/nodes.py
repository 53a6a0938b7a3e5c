"""Several `tests.cluster.node` processes on one database: started, killed, held still, and asked."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.crash.lives import environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
_SECONDS = 60.0


@dataclass
class Nodes:
    """Processes by name; one that was killed can be started again under its name."""

    dsn: str
    ttl: float
    kills: int = 0
    running: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    async def start(self, *names: str) -> None:
        pipe = subprocess.PIPE
        for name in names:
            command = [sys.executable, "-m", "tests.cluster.node", self.dsn, name, str(self.ttl)]
            self.running[name] = await asyncio.create_subprocess_exec(
                *command, cwd=ROOT, env=environment(), stdin=pipe, stdout=pipe
            )
        for name in names:
            assert await self.said(name) == "ready"

    async def said(self, name: str) -> str:
        stdout = self.running[name].stdout
        assert stdout is not None
        return (await asyncio.wait_for(stdout.readline(), _SECONDS)).decode().strip()

    async def ask(self, name: str, **order: object) -> str:
        """Give an order and wait for the answer."""
        stdin = self.running[name].stdin
        assert stdin is not None
        stdin.write(json.dumps(order).encode() + b"\n")
        return await self.said(name)

    async def kill(self, name: str) -> None:
        self.running[name].kill()
        assert await self.running.pop(name).wait() == -signal.SIGKILL
        self.kills += 1

    def signal(self, name: str, number: int) -> None:
        self.running[name].send_signal(number)


@asynccontextmanager
async def nodes(dsn: str, *names: str, ttl: float = 10.0) -> AsyncIterator[Nodes]:
    """These nodes, ready; all are gone behind the block."""
    found = Nodes(dsn, ttl)
    try:
        await found.start(*names)
        yield found
    finally:
        for process in found.running.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        for process in found.running.values():
            await process.wait()
