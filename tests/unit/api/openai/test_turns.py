"""Messages of the OpenAI API as the hub's own."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.api.openai.turns import parameters_of, question_of, tools_of, turns_of
from hubbub.core.messages import Audio, File, Image, Media, Text
from hubbub.core.turns import Parameters, Tool, ToolCall, Turn


def test_a_conversation() -> None:
    call = {"id": "1", "type": "function", "function": {"name": "now", "arguments": '{"a": 1}'}}
    assert turns_of(
        [
            {"role": "developer", "content": "be brief"},
            {"role": "user", "content": "hi", "name": "ann"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {
                "role": "tool",
                "content": [{"type": "text", "text": "no"}, {"type": "text", "text": "on"}],
                "tool_call_id": "1",
            },
            {"role": "something new", "content": "hm"},
        ]
    ) == (
        Turn("system", "be brief"),
        Turn("user", "hi", name="ann"),
        Turn("assistant", "", tool_calls=(ToolCall("1", "now", '{"a": 1}'),)),
        Turn("tool", "noon", tool_call_id="1"),
        Turn("user", "hm"),
    )


def test_pictures() -> None:
    parts = [
        {"type": "text", "text": "see"},
        {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
        {"type": "image_url", "image_url": "data:image/png;base64,AA"},
        {"type": "image_url", "image_url": {"url": "file:///etc/passwd"}},
    ]
    pictures = (Media(url="https://example.org/a.png"), Media(url="data:image/png;base64,AA"))
    assert turns_of([{"role": "user", "content": parts}]) == (Turn("user", "see", images=pictures),)
    assert question_of({"content": parts}) == (Text("see"), *map(Image, pictures))


def test_a_question_with_other_parts() -> None:
    parts = [
        {"type": "input_audio", "input_audio": {"data": "QUJD", "format": "mp3"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,AA", "filename": "a.pdf"}},
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "text", "text": ""},
        "?",
    ]
    assert question_of({"content": parts}) == (
        Audio(Media(url="data:audio/mp3;base64,QUJD", mime="audio/mp3"), voice=False),
        File(Media(url="data:application/pdf;base64,AA", name="a.pdf")),
    )
    assert question_of({"content": "words"}) == (Text("words"),)
    assert question_of({"content": ""}) == question_of({}) == ()


def test_parameters() -> None:
    assert parameters_of(
        {"temperature": 1, "top_p": 0.5, "frequency_penalty": -1, "presence_penalty": 2, "max_tokens": 3, "stop": "x"}
    ) == Parameters(1.0, 0.5, -1.0, 2.0, 3, ("x",))
    assert parameters_of({"max_tokens": 3, "max_completion_tokens": 5, "stop": ["a", "", 7]}) == Parameters(
        max_tokens=5, stop=("a",)
    )


@pytest.mark.parametrize(
    "odd", [{"temperature": True}, {"temperature": "1"}, {"max_tokens": 0}, {"max_tokens": True}, {"stop": 5}, {}]
)
def test_parameters_of_wrong_types_are_not_the_hubs_to_judge(odd: dict[str, Any]) -> None:
    assert parameters_of(odd) == Parameters()


def test_tools() -> None:
    schema: dict[str, object] = {"type": "object", "properties": {}}
    function = {"type": "function", "function": {"name": "now", "description": "tells", "parameters": schema}}
    assert tools_of({"tools": [function, {"type": "web_search"}, {"type": "function", "function": {}}]}) == (
        Tool("now", "tells", schema),
    )
    assert tools_of({"tools": None}) == ()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "text", "image_url", "url", "tool_calls", "function", "name", "arguments"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(message=st.dictionaries(st.sampled_from(["role", "content", "name", "tool_calls", "tools", "stop"]), VALUES))
def test_nothing_is_too_odd(message: dict[str, Any]) -> None:
    (turn,) = turns_of([message])
    assert turn.role in ("system", "user", "assistant", "tool")
    assert all(segment.type for segment in question_of(message))
    assert isinstance(tools_of(message), tuple)
    assert isinstance(parameters_of(message), Parameters)
