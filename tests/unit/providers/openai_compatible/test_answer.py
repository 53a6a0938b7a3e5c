import contextlib
import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.turns import ToolCall, Usage
from hubbub.providers.openai_compatible.answer import MOST_TOOL_CALLS, AnswerReader
from hubbub.providers.openai_compatible.failures import ModelError
from hubbub.providers.openai_compatible.streamed import StreamedAnswer


def whole(message: dict[str, Any], finish: str = "stop", **more: Any) -> bytes:
    return orjson.dumps({"model": "m", "choices": [{"index": 0, "message": message, "finish_reason": finish}], **more})


def read(*deltas: dict[str, Any], finish: str = "stop", done: bool = True) -> tuple[str, str, tuple[ToolCall, ...]]:
    """(content, reasoning, tool calls) of a stream of deltas."""
    reader = AnswerReader()
    for delta in deltas:
        reader.piece(orjson.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]}))
    reader.piece(orjson.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}))
    taken = reader.taken()
    last = reader.end(done=done)
    content, reasoning = (taken.content, taken.reasoning) if taken else ("", "")
    return content + last.content, reasoning + last.reasoning, last.tool_calls


def call(index: int | None, call_id: str | None, name: str | None, arguments: Any) -> dict[str, Any]:
    function = {"name": name, "arguments": arguments}
    return {"tool_calls": [{"index": index, "id": call_id, "type": "function", "function": function}]}


def key_of(error: pytest.ExceptionInfo[ModelError]) -> str:
    assert error.value.user_text is not None
    return error.value.user_text.key


def test_a_whole_answer() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 3}}
    delta = AnswerReader().whole(
        whole({"role": "assistant", "content": "hello", "reasoning_content": "hm"}, usage=usage)
    )
    assert (delta.content, delta.reasoning, delta.finish, delta.model) == ("hello", "hm", "stop", "m")
    assert delta.usage == Usage(5, 2, 3)


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({"prompt_tokens": 5, "completion_tokens": 2, "prompt_cache_hit_tokens": 4}, Usage(5, 2, 4)),
        ({"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": None}, Usage(5, 2, 0)),
        ({"prompt_tokens": "5", "completion_tokens": -2}, Usage(0, 0, 0)),
        (None, None),
    ],
)
def test_usage_as_services_count_it(usage: Any, read: Usage | None) -> None:
    assert AnswerReader().whole(whole({"content": "hello"}, usage=usage)).usage == read


@pytest.mark.parametrize(
    ("message", "content", "reasoning"),
    [
        ({"content": "hello", "reasoning": "hm"}, "hello", "hm"),
        ({"content": "<think>hm</think>hello"}, "hello", "hm"),
        ({"content": None, "refusal": "I cannot"}, "I cannot", ""),
        ({"content": [{"type": "text", "text": "hel"}, {"type": "text", "text": "lo"}, "junk"]}, "hello", ""),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "text", "text": "hello"},
                ]
            },
            "hello",
            "hm",
        ),
        ({"content": "hello", "reasoning_content": None, "tool_calls": None}, "hello", ""),
    ],
)
def test_answer_and_reasoning_as_services_write_them(message: dict[str, Any], content: str, reasoning: str) -> None:
    delta = AnswerReader().whole(whole(message))
    assert (delta.content, delta.reasoning) == (content, reasoning)
    assert read(message)[:2] == (content, reasoning)


@pytest.mark.parametrize(
    "body",
    [
        whole({"content": ""}),
        whole({"content": " \n"}),
        whole({"content": None}),
        whole({"content": "", "reasoning_content": "all the tokens went here"}, "length"),
        whole({}),
        b"",
        b" \n",
        b'{"choices": []}',
        b'{"choices": null}',
        b"{}",
    ],
)
def test_an_answer_with_nothing_in_it_is_a_failure(body: bytes) -> None:
    with pytest.raises(ModelError) as error:
        AnswerReader().whole(body)
    assert key_of(error) == "error.model_empty"
    assert error.value.retryable


@pytest.mark.parametrize(
    "body", [b"<html>", b'"text"', b"[]", b'{"choices": 5}', b'{"choices": [5]}', b'{"choices": {}}x']
)
def test_what_is_no_answer_is_a_failure(body: bytes) -> None:
    with pytest.raises(ModelError) as error:
        AnswerReader().whole(body)
    assert key_of(error) == "error.model_failed"


def test_the_log_of_a_broken_answer_has_no_key() -> None:
    with pytest.raises(ModelError) as error:
        AnswerReader(("my-secret",)).whole(b"not json my-secret")
    assert "my-secret" not in str(error.value)


def test_an_answer_that_the_content_filter_kept_back_is_refused() -> None:
    with pytest.raises(ModelError) as error:
        AnswerReader().whole(whole({"content": ""}, "content_filter"))
    assert key_of(error) == "error.model_refused"


def test_an_answer_cut_by_the_content_filter_is_kept() -> None:
    assert AnswerReader().whole(whole({"content": "so far"}, "content_filter")).finish == "content_filter"


