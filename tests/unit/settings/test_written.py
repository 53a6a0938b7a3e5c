"""What is written from the settings' models stands as they are now."""

import re
import tomllib
from pathlib import Path

import pytest

from hubbub.settings import load
from hubbub.settings.__main__ import documents

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", sorted(documents()))
def test_the_written_files_are_up_to_date(name: str) -> None:
    written = (ROOT / name).read_text(encoding="utf-8")
    assert written == documents()[name], "run: python -m hubbub.settings"


def test_the_example_sets_nothing_as_it_stands(tmp_path: Path) -> None:
    text = documents()["config.example.toml"]
    (tmp_path / "hubbub.toml").write_text(text, encoding="utf-8")
    assert load(environ={}, folder=tmp_path).model_dump() == load(environ={}, folder=tmp_path / "none").model_dump()


def test_every_key_of_the_example_can_be_taken_as_it_is(tmp_path: Path) -> None:
    """With the signs taken away it is right, and what is not an example only is still the default."""
    text = re.sub(r"^#(?=[a-z\[])", "", documents()["config.example.toml"], flags=re.MULTILINE)
    assert tomllib.loads(text)["server"]["port"] == 8080
    (tmp_path / "hubbub.toml").write_text(text, encoding="utf-8")
    found = load(environ={}, folder=tmp_path)
    assert found.dispatch == load(environ={}, folder=tmp_path / "none").dispatch
    assert set(found.model_fields_set) == set(type(found).model_fields)


def test_every_key_says_what_it_means() -> None:
    rows = [line for line in documents()["docs/settings.md"].splitlines() if line.startswith("| `")]
    assert len(rows) > 50
    assert [row for row in rows if not row.rstrip("| ").endswith((".", "`"))] == []
