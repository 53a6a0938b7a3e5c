"""Worker processes: started on first use, ended when idle, killed when they take too long, replaced when they die."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hubbub.core.errors import RenderError

log = logging.getLogger(__name__)

_LENGTH = struct.Struct(">I")
_LARGEST_ANSWER = 100_000_000
_START_SECONDS = 30.0
# Pieces of an answer that are read at once.
_PIECE: Final = 1 << 20
# The C library gives every picture's memory back at once, and has it filled with zeros for the next one: a fifth of the
# time. So a worker keeps some, until it ends.
_KEPT: Final = {"MALLOC_MMAP_THRESHOLD_": f"{16 << 20}", "MALLOC_TRIM_THRESHOLD_": f"{32 << 20}"}
# All that a worker learns of the hub's environment: no keys, no tokens.
_ENVIRONMENT: Final = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "SYSTEMROOT", "TMPDIR", "TEMP", "HOME")
_PROGRAM: Final = (sys.executable, "-m", "hubbub.rendering.worker")


@dataclass(frozen=True, slots=True)
class PoolRules:
    """``workers`` at once, each with so many megabytes of address space; ``waiting`` jobs more wait.

    A worker that had nothing to do for ``idle`` seconds ends, and one that grew over ``grown`` megabytes after its job.
    """

    workers: int = 2
    memory: int = 1500
    waiting: int = 32
    idle: float = 60.0
    grown: int = 300


_RULES = PoolRules()


class Fallen(RenderError):
    """The library itself broke over a text, and its process ended; set more plainly, the text may do."""


def encoded(job: Mapping[str, Any]) -> bytes:
    """A small job as JSON. Quick, for the event loop waits for it; half characters take the slow way."""
    try:
        return orjson.dumps(job)
    except TypeError:
        return json.dumps(job).encode()


def encoded_aside(job: Mapping[str, Any]) -> bytes:
    """A large job as JSON, in many small steps: called in a thread, so that others go on meanwhile."""
    return "".join(json.JSONEncoder().iterencode(job)).encode()


class Worker:
    """One process, for one job at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._ended = False
        self.used = 0
        """Megabytes, as it said last."""

    @classmethod
    async def start(cls, memory: int) -> Worker:
        """Raises RenderError when it does not come up."""
        environment = {key: os.environ[key] for key in _ENVIRONMENT if key in os.environ}
        try:
            process = await asyncio.create_subprocess_exec(
                *_PROGRAM,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment | _KEPT | {"RAYON_NUM_THREADS": "2"},
                limit=_PIECE,
            )
        except OSError as error:
            msg = f"no process for pictures can be started: {error}"
            raise RenderError(msg) from error
        worker = cls(process)
        await worker.ask(encoded({"memory": memory}), _START_SECONDS)
        return worker

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """The process has neither ended, as far as is known, nor been told to."""
        return not self._ended and self._process.returncode is None

    @property
    def over(self) -> bool:
        """The process has ended."""
        return self._process.returncode is not None

    async def ask(self, job: bytes, seconds: float) -> list[bytes]:
        """The files of an encoded job. Afterwards the worker may be dead: ask `alive`.

        Raises:
            RenderError: it took too long, or the worker died or refused; says which.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(job)
        except TimeoutError as error:
            self.kill()
            msg = f"it took longer than {seconds:g} s"
            raise RenderError(msg) from error
        except (OSError, asyncio.IncompleteReadError) as error:
            self.kill()
            msg = "the process that makes it ended"
            raise RenderError(msg) from error
        except asyncio.CancelledError:
            self.kill()
            raise

    async def _ask(self, body: bytes) -> list[bytes]:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101 - started with both
        assert stdout is not None  # noqa: S101 - started with both
        stdin.write(_LENGTH.pack(len(body)))
        for begin in range(0, len(body), _PIECE):
            stdin.write(body[begin : begin + _PIECE])
            await stdin.drain()
        size = _LENGTH.unpack(await stdout.readexactly(_LENGTH.size))[0]
        answer = orjson.loads(await stdout.readexactly(size))
        if "broken" in answer:
            self.kill()
            raise Fallen(answer["error"])
        if "error" in answer:
            raise RenderError(answer["error"])
        self.used = answer.get("memory", 0)
        sizes = answer.get("sizes", [])
        if sum(sizes) > _LARGEST_ANSWER:
            self.kill()
            msg = "it became too large"
            raise RenderError(msg)
        return [await _whole(stdout, each) for each in sizes]

    def kill(self) -> None:
        """End it at once."""
        self._ended = True
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def wait(self) -> None:
        """Until the process has ended."""
        await self._process.wait()


async def _whole(stream: asyncio.StreamReader, size: int) -> bytes:
    """A file, a piece at a time, so that the event loop never copies much at once."""
    pieces = []
    while size > 0:
        pieces.append(await stream.readexactly(min(size, _PIECE)))
        size -= len(pieces[-1])
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


class Pool:
    """Workers for jobs. `close` it."""

    def __init__(self, rules: PoolRules = _RULES) -> None:
        """No process is started before the first job."""
        self._rules = rules
        self._places = asyncio.Semaphore(rules.workers)
        self._idle: list[Worker] = []
        self._all: set[Worker] = set()
        self._ending: list[Worker] = []
        self._waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    @property
    def workers(self) -> int:
        """Processes that there are."""
        return len(self._all)

    @property
    def processes(self) -> list[int]:
        """Their ids."""
        return [worker.pid for worker in self._all]

    async def run(self, job: Mapping[str, Any] | bytes, seconds: float) -> list[bytes]:
        """The files of a job, which may be encoded already.

        Raises:
            RenderError: they cannot be made, or too many jobs wait.
        """
        if self._waiting >= self._rules.waiting + self._rules.workers or self._closed:
            msg = "too many pictures are being made"
            raise RenderError(msg)
        body = job if isinstance(job, bytes) else encoded(job)
        self._waiting += 1
        try:
            async with self._places:
                worker = await self._worker()
                try:
                    return await worker.ask(body, seconds)
                finally:
                    self._put_back(worker)
        finally:
            self._waiting -= 1

    async def _worker(self) -> Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.alive:
                return worker
            self._end(worker)
        worker = await Worker.start(self._rules.memory)
        self._all.add(worker)
        return worker

    def _put_back(self, worker: Worker) -> None:
        if self._closed or not worker.alive or worker.used > self._rules.grown:
            self._end(worker)
            return
        self._idle.append(worker)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(self._rules.idle, self._retire)

    def _retire(self) -> None:
        """Nobody asked for a while: give the memory back."""
        self._timer = None
        idle, self._idle = self._idle, []
        for worker in idle:
            self._end(worker)

    def _end(self, worker: Worker) -> None:
        worker.kill()
        self._all.discard(worker)
        self._ending = [each for each in self._ending if not each.over]
        self._ending.append(worker)

    async def close(self) -> None:
        """End all processes."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._idle = []
        for worker in [*self._all]:
            self._end(worker)
        for worker in self._ending:
            await worker.wait()
