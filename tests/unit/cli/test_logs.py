"""`hubbub logs` shows what the hub wrote to its log file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hubbub.cli.commands import app

LINES = """\
2026-11-20 07:00:00.100 INFO hubbub.app.serve: Hubbub serves http://127.0.0.1:8080
2026-11-20 07:00:01.000 ERROR hubbub.dispatch.road: error 1f2e3d4c: entry 7 could not be handled
Traceback (most recent call last):
ValueError: no
{"time": 1795158002.5, "level": "WARNING", "logger": "hubbub.dispatch", "message": "slow"}
"""


def hubbub(*arguments: str, code: int = 0) -> tuple[str, str]:
    result = CliRunner().invoke(app, ["logs", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout, result.stderr


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "hubbub.log").write_text(LINES, encoding="utf-8")
    return tmp_path


def test_the_log_is_shown_as_it_is() -> None:
    assert hubbub()[0] == LINES


def test_only_the_newest_are_shown() -> None:
    assert hubbub("-n", "1")[0] == LINES.splitlines()[-1] + "\n"


def test_an_error_is_found_by_the_id_that_a_person_was_told() -> None:
    assert hubbub("--error", "1f2e3d4c")[0].splitlines() == LINES.splitlines()[1:4]
    assert "nothing of error ffffffff" in hubbub("--error", "ffffffff", code=1)[1]


def test_levels_are_told_apart() -> None:
    assert len(hubbub("--level", "warning")[0].splitlines()) == 4
    assert len(hubbub("--level", "ERROR")[0].splitlines()) == 3


def test_json_has_the_same_of_both_forms() -> None:
    rows = [json.loads(line) for line in hubbub("--json")[0].splitlines()]
    assert [row["level"] for row in rows] == ["INFO", "ERROR", "WARNING"]
    assert rows[1]["trace"].endswith("ValueError: no")
    assert {"time", "level", "logger", "message", "trace"} == set(rows[2])


def test_no_file_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no hub has run there" in hubbub("--data-dir", "elsewhere", code=1)[1]
    monkeypatch.setenv("HUBBUB_LOG_FILE", "none.log")
    assert "there is no log file" in hubbub(code=1)[1]
    (folder / "hubbub.toml").write_text('[server]\nlog_file = ""\n', encoding="utf-8")
    monkeypatch.delenv("HUBBUB_LOG_FILE")
    assert "server.log_file is empty" in hubbub(code=1)[1]
