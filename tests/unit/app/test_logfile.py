"""The log's file: written in bounds and for its owner only, and read again."""

from __future__ import annotations

import io
import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Literal

import pytest

from hubbub.app.entries import Entry, entries, follow, last
from hubbub.app.logfile import LogFile, log_file
from hubbub.app.logs import set_up
from hubbub.settings import Server

log = logging.getLogger("hubbub.test")


def everything(entry: Entry) -> bool:
    return bool(entry.raw)


@pytest.fixture
def file(tmp_path: Path) -> Iterator[LogFile]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield LogFile(tmp_path / "data" / "hubbub.log", 10_000, 2)
    for handler in set(root.handlers) - set(handlers):
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def begin(file: LogFile, form: Literal["text", "json"] = "text") -> None:
    set_up("INFO", form, io.StringIO(), file)


def fail(number: str) -> None:
    try:
        int("no number")
    except ValueError:
        log.exception("error %s: entry 5 could not be handled", number)


def test_where_it_is_comes_from_the_settings(tmp_path: Path) -> None:
    assert log_file(Server(data_dir=tmp_path)) == LogFile(tmp_path / "hubbub.log", 5_000_000, 3)
    elsewhere = log_file(Server(data_dir=tmp_path, log_file="/var/log/hubbub.log", log_files=0))
    assert elsewhere == LogFile(Path("/var/log/hubbub.log"), 5_000_000, 0)
    assert log_file(Server(log_file="")) is None


def test_it_is_for_its_owner_only(file: LogFile) -> None:
    begin(file)
    assert not file.path.exists()
    log.info("hello")
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.path.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("keep", [0, 2])
def test_it_never_grows_beyond_its_bounds(tmp_path: Path, file: LogFile, keep: int) -> None:
    file = LogFile(tmp_path / "log", 10_000, keep)
    begin(file)
    for number in range(1000):
        log.info("entry %d %s", number, "x" * 50)
    assert len(file.all()) == keep + 1
    assert all(path.stat().st_size <= 10_000 for path in file.all())
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in file.all())
    assert sorted(path.name for path in tmp_path.glob("log*")) == sorted(path.name for path in file.all())
    assert last(file, 1, everything)[0].message.startswith("entry 999 ")


@pytest.mark.parametrize("form", ["text", "json"])
def test_what_was_written_is_read(file: LogFile, form: Literal["text", "json"]) -> None:
    begin(file, form)
    log.info("first: 一")
    fail("ab12cd34")
    log.warning("last")
    first, second, third = last(file, 10, everything)
    assert (first.level, first.logger, first.message, first.trace) == ("INFO", "hubbub.test", "first: 一", "")
    assert abs(first.time - time.time()) < 60
    assert second.message == "error ab12cd34: entry 5 could not be handled"
    assert "ValueError: invalid literal" in second.trace
    assert second.trace.startswith("Traceback")
    assert third.message == "last"
    assert third.raw in file.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_error_is_found_by_its_id_across_files(file: LogFile, form: Literal["text", "json"]) -> None:
    begin(file, form)
    fail("ab12cd34")
    for number in range(100):
        log.info("entry %d %s", number, "x" * 50)
    assert len(file.all()) > 1
    (found,) = last(file, 10, lambda entry: entry.names("ab12cd34"))
    assert "ValueError" in found.trace
    assert not last(file, 10, lambda entry: entry.names("ab12cd3"))


def test_the_last_are_the_newest_in_order(file: LogFile) -> None:
    begin(file)
    for number in range(300):
        log.info("entry %d %s", number, "x" * 50)
    count = len(last(file, 1000, everything))
    assert 200 < count < 300
    assert [entry.message.split()[1] for entry in last(file, 200, everything)] == [str(n) for n in range(100, 300)]


def test_odd_lines_are_entries_too() -> None:
    odd = [
        '{"time": 5, "level"',
        "no entry at all",
        "2026-11-20 07:00:00.123 INFO a.b: text",
        "  below",
        '{"time": []}',
    ]
    assert [entry.raw for entry in entries(odd)] == ["\n".join(odd[:2]), "\n".join(odd[2:4]), odd[4]]
    assert list(entries([])) == []


def test_what_is_added_is_followed_into_the_next_file(file: LogFile) -> None:
    begin(file)
    log.info("before")
    found: list[str] = []
    done = threading.Event()

    def read() -> None:
        with closing(follow(file.path, everything, 0.01)) as added:
            for entry in added:
                found.append(entry.message.split()[0])
                if entry.message == "end":
                    done.set()
                    return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    time.sleep(0.1)
    for number in range(400):
        log.info("%d %s", number, "x" * 50)
        if number % 20 == 0:
            time.sleep(0.02)
    log.info("end")
    assert done.wait(10)
    assert found == [*map(str, range(400)), "end"]


def test_a_file_that_comes_later_is_followed(file: LogFile) -> None:
    found: list[str] = []
    reader = threading.Thread(
        target=lambda: found.append(next(follow(file.path, everything, 0.01)).message), daemon=True
    )
    reader.start()
    time.sleep(0.05)
    begin(file)
    log.info("here")
    reader.join(10)
    assert found == ["here"]


def test_a_disk_that_takes_nothing_is_told_once(
    tmp_path: Path, file: LogFile, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").write_text("in the way", encoding="utf-8")
    begin(file)
    log.info("one")
    log.info("two")
    assert capsys.readouterr().err.count("cannot be written") == 1


def test_secrets_are_hidden_in_the_file_too(file: LogFile) -> None:
    begin(file, "json")
    log.info("Authorization: Bearer abcdef123456")
    assert "abcdef123456" not in file.path.read_text(encoding="utf-8")
    assert json.loads(file.path.read_text(encoding="utf-8"))["message"].endswith("***")
