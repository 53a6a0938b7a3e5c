"""`hubbub run`: serve until SIGTERM or SIGINT. Imports only what the hub needs anyway."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from hubbub.api import local
from hubbub.cli.environment import hand_on
from hubbub.cli.outcome import Exit, told
from hubbub.core.errors import StoreBusy
from hubbub.settings import Settings, load

EPILOG = "Every other setting is a key of hubbub.toml or a variable: see `hubbub init` and docs/settings.md."


def serve(arguments: Sequence[str]) -> int:
    """Run a hub as the command line says; the answer is the exit code."""
    chosen = vars(parser().parse_args(arguments))
    config: Path | None = chosen.pop("config")
    roles: list[str] | None = chosen.pop("role")
    options: dict[str, object] = {f"server.{key}": value for key, value in chosen.items() if value is not None}
    if roles:
        options["cluster.roles"] = [role for given in roles for role in given.split(",")]
    with told():
        settings = load(config, options=options)
        hand_on(settings)
        from hubbub.app import run  # noqa: PLC0415 - loaded on first use: wrong settings are told without it

        try:
            with asyncio.Runner(loop_factory=_loop_factory()) as runner:
                runner.run(run(settings, announce=_announce))
        except StoreBusy as error:
            message = f"{error}{_where_it_serves(settings)}"
            raise StoreBusy(message) from error
    return Exit.DONE


def _where_it_serves(settings: Settings) -> str:
    other = local.read(settings.server.data_dir)
    return f". It serves {other.url}" if other else ""


def parser() -> argparse.ArgumentParser:
    """The options of `hubbub run`."""
    made = argparse.ArgumentParser("hubbub run", description="Serve until stopped.", epilog=EPILOG, allow_abbrev=False)
    made.add_argument("--host", metavar="ADDRESS", help="address to listen on (127.0.0.1)")
    made.add_argument("--port", metavar="NUMBER", help="port to listen on (8080); 0 takes a free one")
    made.add_argument("--config", "-c", metavar="FILE", type=Path, help="settings file (./hubbub.toml)")
    made.add_argument(
        "--role",
        metavar="ROLE",
        action="append",
        help="part of the work: gateway, worker, scheduler or all (all); several: repeated, or with commas",
    )
    made.add_argument("--data-dir", metavar="FOLDER", help="folder for everything that the hub keeps (./data)")
    made.add_argument("--log-level", metavar="LEVEL", help="least level that is logged (INFO)")
    return made


def _announce(line: str) -> None:
    print(line, flush=True)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - not there on every system
    except ImportError:
        return None
    return uvloop.new_event_loop
