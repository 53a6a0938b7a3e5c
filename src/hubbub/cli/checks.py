"""What `hubbub doctor` looks at: the machine, the data folder, the place to listen. Each check says the remedy."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hubbub import __version__
from hubbub.cli.hub import RunningHub
from hubbub.core.errors import ConfigError
from hubbub.core.ports import PlatformPlugin
from hubbub.settings import Settings
from hubbub.settings.plugins import for_people
from hubbub.settings.sections import Server

MEGABYTE = 1_000_000
LITTLE_SPACE, NO_SPACE = 1000 * MEGABYTE, 100 * MEGABYTE
LARGE_DATABASE = 2000 * MEGABYTE
OLDEST_SQLITE = (3, 35, 0)  # RETURNING
FEW_FILES = 2048
CLOCK_SLACK = 86_400.0

Outcome = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor's report; ``remedy`` is empty where all is well."""

    name: str
    outcome: Outcome
    text: str
    remedy: str = ""


def versions() -> Iterator[Check]:
    """Python and the packages that Hubbub needs."""
    yield Check("version", "ok", f"Hubbub {__version__}, Python {platform.python_version()}, {platform.platform()}")
    try:
        wanted = importlib.metadata.requires("hubbub") or []
    except importlib.metadata.PackageNotFoundError:
        yield Check("packages", "warn", "Hubbub is not installed as a package", "pip install -e . in its folder")
        return
    names = [re.split(r"[^A-Za-z0-9_.-]", line, maxsplit=1)[0] for line in wanted if "extra ==" not in line]
    found, missing = [], []
    for name in names:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Check("packages", "fail", f"missing: {', '.join(missing)}", f"pip install {' '.join(missing)}")
    else:
        yield Check("packages", "ok", ", ".join(found))


def data_folder(folder: Path) -> Iterator[Check]:
    """Whether data can be kept, and how much more."""
    existing = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    remedy = f"give {existing} to this user, or choose another folder with HUBBUB_DATA_DIR"
    try:
        with tempfile.TemporaryFile(dir=existing) as file:
            file.write(b"\0" * 4096)
    except OSError as error:
        yield Check("data folder", "fail", f"{folder} cannot be written: {error.strerror}", remedy)
        return
    if existing == folder and os.name == "posix" and folder.stat().st_mode & 0o077:
        text = f"{folder} can be read by other users of this machine"
        yield Check("data folder", "warn", text, f"chmod 700 {folder}")
    else:
        yield Check("data folder", "ok", f"{folder} {'can be written' if existing == folder else 'will be made'}")
    yield _space(existing)


def _space(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    text, remedy = f"{free / MEGABYTE:,.0f} MB free", "free space, or choose another disk with HUBBUB_DATA_DIR"
    if free < LITTLE_SPACE:
        return Check("space", "fail" if free < NO_SPACE else "warn", text, remedy)
    return Check("space", "ok", text)


def database(folder: Path) -> Iterator[Check]:
    """The SQLite library, and the file if there is one."""
    from hubbub.storage.sqlite.connection import DATABASE  # noqa: PLC0415 - loaded on first use

    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        yield Check("sqlite", "fail", f"SQLite {version} is too old", "use a Python with SQLite 3.35 or later")
    else:
        yield Check("sqlite", "ok", f"SQLite {version}")
    path = folder / DATABASE
    if not path.is_file():
        yield Check("database", "ok", "none yet: the first start makes it")
        return
    try:
        yield _file(path)
    except (sqlite3.Error, OSError) as error:
        yield _damaged(path, str(error))


def _file(path: Path) -> Check:
    from hubbub.storage import schema  # noqa: PLC0415 - loaded on first use
    from hubbub.storage.sqlite.connection import version_of  # noqa: PLC0415 - loaded on first use

    size = path.stat().st_size
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)) as db:
        version = version_of(db)
        result = db.execute("PRAGMA quick_check(1)").fetchone()[0] if size < LARGE_DATABASE else "ok"
    if result != "ok":
        return _damaged(path, result)
    text = f"{path}, {size / MEGABYTE:,.1f} MB, schema {version or 'none'}"
    if version is not None and version > schema.VERSION:
        return Check("database", "fail", f"{text}: written by a newer Hubbub", "update Hubbub")
    return Check("database", "ok", text)


def _damaged(path: Path, why: str) -> Check:
    return Check(
        "database", "fail", f"{path}: {why}", "stop the hub and restore a copy from the folder backups beside it"
    )


def listening(server: Server, hub: RunningHub | None) -> Iterator[Check]:
    """Whether the hub listens, or could."""
    from hubbub.api.listening import listen, tls_context  # noqa: PLC0415 - loaded on first use

    if server.tls_cert is not None:
        try:
            tls_context(server.tls_cert, server.tls_key)
            yield Check("certificate", "ok", str(server.tls_cert))
        except ConfigError as error:
            yield Check("certificate", "fail", str(error), "see server.tls_cert and server.tls_key")
    if hub is not None:
        yield Check("hub", "ok", f"runs at {hub.url}")
        return
    yield Check("hub", "ok", "does not run on this data folder")
    try:
        for opened in listen(server.host, server.port):
            opened.close()
        yield Check("port", "ok", f"{server.port} on {server.host} is free")
    except ConfigError as error:
        problem, _, remedy = str(error).partition(". ")
        yield Check("port", "fail", problem, remedy or "see server.host and server.port")


def clock(folder: Path) -> Check:
    """Whether the clock was set back: what was written here is not from the future."""
    newest = max((path.stat().st_mtime for path in (Path(__file__), *folder.glob("*")) if path.exists()), default=0.0)
    now = time.time()
    shown = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(now))
    if newest > now + CLOCK_SLACK:
        return Check("clock", "fail", f"{shown}: files here are newer than that", "set the clock (timedatectl)")
    return Check("clock", "ok", shown)


def open_files() -> Check:
    """How many connections the system allows."""
    try:
        import resource  # noqa: PLC0415 - exists on Unix only
    except ImportError:
        return Check("open files", "ok", "no limit of this system")
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= soft < FEW_FILES:
        return Check("open files", "warn", f"at most {soft}", f"ulimit -n {4 * FEW_FILES} before the start")
    return Check("open files", "ok", f"at most {soft}" if soft >= 0 else "no limit")


def platforms(settings: Settings, hub: RunningHub | None) -> Iterator[Check]:
    """Which platforms are on, and whether their accounts are connected."""
    enabled = settings.enabled()
    shown = for_people(settings.plugins)
    for plugin in settings.plugins.values():
        if plugin in enabled:
            yield _loadable(plugin)
        elif plugin.name in shown:
            yield Check(f"platform {plugin.name}", "ok", "off")
    for account in hub.status()["accounts"] if hub else ():
        name = f"account {account['platform']}/{account['account']}"
        if account["up"]:
            yield Check(name, "ok", "connected")
        else:
            yield Check(name, "warn", f"not connected: {account['detail']}", "see the log and docs/ for its platform")


def _loadable(plugin: PlatformPlugin) -> Check:
    name = f"platform {plugin.name}"
    module = plugin.adapter.partition(":")[0]
    try:
        importlib.import_module(module)
    except ImportError as error:
        return Check(name, "fail", f"on, but cannot be loaded: {error}", f"pip install 'hubbub[{plugin.name}]'")
    return Check(name, "ok", "on")
