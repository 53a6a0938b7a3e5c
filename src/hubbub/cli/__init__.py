"""The command `hubbub`. Docs/cli.md says what each command does and with which exit code it ends."""

from __future__ import annotations

import sys


def main() -> None:
    """Do what the command line says and exit.

    `run` goes past the command-line library: it is not needed to serve, and its import takes time from the start.
    """
    try:
        _do()
    except KeyboardInterrupt:  # while modules are loaded: later each command says itself how it ends
        sys.exit(130)


def _do() -> None:
    if sys.argv[1:2] == ["run"]:
        from hubbub.cli.serve import serve  # noqa: PLC0415 - loaded on first use

        sys.exit(serve(sys.argv[2:]))
    from hubbub.cli.commands import app  # noqa: PLC0415 - loaded on first use

    app(prog_name="hubbub")
