from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hubbub.commands.builtin import BUILTIN
from hubbub.commands.reference import reference

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


def test_the_written_page_is_up_to_date() -> None:
    assert reference(BUILTIN) == PAGE, "run: python -m hubbub.commands docs/commands.md"


def test_the_module_writes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["hubbub.commands", str(tmp_path / "page.md")])
    monkeypatch.delitem(sys.modules, "hubbub.commands.__main__", raising=False)  # another test looks at all modules
    runpy.run_module("hubbub.commands", run_name="__main__")
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == PAGE


def test_every_command_is_in_both_tables_with_its_names() -> None:
    rows = [re.findall(r"`([^`]+)`", line) for line in PAGE.splitlines() if line.startswith("| `/")]
    wanted = [[f"/{command.name}", *command.aliases] for command in BUILTIN]
    assert [row[: len(names)] for row, names in zip(rows, wanted * 2, strict=True)] == wanted * 2


def test_commands_that_the_prose_names_are_there() -> None:
    names = {command.name for command in BUILTIN}
    assert set(re.findall(r"`/([a-zA-Z]+)", PAGE)) <= names