def test_tool_calls_are_put_together_from_their_pieces() -> None:
    content, _, calls = read(
        {"role": "assistant", "content": None},
        call(0, "a", "first", ""),
        call(0, None, None, '{"x":'),
        call(1, "b", "second", ""),
        call(0, None, None, " 1}"),
        finish="tool_calls",
    )
    assert content == ""
    assert calls == (ToolCall("a", "first", '{"x": 1}'), ToolCall("b", "second", "{}"))


@pytest.mark.parametrize(
    "pieces",
    [
        # every call under the index 0
        [call(0, "a", "first", '{"x": 1}'), call(0, "b", "second", "{}")],
        # no index at all
        [call(None, "a", "first", '{"x":'), call(None, None, None, " 1}"), call(None, "b", "second", "{}")],
        # arguments as an object
        [call(0, "a", "first", {"x": 1}), call(1, "b", "second", {})],
    ],
)
def test_tool_calls_of_servers_that_do_it_their_own_way(pieces: list[dict[str, Any]]) -> None:
    calls = read(*pieces, finish="tool_calls")[2]
    assert [(one.id, one.name, orjson.loads(one.arguments)) for one in calls] == [
        ("a", "first", {"x": 1}),
        ("b", "second", {}),
    ]


def test_whole_tool_calls_without_index_or_id_stay_apart() -> None:
    functions = [{"function": {"name": "f", "arguments": "{}"}}, {"function": {"name": "f", "arguments": "{}"}}]
    calls = AnswerReader().whole(whole({"content": None, "tool_calls": functions}, "tool_calls")).tool_calls
    assert [one.id for one in calls] == ["call_0", "call_1"]


def test_tool_calls_are_bounded() -> None:
    with pytest.raises(ModelError, match="tool calls"):
        read(*(call(index, f"c{index}", "f", "{}") for index in range(MOST_TOOL_CALLS + 1)))


def test_a_stream_that_ends_without_finish_broke_off() -> None:
    reader = AnswerReader()
    reader.piece(b'{"choices":[{"delta":{"content":"half"}}]}')
    assert reader.taken()
    with pytest.raises(ModelError, match="stopped before"):
        reader.end(done=False)
    assert reader.end(done=True).finish == "stop"


def test_a_stream_with_nothing_in_it_is_empty() -> None:
    with pytest.raises(ModelError) as error:
        AnswerReader().end(done=False)
    assert key_of(error) == "error.model_empty"


@pytest.mark.parametrize("finish", ["error", "insufficient_system_resource"])
def test_an_answer_that_the_service_gave_up_broke_off(finish: str) -> None:
    with pytest.raises(ModelError) as error:
        read({"content": "half"}, finish=finish)
    assert key_of(error) == "error.model_busy"


def test_other_choices_than_the_first_are_passed_over() -> None:
    choices = [{"index": 0, "message": {"content": "one"}}, {"index": 1, "message": {"content": "two"}}]
    assert AnswerReader().whole(orjson.dumps({"choices": choices})).content == "one"


def test_the_space_before_a_continued_text_is_taken_off() -> None:
    reader = AnswerReader()
    for text in (" hello", " you"):
        reader.piece(orjson.dumps({"choices": [{"text": text}]}))
    taken = reader.taken()
    assert taken is not None
    assert taken.content == "hello you"


MESSAGE_KEYS = ("choices", "delta", "message", "content", "reasoning", "text", "type", "thinking", "finish_reason")
CALL_KEYS = ("tool_calls", "function", "index", "id", "name", "arguments")
OTHER_KEYS = ("usage", "prompt_tokens", "prompt_tokens_details", "error", "code")
KEYS = st.sampled_from([*MESSAGE_KEYS, *CALL_KEYS, *OTHER_KEYS])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


def end_of(answer: StreamedAnswer) -> None:
    """Any failure but that of a model is the test's."""
    with contextlib.suppress(ModelError):
        answer.end()


@given(documents=st.lists(JSON.map(lambda document: json.dumps(document).encode()), max_size=4))
def test_any_json_is_read_or_refused(documents: list[bytes]) -> None:
    """Never another exception than the failure of a model."""
    answer = StreamedAnswer(AnswerReader(), streamed=True)
    for document in documents:
        answer.feed(b"data: " + document + b"\n\n")
        with contextlib.suppress(ModelError):
            AnswerReader().whole(document)
    end_of(answer)


MARKS = (b"data: ", b"\n\n", b'{"choices":[', b'{"delta":{"content":"x"}}', b"]}", b"[DONE]")


@given(chunks=st.lists(st.binary(max_size=30) | st.sampled_from(MARKS), max_size=12))
def test_any_bytes_are_read_or_refused(chunks: list[bytes]) -> None:
    answer = StreamedAnswer(AnswerReader(), streamed=True)
    for chunk in chunks:
        if not answer.over:
            answer.feed(chunk)
    end_of(answer)
