"""What the pages get of the hub."""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.api.auth import ADMIN_KEY
from hubbub.api.callers import SCOPES
from hubbub.app.logs import redact
from hubbub.console.recent import RecentLog
from hubbub.console.services import ConsoleServices, ConsoleSettings, Guide

if TYPE_CHECKING:
    from hubbub.app.parts import Parts
    from hubbub.settings import Settings


@contextmanager
def recent_log() -> Iterator[RecentLog]:
    """The last lines of the log, kept as long as the block lasts."""
    recent = RecentLog(redact)
    root = logging.getLogger()
    root.addHandler(recent)
    try:
        yield recent
    finally:
        root.removeHandler(recent)


def console_services(parts: Parts, tasks: asyncio.TaskGroup, recent: RecentLog) -> ConsoleServices:
    """For the pages; ``tasks`` runs what goes on without its browser."""
    settings = parts.settings
    signs = settings.commands.prefixes
    return ConsoleServices(
        store=parts.store,
        exchange=parts.exchange,
        control=parts.control,
        access=parts.access,
        tasks=tasks,
        models=lambda: parts.models.infos,
        ask=parts.models.stream,
        admin_hash=lambda: parts.store.secrets.get(ADMIN_KEY),
        log=recent,
        guides=tuple(_guides(settings)),
        gate=parts.house.gate,
        people=parts.people,
        scopes=tuple(each for each in SCOPES if each != "*"),
        settings=ConsoleSettings(settings.chat.language, signs[0] if signs else "", settings.server.max_body_bytes),
    )


def _guides(settings: Settings) -> Iterator[Guide]:
    """The platforms that people connect from outside: those whose README says how."""
    enabled = {plugin.name for plugin in settings.enabled()}
    for name, plugin in settings.plugins.items():
        folder = _folder_of(plugin.adapter.partition(":")[0])
        if folder is not None and "\n## Connecting\n" in _read(folder / "README.md"):
            yield Guide(name, folder, name in enabled)


def _folder_of(module: str) -> Path | None:
    """Where a module lies that is not loaded yet; None for one that is not there."""
    try:
        found = importlib.util.find_spec(module)
    except ModuleNotFoundError:  # not even its package
        return None
    return Path(found.origin).parent if found and found.origin else None


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""
