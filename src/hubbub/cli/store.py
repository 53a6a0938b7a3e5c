"""`hubbub store`: the whole of what a hub keeps, moved, checked, copied and put back."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from hubbub.cli import backup
from hubbub.cli.options import AsJson, Config, DataDir, settings_of
from hubbub.cli.outcome import Exit, told

if TYPE_CHECKING:
    from hubbub.storage.scan import Progress

app = typer.Typer(no_args_is_help=True, help="Move, check, back up and restore all that a hub keeps.")
app.command()(backup.backup)
app.command()(backup.restore)

Address = "sqlite:FOLDER or postgresql://user:password@host/name"
Source = Annotated[str, typer.Option("--from", metavar="ADDRESS", help=f"What is moved: {Address}. It stays as it is.")]
Target = Annotated[str, typer.Option("--to", metavar="ADDRESS", help=f"An empty one: {Address}.")]

_EVERY, _EVERY_LINE = 0.2, 5.0


@app.command()
def move(source: Source, target: Target) -> None:
    """Copy everything from one database to another and compare it. Broken off, it goes on when it is run again."""
    from hubbub.app.moving import end_at, move_store  # noqa: PLC0415 - loaded on first use

    with told():
        done = asyncio.run(move_store(end_at(source), end_at(target), _shown))
        _clear()
        again = " (going on where it was broken off)" if done.resumed else ""
        print(f"moved{again}: {_counted(done.counts)}")
        print(f"the checksums of {done.conversations} conversations and of all tables are the same")
        print("the source is as it was; let no hub run on it any more, and name the target in DATABASE_URL")


@app.command()
def check(*, as_json: AsJson = False, config: Config = None, data: DataDir = None) -> None:
    """Look whether everything is whole and fits together. A hub may run meanwhile. Exit code 1 if not."""
    from hubbub.app.moving import check_store, end_of  # noqa: PLC0415 - loaded on first use

    with told():
        found = asyncio.run(check_store(end_of(settings_of(config, data)), _shown("check")))
        _clear()
        if as_json:
            print(json.dumps(asdict(found)))
        else:
            print(f"{found.store}: {_counted(found.counts)}; {found.conversations} conversations")
            for fault in found.faults:
                print(f"fault: {fault}")
            print("all is well" if not found.faults else "restore a backup, or mend it by hand with a copy at hand")
    if found.faults:
        raise SystemExit(Exit.FAILED)


def _counted(counts: Mapping[str, int]) -> str:
    some = [f"{rows:,} {table}" for table, rows in counts.items() if rows]
    return ", ".join(some) or "nothing"


def _shown(step: str) -> Progress:
    """Progress on one line of a terminal; elsewhere a line for each table, and now and then one more."""
    terminal = sys.stderr.isatty()
    last = 0.0

    def show(table: str, done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if done < total and now - last < (_EVERY if terminal else _EVERY_LINE):
            return
        last = now
        line = f"{step}: {table} {done:,} of {total:,}"
        print(f"\r{line:<70}" if terminal else line, end="" if terminal else "\n", file=sys.stderr, flush=True)

    return show


def _clear() -> None:
    if sys.stderr.isatty():
        print(f"\r{'':<70}\r", end="", file=sys.stderr)
