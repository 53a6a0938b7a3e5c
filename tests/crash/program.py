"""`hubbub` as people start it: a process of its own with nothing but its defaults and an environment."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.crash.lives import environment

_SECONDS = 60.0


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


class Program:
    """`hubbub run` in ``folder``, on a port that stays the same; what it says goes to the file ``log`` there."""

    def __init__(self, folder: Path, environ: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        self.environ = environment() | {"HUBBUB_PORT": str(self.port)} | dict(environ or {})
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def onebot(self) -> str:
        return f"ws://127.0.0.1:{self.port}/onebot/v11/ws"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            command = [sys.executable, "-m", "hubbub", "run"]
            self.process = subprocess.Popen(
                command, cwd=self.folder, env=self.environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    async def listening(self) -> None:
        """Wait until it takes connections."""
        async with asyncio.timeout(_SECONDS):
            while True:
                assert self.process is not None
                assert self.process.poll() is None, f"it ended: {self.log[-2000:]}"
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    await asyncio.sleep(0.01)
                else:
                    writer.close()
                    return

    async def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return await asyncio.wait_for(asyncio.to_thread(self.process.wait), _SECONDS)

    async def call(self, *arguments: str) -> tuple[int, str, str]:
        """Another command on the same folder: exit code, output, errors."""
        command = [sys.executable, "-m", "hubbub", *arguments]
        ran = await asyncio.to_thread(
            subprocess.run, command, cwd=self.folder, env=self.environ, capture_output=True, timeout=_SECONDS, text=True
        )
        return ran.returncode, ran.stdout, ran.stderr

    async def listed(self, state: str) -> list[dict[str, Any]]:
        """What `hubbub deliveries list` knows."""
        code, out, errors = await self.call("deliveries", "list", "--state", state, "--json")
        assert code == 0, errors
        return [json.loads(line) for line in out.splitlines()]

    def clear(self) -> None:
        """Nothing is left running."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
