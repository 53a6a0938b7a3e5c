"""Hubs that are killed: one process that has everything loaded forks a hub for each of its orders.

A start takes a tenth of what it takes otherwise, so that many more can be killed in the same time; a fork shares no
file, lock or thread with the hub before it. An order is a JSON line on stdin (`Order`); what comes back on stdout are
JSON lines, too: ``{"pid": ...}``, ``{"serving": url}``, ``{"ended": exit code, negative for a signal}``.
"""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import json
import logging
import os
import signal
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvloop

from hubbub.app import logs, open_hub
from hubbub.app.serve import settle_memory
from hubbub.core.failpoints import Failpoint, never
from hubbub.dispatch import handling
from hubbub.settings import load
from tests.crash.mutants import MUTANTS

_LOADED_LATER = (
    "aiohttp",
    "hubbub.api.application",
    "hubbub.platforms.http.adapter",
    "hubbub.platforms.loopback.adapter",
    "hubbub.platforms.onebot.adapter",
    "hubbub.providers.discovery",
    "hubbub.providers.openai_compatible",
    "hubbub.storage.postgres.store",
)
_PARENT_DIES = 1  # PR_SET_PDEATHSIG of <sys/prctl.h>


@dataclass(frozen=True)
class Order:
    """A hub to run in ``folder`` with the settings of ``environ``; its log is added to the file ``log`` there.

    ``failpoint``: where it kills itself, at the ``passing``-th time that it comes by. ``mutant``: a fault to build in.
    """

    folder: str
    environ: dict[str, str] = field(default_factory=dict)
    failpoint: str = ""
    passing: int = 1
    mutant: str = ""

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"


class Bomb:
    """A failpoint at which the process ends as by ``kill -9``."""

    def __init__(self, name: str, passing: int) -> None:
        self._name = name
        self._left = passing

    def __call__(self, name: str) -> None:
        if name == self._name:
            self._left -= 1
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)


def say(**what: object) -> None:
    # One write, so that lines of parent and child never mix.
    os.write(1, json.dumps(what).encode() + b"\n")


def die_with_parent() -> None:
    """No hub outlives the test that ordered it, however that ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DIES, signal.SIGKILL)


def blame_nobody() -> None:
    """Hubs die here many times a second, so that a message is soon at work at several of these deaths by chance.

    That it would be given up as their cause has tests of its own.
    """
    blaming: Any = handling
    blaming.SUSPECT_BEGINNINGS = sys.maxsize


async def live(order: Order) -> None:
    """Serve until SIGTERM, or until the failpoint."""
    blame_nobody()
    if order.mutant:
        MUTANTS[order.mutant]()
    settings = load(environ=order.environ, folder=Path(order.folder))
    logs.set_up("INFO", "text")
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    failpoint: Failpoint = Bomb(order.failpoint, order.passing) if order.failpoint else never
    async with open_hub(settings, failpoint=failpoint, stopped=stopped) as hub:
        say(serving=hub.url)
        await stopped.wait()


def run(order: Order) -> None:
    """The child's whole life."""
    die_with_parent()
    say(pid=os.getpid())
    log = os.open(Path(order.folder) / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(order.folder)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(live(order))


async def warm_up(folder: str) -> None:
    """A first life, so that what is loaded on first use is there; its threads are gone when it is over."""
    environ = {"HUBBUB_PORT": "0", "HUBBUB_MODEL": "none", "OPENAI_API_KEY": "sk-none", "TMPDIR": folder}
    async with open_hub(load(environ=environ | {"HUBBUB_DATA_DIR": folder}, folder=Path(folder))):
        pass


def main() -> None:
    die_with_parent()
    for name in _LOADED_LATER:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        logging.disable()
        runner.run(warm_up(folder))
    logging.disable(logging.NOTSET)
    settle_memory()
    assert threading.active_count() == 1, "a thread would be missing in every fork"
    while line := sys.stdin.readline():
        order = Order(**json.loads(line))
        child = os.fork()
        if not child:
            run(order)
            return
        say(ended=os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    main()
