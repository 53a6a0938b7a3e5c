"""`hubbub deliveries` on the data of a hub that does not run."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hubbub.cli.commands import app
from hubbub.core.reports import Told
from hubbub.core.work import State
from tests.unit.cli.stores import fill, give_up, tell

LEFT = {
    "waits": State.QUEUED,
    "in the air": State.SENDING,
    "in doubt": State.UNKNOWN,
    "given up": State.DEAD,
    "arrived": State.SENT,
}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    fill(tmp_path / "data", LEFT)
    return tmp_path / "data"


def hubbub(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def listed(*arguments: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in hubbub("deliveries", "list", "--json", *arguments).splitlines()]


@pytest.mark.usefixtures("data")
def test_what_is_in_doubt_is_listed_one_object_a_line() -> None:
    assert [row["text"] for row in listed()] == ["in the air", "in doubt", "given up"]
    unknown = listed("--state", "unknown")
    assert len(unknown) == 1
    assert {"id", "platform", "account", "room", "state", "text", "created_at"} <= set(unknown[0])
    assert unknown[0]["platform"] == "loopback"
    assert unknown[0]["account"] == "me"
    assert unknown[0]["room"] == "loopback/me/group/7"
    assert unknown[0]["state"] == "unknown"
    assert unknown[0]["error"] == "the connection broke"
    assert [row["text"] for row in listed("--state", "dead", "--state", "sending")] == ["in the air", "given up"]
    assert len(listed("--limit", "1")) == 1


def test_what_the_platform_told_stands_behind_the_state(data: Path) -> None:
    tell(data, "42", Told.READ)
    (row,) = listed("--state", "sent")
    assert (row["told"], row["told_at"]) == ("read", 1_718_000_000.0)
    lines = hubbub("deliveries", "list", "--state", "sent").splitlines()
    assert "sent (read)" in lines[1]
    shown = hubbub("deliveries", "show", str(row["id"])).splitlines()
    assert ["told", "read"] in [line.split() for line in shown]
    assert any(line.startswith("told_at     2024-06-") for line in shown)
    other = hubbub("deliveries", "show", "1").splitlines()
    assert ["told"] in [line.split() for line in other]


@pytest.mark.usefixtures("data")
def test_people_get_a_table() -> None:
    lines = hubbub("deliveries", "list", "--state", "unknown").splitlines()
    assert lines[0].split() == ["id", "state", "room", "made", "text", "error"]
    assert "in doubt" in lines[1]
    assert hubbub("deliveries", "list", "--state", "dropped") == "none\n"


@pytest.mark.usefixtures("data")
def test_one_is_shown_retried_and_dropped() -> None:
    unknown, dead = (listed("--state", state)[0]["id"] for state in ("unknown", "dead"))
    assert "in doubt" in hubbub("deliveries", "show", str(unknown))
    assert json.loads(hubbub("deliveries", "show", str(unknown), "--json"))["id"] == unknown
    assert "queued" in hubbub("deliveries", "retry", str(unknown))
    assert "dropped" in hubbub("deliveries", "drop", str(dead))
    assert [row["text"] for row in listed("--state", "queued")] == ["waits", "in doubt"]
    assert [row["text"] for row in listed("--state", "dropped")] == ["given up"]


@pytest.mark.usefixtures("data")
def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    sent = listed("--state", "sent")[0]["id"]
    assert "no delivery 999" in hubbub("deliveries", "show", "999", code=1)
    assert "unknown, dead or dropped" in hubbub("deliveries", "retry", str(sent), code=1)
    assert "queued, unknown or dead" in hubbub("deliveries", "drop", str(sent), code=1)
    assert "no data" in hubbub("deliveries", "list", "--data-dir", str(tmp_path / "none"), code=1)
    assert not (tmp_path / "none").exists()


def test_data_that_another_process_has_are_refused(data: Path) -> None:
    from hubbub.storage.sqlite.connection import FolderLock

    lock = FolderLock(data)
    lock.take()
    try:
        assert "another hub" in hubbub("deliveries", "list", code=4)
    finally:
        lock.drop()


def test_a_wrong_state_is_a_wrong_command_line() -> None:
    assert "unknwon" in hubbub("deliveries", "list", "--state", "unknwon", code=2)


def test_what_could_not_be_handled_is_listed(data: Path) -> None:
    assert hubbub("deliveries", "given-up") == "none\n"
    give_up(data, "poison", "the hub ended 3 times")
    (row,) = map(json.loads, hubbub("deliveries", "given-up", "--json").splitlines())
    assert (row["platform"], row["author"], row["kind"], row["text"]) == ("loopback", "anna", "received", "poison")
    assert (row["room"], row["error"]) == ("loopback/me/group/7", "the hub ended 3 times")
    lines = hubbub("deliveries", "given-up").splitlines()
    assert lines[0].split() == ["id", "room", "author", "came", "text", "error"]
    assert "poison" in lines[1]
