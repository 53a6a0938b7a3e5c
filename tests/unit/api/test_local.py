"""The admin token file: for its owner's eyes, whole or not there."""

from __future__ import annotations

import stat
from pathlib import Path

from hubbub.api import local


def test_written_read_removed(tmp_path: Path) -> None:
    written = local.write(tmp_path, "http://127.0.0.1:8080", "abc")
    assert local.read(tmp_path) == written
    assert stat.S_IMODE((tmp_path / local.NAME).stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [local.NAME]
    local.remove(tmp_path)
    local.remove(tmp_path)
    assert local.read(tmp_path) is None


def test_every_run_has_its_own_secret_and_narrow_rights(tmp_path: Path) -> None:
    (tmp_path / local.NAME).write_text("{}")
    (tmp_path / (local.NAME + ".new")).write_text("left over, with wide rights")
    first = local.write(tmp_path, "http://127.0.0.1:1")
    second = local.write(tmp_path, "http://127.0.0.1:1")
    assert first.token != second.token
    assert stat.S_IMODE((tmp_path / local.NAME).stat().st_mode) == 0o600


def test_a_damaged_file_is_none(tmp_path: Path) -> None:
    for content in ("", "{", "[]", "{}", '"x"', "null"):
        (tmp_path / local.NAME).write_text(content)
        assert local.read(tmp_path) is None
