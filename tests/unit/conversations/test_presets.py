"""Prompts with names: those of the hub in both languages, and those of folders."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hubbub.conversations.presets import Presets, of_acts, of_folder, shipped
from hubbub.conversations.presets.library import LONGEST
from hubbub.conversations.variables import Variables, expand

if TYPE_CHECKING:
    from pathlib import Path


def test_the_hubs_own_are_there_in_both_languages() -> None:
    found = shipped()
    assert len(found.texts) >= 24
    assert {"default", "sister"} <= found.texts.keys()
    for name in found.texts:
        chinese, english = found.text(name, "zh"), found.text(name, "en")
        assert len(chinese) > 40
        assert len(english) > 100
        assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese)
        assert english.isprintable()
        for text in (chinese, english):
            assert "{" not in expand(text, Variables(user_name="Bob", bot_name="Echo"))
    assert found.text("sister", "fr") == found.text("sister", "zh")
    assert found.text("nobody", "en") == ""


def test_of_one_name_the_later_counts_in_every_language() -> None:
    found = shipped().with_more({"sister": "Mine", "new": "New"})
    assert found.text("sister", "en") == found.text("sister", "zh") == "Mine"
    assert found.text("new", "en") == "New"


def test_a_folder_of_texts_and_lists(tmp_path: Path) -> None:
    (tmp_path / "cat.txt").write_text("\ufeffMeow. \n", encoding="utf-8")
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "notes.md").write_text("no preset")
    acts = [{"act": " Poet ", "prompt": "Write."}, {"act": "x"}, 3, {"act": "", "prompt": "y"}, {"act": 1, "prompt": 2}]
    (tmp_path / "many.json").write_text(json.dumps(acts))
    (tmp_path / "bad.json").write_text("{")
    (tmp_path / "long.txt").write_text("x" * (LONGEST + 1))
    (tmp_path / "latin.txt").write_bytes(b"\xff\xfe\xff")
    found = of_folder(tmp_path)
    assert dict(found.texts) == {"cat": "Meow.", "Poet": "Write."}
    assert len(found.faults) == 3
    assert of_folder(tmp_path / "nowhere") == Presets()
    with pytest.raises(ValueError, match="list"):
        of_acts('{"act": "a", "prompt": "b"}')
