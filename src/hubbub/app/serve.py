"""Serving until somebody ends it."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable

from hubbub import __version__
from hubbub.app import logs
from hubbub.app.hub import open_hub
from hubbub.app.logfile import log_file
from hubbub.app.notices import notices
from hubbub.core.errors import StoreAway
from hubbub.settings import Settings

log = logging.getLogger(__name__)

_END_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def run(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; a second signal ends it at once. ``announce`` tells a person what runs.

    Raises as `open_hub` does.
    """
    server = settings.server
    logs.set_up(server.log_level, server.log_format, file=log_file(server))
    for line in notices(settings):
        log.warning("%s", line)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in _END_SIGNALS:
            loop.add_signal_handler(number, _stop_or_exit, stopped)
    try:
        await _serve(settings, announce, stopped)
    except StoreAway:
        if not stopped.is_set():
            raise
    log.info("stopped")


async def _serve(settings: Settings, announce: Callable[[str], None], stopped: asyncio.Event) -> None:
    async with open_hub(settings, announce=announce, stopped=stopped) as hub:
        settle_memory()
        announce(f"Hubbub serves {hub.url} (open it in a browser; data in {settings.server.data_dir.resolve()})")
        log.info("Hubbub %s serves %s as process %d", __version__, hub.url, os.getpid())
        await stopped.wait()
        announce("Stopping: answers under way may end; once more Ctrl-C stops at once.")
        log.info("told to stop")


def settle_memory() -> None:
    """What start-up made stays; looking through it again and again would cost a tenth of the speed.

    For a process that is a hub and nothing else: what anybody in it leaves in a circle from before is never freed.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1000)


def _stop_or_exit(stopped: asyncio.Event) -> None:
    if stopped.is_set():
        sys.exit(130)
    stopped.set()
