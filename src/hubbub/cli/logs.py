"""`hubbub logs`: the hub's log, read from its file."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from hubbub.cli.options import AsJson, Config, DataDir, settings_of
from hubbub.cli.outcome import Failure, told
from hubbub.cli.table import print_json
from hubbub.settings import Settings
from hubbub.settings.sections import LogLevel

if TYPE_CHECKING:
    from hubbub.app.entries import Entry
    from hubbub.app.logfile import LogFile

LEVELS = logging.getLevelNamesMapping()

Lines = Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the newest entries.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is added, until Ctrl-C.")]
ErrorId = Annotated[str, typer.Option("--error", metavar="ID", help="Those that name this error id.")]
Level = Annotated[LogLevel, typer.Option(help="Those of this level and above.", case_sensitive=False)]


def logs(  # noqa: PLR0913 - each is an option of the command line
    lines: Lines = 50,
    follow: Follow = False,
    error: ErrorId = "",
    level: Level = "DEBUG",
    *,
    as_json: AsJson = False,
    config: Config = None,
    data: DataDir = None,
) -> None:
    """Show the newest entries of the hub's log. With --error those of an id that somebody was told."""
    from hubbub.app import entries  # noqa: PLC0415 - loaded on first use

    def wanted(entry: entries.Entry) -> bool:
        return LEVELS.get(entry.level, logging.ERROR) >= LEVELS[level] and (not error or entry.names(error))

    with told():
        file = _file(settings_of(config, data))
        found = entries.last(file, lines, wanted) if lines else ()
        if error and not found and not follow:
            message = f"the log has nothing of error {error}; it may be older than what {file.path.parent} keeps"
            raise Failure(message)
        _show(found, as_json=as_json)
        if follow:
            _show(entries.follow(file.path, wanted), as_json=as_json)


def _file(settings: Settings) -> LogFile:
    from hubbub.app.logfile import log_file  # noqa: PLC0415 - loaded on first use

    file = log_file(settings.server)
    if file is None:
        message = "the hub writes no log file: server.log_file is empty; the log goes to stderr of `hubbub run`"
        raise Failure(message)
    if not file.all():
        message = f"there is no log file {file.path}: no hub has run there; name another folder with --data-dir"
        raise Failure(message)
    return file


def _show(found: Iterable[Entry], *, as_json: bool) -> None:
    for entry in found:
        if as_json:
            fields = ("time", "level", "logger", "message", "trace")
            print_json([{name: getattr(entry, name) for name in fields}])
        else:
            print(entry.raw, flush=True)
