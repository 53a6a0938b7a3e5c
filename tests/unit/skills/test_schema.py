"""Arguments of tools against their schemas."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.skills.schema import LONGEST, Misfit, arguments_of

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "wish": {"type": "string", "minLength": 1, "maxLength": 20},
        "count": {"type": "integer", "minimum": 1, "maximum": 4},
        "ratio": {"type": ["number", "null"]},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "sure": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "more": {"type": "object", "properties": {"deep": {"type": "integer"}}, "required": ["deep"]},
    },
    "required": ["wish"],
}


@pytest.mark.parametrize(
    "given",
    [
        {"wish": "x"},
        {"wish": "x", "count": 4, "ratio": 0.5, "kind": "b", "sure": False, "tags": ["p"], "more": {"deep": 1}},
        {"wish": "x", "ratio": None},
        {"wish": "x", "ratio": 2},
    ],
)
def test_what_fits(given: dict[str, Any]) -> None:
    assert arguments_of(json.dumps(given), SCHEMA) == given


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "wish is missing"),
        ("{", "no JSON"),
        ("[1]", "no JSON object"),
        ('"x"', "no JSON object"),
        ('{"wish": NaN}', "no JSON"),
        ("[" * 5000, "no JSON"),
        ('{"wish": "' + "x" * LONGEST + '"}', "longer than"),
        ('{"wish": ""}', "wish should have 1 to 20 characters"),
        ('{"wish": "' + "x" * 21 + '"}', "wish should have 1 to 20 characters"),
        ('{"wish": 3}', "wish should be of type string"),
        ('{"wish": "x", "count": 5}', "count should be from 1 to 4"),
        ('{"wish": "x", "count": true}', "count should be of type integer"),
        ('{"wish": "x", "count": 1.5}', "count should be of type integer"),
        ('{"wish": "x", "kind": "c"}', "kind should be one of a, b"),
        ('{"wish": "x", "tags": ["a", "b", "c"]}', "tags should have 0 to 2 items"),
        ('{"wish": "x", "tags": ["a", 2]}', "tags[1] should be of type string"),
        ('{"wish": "x", "more": {}}', "more.deep is missing"),
        ('{"wish": "x", "shell": "rm"}', "there is no argument shell"),
    ],
)
def test_what_does_not_fit_is_told(text: str, told: str) -> None:
    with pytest.raises(Misfit) as fault:
        arguments_of(text, SCHEMA)
    assert told in str(fault.value)


def test_no_schema_takes_no_arguments() -> None:
    assert arguments_of("{}", {}) == {}
    with pytest.raises(Misfit, match="there are: none"):
        arguments_of('{"a": 1}', {})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_whatever_is_written_is_taken_or_told(value: object) -> None:
    with contextlib.suppress(Misfit):
        assert arguments_of(json.dumps(value), SCHEMA) == value
