"""What platforms declare becomes commands."""

import subprocess
import sys
from pathlib import Path

from hubbub.cli.tasks import task_groups
from hubbub.settings.plugins import built_in


def test_each_task_is_a_command() -> None:
    declared = {(plugin.name, task.name) for plugin in built_in().values() for task in plugin.tasks}
    groups = {(group.info.name, each.name) for group in task_groups() for each in group.registered_commands}
    assert groups == declared
    assert ("wecom", "menu") in groups


def test_a_platform_that_is_off_does_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hubbub", "wecom", "menu"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "wecom is off" in done.stderr
