"""`hubbub doctor` finds what is wrong and names the remedy."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from hubbub.cli import checks
from hubbub.settings import load
from tests.unit.cli.stores import fill


def doctor(folder: Path, *arguments: str, **environ: str) -> tuple[int, dict[str, dict[str, str]]]:
    known = {name: value for name, value in os.environ.items() if not name.startswith("HUBBUB_")}
    command = [sys.executable, "-m", "hubbub", "doctor", "--json", *arguments]
    port = {"HUBBUB_PORT": "0"}
    done = subprocess.run(
        command, cwd=folder, env=known | port | environ, capture_output=True, text=True, timeout=50, check=False
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found, done.stderr
    return done.returncode, {each["name"]: each for each in found}


def test_a_fresh_folder_has_no_fault(tmp_path: Path) -> None:
    code, found = doctor(tmp_path)
    assert code == 0
    assert {"version", "packages", "settings", "data folder", "space", "sqlite", "database", "port", "clock"} <= set(
        found
    )
    assert {"platform onebot", "open files", "hub"} <= set(found)
    assert all(each["outcome"] != "fail" for each in found.values())
    assert not (tmp_path / "data").exists()


def test_wrong_settings_are_told(tmp_path: Path) -> None:
    code, found = doctor(tmp_path, HUBBUB_PROT="1")
    assert code == 1
    assert found["settings"]["outcome"] == "fail"
    assert "HUBBUB_PORT" in found["settings"]["text"]


def test_a_port_in_use_is_told(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, found = doctor(tmp_path, HUBBUB_PORT=str(taken.getsockname()[1]))
    assert code == 1
    assert found["port"]["outcome"] == "fail"
    assert "in use" in found["port"]["text"]
    assert "HUBBUB_PORT" in found["port"]["remedy"]


def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_text("no", encoding="utf-8")
    code, found = doctor(tmp_path, HUBBUB_TLS_CERT="a.pem", HUBBUB_TLS_KEY="a.pem")
    assert code == 1
    assert found["certificate"]["outcome"] == "fail"


def test_a_folder_open_to_others_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    (folder,) = (check for check in checks.data_folder(tmp_path) if check.name == "data folder")
    assert (folder.outcome, folder.remedy) == ("warn", f"chmod 700 {tmp_path}")


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)  # root may write everywhere
    (check,) = checks.data_folder(tmp_path)
    assert check.outcome == "fail"
    assert "HUBBUB_DATA_DIR" in check.remedy


def test_little_space_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "NO_SPACE", 10**18)
    monkeypatch.setattr(checks, "LITTLE_SPACE", 10**18)
    space = next(check for check in checks.data_folder(tmp_path) if check.name == "space")
    assert space.outcome == "fail"


def test_databases(tmp_path: Path) -> None:
    fill(tmp_path, {})
    good = [check for check in checks.database(tmp_path) if check.name == "database"]
    assert good[0].outcome == "ok"
    assert "schema" in good[0].text
    with sqlite3.connect(tmp_path / "hubbub.db") as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
    db.close()
    newer = [check for check in checks.database(tmp_path) if check.name == "database"]
    assert (newer[0].outcome, newer[0].remedy) == ("fail", "update Hubbub")
    for rest in tmp_path.glob("hubbub.db-*"):
        rest.unlink()
    (tmp_path / "hubbub.db").write_bytes(b"no database at all" * 1000)
    damaged = [check for check in checks.database(tmp_path) if check.name == "database"]
    assert damaged[0].outcome == "fail"
    assert "backups" in damaged[0].remedy


def test_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    assert checks.clock(tmp_path).outcome == "ok"
    late = time.time() + 10 * 86_400
    (tmp_path / "x").touch()
    os.utime(tmp_path / "x", (late, late))
    assert checks.clock(tmp_path).outcome == "fail"


def test_a_platform_that_cannot_be_loaded_is_told(tmp_path: Path) -> None:
    from dataclasses import replace

    settings = load(environ={}, folder=tmp_path)
    lacking = replace(settings.plugins["onebot"], adapter="no_such_package.adapter:Adapter")
    settings.bind({"onebot": lacking}, {}, None)
    (check,) = checks.platforms(settings, None)
    assert check.outcome == "fail"
    assert "hubbub[onebot]" in check.remedy
