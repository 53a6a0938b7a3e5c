"""The shell completes commands and options."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperGroup

from hubbub.cli.commands import app
from hubbub.cli.serve import parser

SCRIPT = """
set -e
hubbub --install-completion >&2
source ~/.bashrc
ask() {
    COMP_WORDS=(hubbub "$@"); COMP_CWORD=$#
    $(complete -p hubbub | sed 's/.*-F \\([^ ]*\\).*/\\1/') hubbub
    echo "${COMPREPLY[@]}"
}
ask ""
ask deliveries ""
ask logs --fo
ask run --p
ask deliveries list --state un
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
def test_bash_completes_after_one_command(tmp_path: Path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    kept = {name: value for name, value in os.environ.items() if name in ("LANG", "COVERAGE_PROCESS_START")}
    done = subprocess.run(
        ["bash", "-c", SCRIPT],
        env=kept | {"HOME": str(tmp_path), "PATH": path, "SHELL": "/bin/bash"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    commands, deliveries, follow, port, state = done.stdout.splitlines()
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    assert commands.split() == list(group.commands)
    assert deliveries.split() == ["list", "given-up", "show", "retry", "drop"]
    assert follow.split() == ["--follow"]
    assert port.split() == ["--port"]
    assert state.split() == ["unknown"]


def test_run_has_the_same_options_with_and_without_the_library() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    shown = {option for each in group.commands["run"].params for option in each.opts if each.name != "help"}
    known = {option for each in parser()._actions for option in each.option_strings}
    assert shown == known - {"-h", "--help"}
