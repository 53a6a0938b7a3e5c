"""Serving until somebody ends it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable

from hubbub.app import logs
from hubbub.app.hub import open_hub
from hubbub.settings import Settings

_END_SIGNALS = (signal.SIGTERM, signal.SIGINT)


async def run(settings: Settings, *, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; a second signal ends it at once. ``announce`` tells a person what runs.

    Raises as `open_hub` does.
    """
    logs.set_up(settings.server.log_level, settings.server.log_format)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    if sys.platform != "win32":
        for number in _END_SIGNALS:
            loop.add_signal_handler(number, _stop_or_exit, stopped)
    async with open_hub(settings, announce=announce) as hub:
        announce(f"Hubbub serves {hub.url} (data in {settings.server.data_dir.resolve()})")
        await stopped.wait()
        announce("Stopping: answers under way may end; once more Ctrl-C stops at once.")


def _stop_or_exit(stopped: asyncio.Event) -> None:
    if stopped.is_set():
        sys.exit(130)
    stopped.set()
