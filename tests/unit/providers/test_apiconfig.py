"""apiconfig.json: services with models by type, as it was written for another backend."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.chat.models import Models
from hubbub.core.errors import ConfigError
from hubbub.providers import apiconfig

FILE = Path(__file__).parents[2] / "fixtures" / "repeater" / "apiconfig.json"
KEYS = {"DEEPSEEK_API_KEY": "k-1", "OTHER_API_KEY": "k-2"}


def test_models_of_a_file() -> None:
    specs = apiconfig.read(FILE, KEYS)
    assert [(spec.name, spec.title, spec.type, spec.id) for spec in specs] == [
        ("Deepseek R1", "Deepseek R1", "reasoner", "deepseek-reasoner"),
        ("Deepseek V3", "Deepseek V3", "chat", "deepseek-chat"),
        ("Deepseek Coder", "Deepseek Coder", "coder", "deepseek-coder"),
        ("Deepseek Prover", "Deepseek Prover", "prover", "deepseek-ai/DeepSeek-Prover-V2"),
        ("Deepseek V3 (Chutes.ai)", "Deepseek V3", "chat", "deepseek-ai/DeepSeek-V3"),
    ]
    assert [spec.base_url for spec in specs[2:]] == [
        "https://api.deepseek.com/v1",
        "https://llm.chutes.ai/v1",
        "https://other.example/v1",
    ]
    assert [spec.api_keys for spec in specs] == [("k-1",), ("k-1",), ("k-1",), (), ("k-2",)]
    assert specs[1].fallback == ("Deepseek V3 (Chutes.ai)",)
    assert all(not spec.fallback for spec in specs if spec.type != "chat" or spec is specs[4])
    assert all(spec.path == "" for spec in specs)


def test_the_first_of_a_type_answers_for_it_in_any_case() -> None:
    specs = apiconfig.read(FILE, {})
    models = Models(specs, {spec.name: None for spec in specs})  # type: ignore[misc]  # nobody asks
    for name in ("chat", "CHAT", "Chat"):
        found = models.of_type(name)
        assert found is not None
        assert found.id == "deepseek-chat"
        assert models.find(name) == found
    assert models.of_type("nothing") is None


def test_names_that_others_have_are_told_apart() -> None:
    model = {"Name": "M", "Id": "m", "Type": "chat"}
    group = {"Name": "G", "URL": "http://x", "ApiKeyEnv": "K", "models": [model, model, model]}
    specs = apiconfig.parse([group], {}, "f", taken=["M"])
    assert [spec.name for spec in specs] == ["M (G)", "M (G) 2", "M (G) 3"]
    assert [spec.title for spec in specs] == ["M", "M", "M"]


BAD: list[tuple[object, str]] = [
    ({}, "should be a list"),
    ([3], "entry 1 should be an object"),
    ([{"models": 3}], "entry 1: models should be a list"),
    ([{"URL": "http://x", "models": [3]}], "model 1 should be an object"),
    ([{"URL": "x", "models": [{"Id": "a", "Type": "chat"}]}], "URL should begin"),
    ([{"models": [{"Id": "a", "Type": "chat"}]}], "URL should be a text"),
    ([{"URL": "http://x", "models": [{"Type": "chat"}]}], "Id should be a text"),
    ([{"URL": "http://x", "models": [{"Id": "a", "Type": 3}]}], "Type should be a text"),
]


@pytest.mark.parametrize(("document", "why"), BAD)
def test_what_cannot_be_is_told_with_its_place(document: object, why: str) -> None:
    with pytest.raises(ConfigError, match=why):
        apiconfig.parse(document, {}, "apiconfig.json")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="API_INFO_FILE_PATH"):
        apiconfig.read(tmp_path / "nowhere.json", {})
    for text in ("{", "[" * 100_000, "\ufeff{}"):
        (tmp_path / "a.json").write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError):
            apiconfig.read(tmp_path / "a.json", {})
    (tmp_path / "a.json").write_text("\ufeff[]", encoding="utf-8")
    assert apiconfig.read(tmp_path / "a.json", {}) == ()


JSON = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["Name", "URL", "ApiKeyEnv", "models", "Id", "Type"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON)
def test_anything_is_read_or_refused(document: Any) -> None:
    json.dumps(document)
    try:
        specs = apiconfig.parse(document, {}, "f")
    except ConfigError:
        return
    assert len({spec.name for spec in specs}) == len(specs)
