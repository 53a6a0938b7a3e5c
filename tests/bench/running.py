"""A hub and a fake model as processes of their own, each on a processor of its own where there are two."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

HUB_CPU, OTHER_CPU = 0, 1


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def pin(pid: int, cpu: int) -> None:
    """Keep a process on one processor, if the machine has it."""
    if hasattr(os, "sched_setaffinity") and cpu in os.sched_getaffinity(0):
        os.sched_setaffinity(pid, {cpu})


@contextmanager
def fake_model() -> Iterator[int]:
    """The tests' fake model in a process of its own; its port."""
    port = free_port()
    command = [sys.executable, "-m", "tests.fakes.model", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        pin(process.pid, OTHER_CPU)
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.kill()


@dataclass(frozen=True)
class RunningHub:
    """A hub under measurement. ``started`` is when it was spawned, on the monotonic clock."""

    process: psutil.Process
    port: int
    started: float
    folder: Path

    @property
    def onebot(self) -> str:
        return f"ws://127.0.0.1:{self.port}/onebot/v11/ws"

    def cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def megabytes(self) -> float:
        """Resident memory of the process and its children."""
        return sum(each.memory_info().rss for each in (self.process, *self.process.children(recursive=True))) / 1e6


@contextmanager
def hub(model_port: int, more: Mapping[str, str] | None = None) -> Iterator[RunningHub]:
    """`hubbub run` in an empty folder, with its defaults and the fake model."""
    port = free_port()
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    environment = kept | {
        "HUBBUB_PORT": str(port),
        "HUBBUB_LOG_LEVEL": "WARNING",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{model_port}/v1",
        "OPENAI_API_KEY": "sk-bench",
        "HUBBUB_MODEL": "bench",
        **(more or {}),
    }
    with tempfile.TemporaryDirectory(prefix="hubbub-bench-") as name:
        folder = Path(name)
        started = time.monotonic()
        with (folder / "log").open("wb") as log:
            command = [str(Path(sys.executable).with_name("hubbub")), "run"]
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT)
        pin(process.pid, HUB_CPU)
        try:
            yield RunningHub(psutil.Process(process.pid), port, started, folder)
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
            if process.returncode not in (0, -15):
                sys.stderr.write((folder / "log").read_text()[-2000:])


def _wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise RuntimeError(f"nothing listens on port {port}")
