"""The model server of our own: a child process, started on first use and again when it has died."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import logging
import os
import secrets
import sys
from typing import TYPE_CHECKING

from hubbub.core.models import Endpoint
from hubbub.providers.embedded.child import Order
from hubbub.providers.embedded.ending import kill
from hubbub.providers.embedded.failures import EmbeddedError, of_disk
from hubbub.providers.embedded.files import silent
from hubbub.providers.embedded.package import weights

if TYPE_CHECKING:
    from pathlib import Path

    from hubbub.core.models import ModelSpec
    from hubbub.providers.embedded.files import Report

LONGEST_START = 120.0
LONGEST_STOP = 3.0
CONTEXT_TOKENS = 4096
SLOTS = 2
MOST_THREADS = 8
_KEPT = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT")
_KEPT_FAMILIES = ("LC_", "LD_", "DYLD_", "PYTHON", "GGML_", "LLAMA_", "OMP_", "CUDA_", "COVERAGE_", "COV_")

_log = logging.getLogger(__name__)


class EmbeddedServer:
    """Keeps `hubbub.core.ports.ModelServer` for one model: the demo model, or the GGUF that ``spec.path`` names."""

    def __init__(self, spec: ModelSpec, models: Path, report: Report = silent) -> None:
        """``models``: the folder for weights; ``report`` takes lines about the fetching of the demo model."""
        self._spec = spec
        self._models = models.resolve()
        self._report = report
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._endpoint = Endpoint("")
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The child's, while it runs."""
        running = self._process is not None and self._process.returncode is None
        return self._process.pid if running and self._process else None

    async def endpoint(self) -> Endpoint:
        """Where the model listens; starts it if it does not run.

        Raises:
            EmbeddedError: it does not start; says why and what to do.
        """
        # While it starts there is a process, but nothing listens yet: wait for the lock then.
        if self._process is None or self._process.returncode is not None or self._lock.locked():
            async with self._lock:
                await self._revive()
        return self._endpoint

    async def prepare(self) -> Path:
        """The file of the weights; fetched if they are the demo model's and not there. Raises EmbeddedError."""
        if not self._spec.path:
            return await weights(self._models, self._report)
        for path in (self._models / self._spec.path, self._models.parent / self._spec.path):
            if path.is_file():
                return path.resolve()
        msg = (
            f"the model {self._spec.name} has no file {self._spec.path} in {self._models}: "
            "mend its path, or fetch one with `hubbub models pull`"
        )
        raise EmbeddedError(msg)

    async def close(self) -> None:
        """End the child. No request may follow."""
        self._closed = True
        async with self._lock:
            await self._stop()

    async def _revive(self) -> None:
        if self._closed:
            msg = "the hub is stopping"
            raise EmbeddedError(msg)
        process = self._process
        if process is not None:
            if process.returncode is None:
                return
            _log.warning("the model %s ended with %s; started again", self._spec.name, process.returncode)
            await self._stop()
        path = await self.prepare()
        try:
            self._endpoint = await self._start(path)
        except BaseException:
            await self._stop()
            raise

    async def _start(self, path: Path) -> Endpoint:
        key = secrets.token_urlsafe(32)
        order = Order(
            str(path), self._spec.name, key, self._spec.context_tokens or CONTEXT_TOKENS, SLOTS, threads=_threads()
        )
        log = self._models / f"{self._spec.name.replace('/', '_')}.log"
        try:
            errors = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as error:
            raise of_disk(error, f"write {log}") from error
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "hubbub.providers.embedded.child",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                env=_environment(),
                start_new_session=True,
            )
        finally:
            os.close(errors)
        told = await _order(self._process, order)
        if "url" not in told:
            msg = f"{told.get('error') or 'the model ended while it was loaded'} (its log: {log})"
            raise EmbeddedError(msg)
        _log.info("the model %s runs in process %d", self._spec.name, self._process.pid)
        return Endpoint(f"{told['url']}/v1", key)

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(LONGEST_STOP):
                await process.wait()
        except TimeoutError:
            kill(process)
            await process.wait()


async def _order(process: asyncio.subprocess.Process, order: Order) -> dict[str, str]:
    """What the child tells when it has been told what to run; nothing if it dies."""
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    try:
        async with asyncio.timeout(LONGEST_START):
            process.stdin.write(json.dumps(dataclasses.asdict(order)).encode() + b"\n")
            await process.stdin.drain()
            line = await process.stdout.readline()
    except TimeoutError as error:
        msg = f"the model was not loaded within {LONGEST_START:.0f} s"
        raise EmbeddedError(msg) from error
    except ConnectionError:
        return {}
    return dict(json.loads(line)) if line.endswith(b"\n") else {}


def _environment() -> dict[str, str]:
    """The child needs no secrets of ours."""
    return {name: value for name, value in os.environ.items() if name in _KEPT or name.startswith(_KEPT_FAMILIES)}


def _threads() -> int:
    """Half of the cores: threads that wait for one another crawl where they must share cores with the hub."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(usable // 2, MOST_THREADS))
