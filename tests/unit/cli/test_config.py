"""`hubbub init` and `hubbub config`, inside this process and as people call them."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hubbub.cli.commands import app

COMMAND = (sys.executable, "-m", "hubbub")


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def hubbub(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def called(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
    return subprocess.run(
        [*COMMAND, *arguments], cwd=folder, env=known | environ, capture_output=True, text=True, timeout=30
    )


def test_init_writes_a_file_that_is_right_and_private(tmp_path: Path) -> None:
    done = called(tmp_path, "init")
    assert (done.returncode, done.stderr) == (0, "")
    file = tmp_path / "hubbub.toml"
    assert file.stat().st_mode & 0o077 == 0
    assert "[server]" in file.read_text(encoding="utf-8")
    done = called(tmp_path, "config", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "hubbub.toml" in done.stdout


def test_init_keeps_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "hubbub.toml").write_text("mine", encoding="utf-8")
    assert "--force" in hubbub("init", code=1)
    assert (tmp_path / "hubbub.toml").read_text(encoding="utf-8") == "mine"
    hubbub("init", "--force")
    assert (tmp_path / "hubbub.toml").read_text(encoding="utf-8") != "mine"
    assert "cannot be written" in hubbub("init", "no/such/folder.toml", code=1)


def test_check_names_file_line_and_key(tmp_path: Path) -> None:
    (tmp_path / "hubbub.toml").write_text("[server]\nprot = 1\n", encoding="utf-8")
    done = called(tmp_path, "config", "check", HUBBUB_POTR="1")
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "hubbub: hubbub.toml:2: server.prot: no such key; did you mean port?",
        "hubbub: variable HUBBUB_POTR: HUBBUB_POTR is no setting; did you mean HUBBUB_PORT?",
    ]


def test_run_tells_wrong_settings_in_the_same_way(tmp_path: Path) -> None:
    done = called(tmp_path, "run", "--port", "http")
    assert done.returncode == 3
    assert done.stderr == "hubbub: option --port: server.port: should be a whole number, not 'http'\n"
    assert called(tmp_path, "run", "--prot", "1").returncode == 2
    assert "--data-dir" in called(tmp_path, "run", "--help").stdout
    assert "--data-dir" in hubbub("run", "--help")


def test_show_hides_secrets_and_is_a_settings_file(tmp_path: Path) -> None:
    (tmp_path / "hubbub.toml").write_text(
        'server.admin_password = "do not show"\n'
        '[[models]]\nname = "one"\nproxy = "http://me:do-not-show@proxy.example"\napi_key = ["do not show"]\n'
        'headers = { "X-Api-Key" = "do not show" }\n'
        '[platforms.onebot]\naccess_token = "do not show"\n'
        'forward_urls = ["ws://one.example/?access_token=do-not-show"]\n'
        '[rooms."onebot/*/group/1"]\ntrigger = ["always"]\n',
        encoding="utf-8",
    )
    shown = hubbub("config", "show")
    assert "do not show" not in shown
    assert "do-not-show" not in shown
    plain = tomllib.loads(shown)
    assert plain["models"][0]["proxy"] == "http://***@proxy.example"
    assert plain["rooms"]["onebot/*/group/1"]["trigger"] == ["always"]
    as_json = json.loads(hubbub("config", "show", "--json"))
    assert as_json["platforms"]["onebot"]["access_token"] == "***"
    assert as_json["server"]["port"] == plain["server"]["port"] == 8080


def test_check_says_which_platforms_are_on() -> None:
    found = json.loads(hubbub("config", "check", "--json"))
    assert found["ok"] is True
    assert "onebot" in found["platforms"]


def test_version() -> None:
    from hubbub import __version__

    assert hubbub("--version") == f"hubbub {__version__}\n"
