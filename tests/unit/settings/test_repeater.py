"""The variables of the Repeater's backend, by the names that they have there."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hubbub.app.notices import notices
from hubbub.core.errors import ConfigError
from hubbub.settings import Settings, load
from hubbub.settings.repeater import NAMES, RETIRED, Repeater, retired

KEY = "abcdefghijklmnop0123456789"
GIVEN: dict[str, tuple[str, Any]] = {
    "HOST": ("0.0.0.0", "0.0.0.0"),
    "PORT": ("7645", 7645),
    "SAVE_CALL_LOG": ("False", False),
    "VERSION": ("4.0.2.1 Beta", "4.0.2.1 Beta"),
    "API_INFO_FILE_PATH": ("./config/apiconfig.json", Path("config/apiconfig.json")),
    "MAX_CONCURRENCY": ("7", 7),
    "DEFAULT_PROMPT_DIR": ("./PresetsPrompt", Path("PresetsPrompt")),
    "PARSET_PROMPT_NAME": ("sister", "sister"),
    "README_FILE_PATH": ("./README.md", Path("README.md")),
    "STATIC_DIR": ("./static", Path("static")),
    "USER_NICKNAME_MAPPING_FILE_PATH": ("./n.json", Path("n.json")),
    "TIMEZONE_OFFSET": ("8", 8.0),
    "DEFAULT_TEMPERATURE": ("1.0", 1.0),
    "DEFAULT_TOP_P": ("0.5", 0.5),
    "DEFAULT_FREQUENCY_PENALTY": ("0.0", 0.0),
    "DEFAULT_PRESENCE_PENALTY": ("-1.5", -1.5),
    "DEFAULT_MAX_TOKENS": ("1024", 1024),
    "DEFAULT_MAX_COMPLETION_TOKENS": ("2048", 2048),
    "DEFAULT_MODEL_TYPE": ("chat", "chat"),
    "BOT_NAME": ("复读机", "复读机"),
    "BIRTHDAY_YEAR": ("2024", 2024),
    "BIRTHDAY_MONTH": ("06", 6),
    "BIRTHDAY_DAY": ("28", 28),
    "ADMIN_API_KEY": (KEY, KEY),
    "MARKDOWN_TO_IMAGE_STYLE": ("dark", "dark"),
}
OF_ALL = {"HOST": ("server", "host"), "PORT": ("server", "port")}


def loaded(folder: Path, **variables: str) -> Settings:
    """By a `.env`, as people have it."""
    (folder / ".env").write_text("\n".join(f"{name}={value}" for name, value in variables.items()), encoding="utf-8")
    return load(environ={}, folder=folder)


def test_every_variable_has_a_test() -> None:
    assert set(GIVEN) == set(NAMES) | set(OF_ALL)


@pytest.mark.parametrize("name", GIVEN)
def test_a_variable_sets_what_it_names(name: str, tmp_path: Path) -> None:
    written, expected = GIVEN[name]
    section, key = {**NAMES, **OF_ALL}[name]
    for spelling in (name, name.lower()):
        value = getattr(getattr(loaded(tmp_path, **{spelling: written}), str(section)), str(key))
        assert (value.get_secret_value() if name == "ADMIN_API_KEY" else value) == expected


@pytest.mark.parametrize("name", RETIRED)
def test_what_means_nothing_any_more_is_said_once(name: str, tmp_path: Path) -> None:
    settings = loaded(tmp_path, **{"BOT_NAME": "b", name: "60"})
    said = notices(settings)
    assert [line for line in said if line.startswith(f"{name} means nothing")] == said
    assert len(said) == 1


def test_names_that_may_be_anybodys_are_passed_over() -> None:
    assert retired({"STREAM": "true"}) == []
    assert retired({"STREAM": "", "BOT_NAME": "b"}) == []


def test_a_hub_that_everybody_reaches_says_who_needs_a_token(tmp_path: Path) -> None:
    (line,) = notices(loaded(tmp_path, HOST="0.0.0.0"))
    assert "127.0.0.0/8" in line
    assert "HUBBUB_TRUSTED_NETWORKS" in line
    assert notices(loaded(tmp_path, HOST="127.0.0.1")) == []


@pytest.mark.parametrize("key", ["short", "aaaaaaaaaaaaaaaaaaaaaaaa", "abababababababababababab"])
def test_a_weak_admin_key_is_refused(key: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="admin_api_key"):
        loaded(tmp_path, ADMIN_API_KEY=key)


def test_a_birthday_is_a_date(tmp_path: Path) -> None:
    assert loaded(tmp_path, BIRTHDAY_MONTH="02", BIRTHDAY_DAY="29").repeater.birthday == date(2024, 2, 29)
    with pytest.raises(ConfigError, match="a date"):
        loaded(tmp_path, BIRTHDAY_MONTH="02", BIRTHDAY_DAY="30")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, False),
        ({"api_info_file": "x.json"}, True),
        ({"call_log": True}, True),
        ({"api_info_file": "x.json", "call_log": False}, False),
    ],
)
def test_calls_are_recorded_for_whoever_comes_from_a_repeater(given: dict[str, Any], kept: bool) -> None:
    assert Repeater(**given).keeps_calls is kept
