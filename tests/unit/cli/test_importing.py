"""`hubbub import`: what is taken and what is left out is said, and a second time nothing changes."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hubbub.cli.commands import app

FIXTURES = Path(__file__).parents[2] / "fixtures" / "repeater"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["import", *words, "--data-dir", "data"])
    return result.exit_code, result.output


def test_an_installation_is_taken_and_told_of(folder: Path) -> None:
    shutil.copytree(FIXTURES / "userdata", folder / "userdata")
    code, said = run("repeater", "userdata")
    assert code == 0
    lines = said.splitlines()
    assert lines[0] == "4 contexts, 1 prompts and 1 settings of 2 users taken over; 1 were here already"
    assert sum(line.startswith("- ") for line in lines) == 3
    code, said = run("repeater", "userdata", "--json")
    assert (code, json.loads(said)["known"]) == (0, 7)


def test_where_nothing_is(folder: Path) -> None:
    code, said = run("repeater", "nowhere")
    assert code != 0
    assert "no such folder" in said


def test_one_users_file(folder: Path) -> None:
    with zipfile.ZipFile(folder / "u.zip", "w") as archive:
        archive.writestr("user_prompt.json", json.dumps("P"))
    assert run("user", "u.zip", "--owner", "far:private:5") == (
        0,
        "1 branches taken over; the others were here already\n",
    )
    assert run("user", "u.zip", "--owner", "far:private:5") == (0, "everything was here already\n")
    (folder / "bad.zip").write_bytes(b"PK")
    for name in ("bad.zip", "nowhere.zip"):
        code, said = run("user", name, "--owner", "x")
        assert code == 1
        assert name in said


def test_a_list_of_personas(folder: Path) -> None:
    acts = [{"act": f"角色{number}", "prompt": f"你是{number}"} for number in range(124)]
    (folder / "prompts-zh.json").write_text(json.dumps([*acts, {"act": "butler", "prompt": "mine"}, {}]), "utf-8")
    code, said = run("prompts", "prompts-zh.json")
    assert code == 0
    assert said.splitlines() == [
        "125 personas taken over; 0 were here already",
        "names that were taken, and now are: butler-2",
        "1 entries have no act or prompt, or are too long, and were left out:",
        "- entry 126",
    ]
    code, said = run("prompts", "prompts-zh.json", "--json")
    assert json.loads(said)["known"] == 125
    (folder / "bad.json").write_text("{}")
    for name in ("bad.json", "nowhere.json", "http://127.0.0.1:1/prompts.json"):
        code, said = run("prompts", name)
        assert (code, name in said.replace("\n", "")) == (1, True)
