"""Prompts with names from everywhere: which counts of one name, and which is everybody's."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hubbub.app.importing_repeater import named_or_taken
from hubbub.app.presets import preset_of, presets_of
from hubbub.conversations.presets import shipped
from hubbub.settings import load

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from hubbub.settings import Settings


def settings(folder: Path, **more: str) -> Settings:
    return load(environ={"HUBBUB_DATA_DIR": str(folder / "data"), **more}, folder=folder)


def put(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_of_one_name_the_later_counts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    put(tmp_path / "data/presets/sister.txt", "taken")
    put(tmp_path / "data/presets/cat.txt", "cat")
    put(tmp_path / "data/presets/bad.json", "{")
    put(tmp_path / "more/cat.txt", "another cat")
    put(tmp_path / "hubbub.toml", '[chat.personas]\npoet = "mine"\n')
    with caplog.at_level(logging.WARNING):
        found = presets_of(settings(tmp_path, DEFAULT_PROMPT_DIR=str(tmp_path / "more")))
    assert [found.text(name, "en") for name in ("sister", "cat", "poet")] == ["taken", "another cat", "mine"]
    assert found.text("coder", "en") == shipped().text("coder", "en")
    assert "bad.json" in caplog.text


def test_whose_is_everybodys(tmp_path: Path) -> None:
    assert preset_of(settings(tmp_path)) == ""
    assert preset_of(settings(tmp_path, PARSET_PROMPT_NAME="sister")) == "sister"
    put(tmp_path / "data/presets/default.txt", "mine")
    assert preset_of(settings(tmp_path)) == "default"
    assert preset_of(settings(tmp_path, HUBBUB_CHAT__SYSTEM_PROMPT="Be kind.")) == ""


def test_a_file_that_is_gone_is_stood_in_for(tmp_path: Path) -> None:
    named, taken = tmp_path / "named.json", tmp_path / "taken.json"
    assert named_or_taken(None, taken) is None
    assert named_or_taken(named, taken) == named
    taken.write_text("[]")
    assert named_or_taken(None, taken) == named_or_taken(named, taken) == taken
    named.write_text("[]")
    assert named_or_taken(named, taken) == named
