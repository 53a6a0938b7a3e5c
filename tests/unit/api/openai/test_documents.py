"""Deltas as documents: made, or handed on with what clients rely on set right."""

from __future__ import annotations

from typing import Any

from openai.types import Completion
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from hubbub.api.openai.documents import ChatDocuments, Document, Documents, Head, TextDocuments
from hubbub.core.turns import Delta, ToolCall, Usage

HEAD = Head("chatcmpl-1", 1_700_000_000, "main")
TOLD = {"id": "chatcmpl-1", "created": 1_700_000_000, "model": "main"}


def streamed(documents: Documents, *deltas: Delta) -> list[Document]:
    return [*(each for delta in deltas for each in documents.pieces(delta)), *documents.rest()]


def test_a_made_stream() -> None:
    call, function = ToolCall("call_1", "now", "{}"), {"name": "now", "arguments": "{}"}
    pieces = streamed(
        ChatDocuments(HEAD, usage=True),
        Delta(reasoning="hm"),
        Delta("Hel"),
        Delta("lo", tool_calls=(call,), finish="tool_calls", usage=Usage(3, 2, 1)),
    )
    for piece in pieces:
        ChatCompletionChunk.model_validate(piece, strict=True)
        assert TOLD.items() <= piece.items()
    assert [piece["choices"][0]["delta"] for piece in pieces[:-1]] == [
        {"role": "assistant", "content": ""},
        {"reasoning_content": "hm"},
        {"content": "Hel"},
        {"content": "lo"},
        {"tool_calls": [{"index": 0, "id": "call_1", "type": "function", "function": function}]},
        {},
    ]
    assert [piece["choices"][0]["finish_reason"] for piece in pieces[:-1]] == [None] * 5 + ["tool_calls"]
    assert (pieces[-1]["choices"], pieces[-1]["usage"]["total_tokens"]) == ([], 5)


def test_usage_is_for_who_wants_it() -> None:
    assert all(
        "usage" not in piece for piece in streamed(ChatDocuments(HEAD), Delta("x", finish="stop", usage=Usage(1)))
    )
    raw = Delta(raw=({"choices": [], "usage": {"total_tokens": 9}},), finish="stop", usage=Usage(1))
    assert len(streamed(ChatDocuments(HEAD), raw)) == 1
    wanted = streamed(ChatDocuments(HEAD, usage=True), raw)
    assert [piece.get("usage") for piece in wanted] == [{"total_tokens": 9}, None]


def test_a_made_answer() -> None:
    whole = ChatDocuments(HEAD).whole([Delta("Hel", "h"), Delta("lo", "m", finish="length", usage=Usage(3, 2, 1))])
    read = ChatCompletion.model_validate(whole, strict=True)
    assert (read.choices[0].message.content, read.choices[0].finish_reason) == ("Hello", "length")
    assert whole["choices"][0]["message"]["reasoning_content"] == "hm"
    assert read.usage is not None
    assert read.usage.prompt_tokens_details is not None
    assert read.usage.prompt_tokens_details.cached_tokens == 1
    asked = ChatDocuments(HEAD).whole([Delta(tool_calls=(ToolCall("1", "f", "{}"),), finish="tool_calls")])
    assert ChatCompletion.model_validate(asked, strict=True).choices[0].message.content is None
    assert "usage" not in asked


def test_an_answer_without_an_end_has_one() -> None:
    assert ChatDocuments(HEAD).whole([])["choices"][0]["finish_reason"] == "stop"
    assert streamed(ChatDocuments(HEAD))[-1]["choices"][0]["finish_reason"] == "stop"


def test_documents_are_handed_on_with_every_field() -> None:
    raw: dict[str, Any] = {
        "id": "theirs",
        "created": 5,
        "model": "at-the-provider",
        "system_fingerprint": "fp",
        "choices": [{"index": 0, "delta": {"content": "x", "odd": [1]}, "logprobs": {"content": []}}],
    }
    (piece,) = ChatDocuments(HEAD).pieces(Delta("x", model="spare", raw=(raw,)))
    assert piece == {
        **raw,
        "object": "chat.completion.chunk",
        "model": "spare",
        "choices": [{**raw["choices"][0], "finish_reason": None}],
    }
    assert raw["model"] == "at-the-provider"


def test_what_clients_rely_on_is_put_in() -> None:
    (piece,) = ChatDocuments(HEAD).pieces(Delta(raw=({"id": None, "created": 1.5, "choices": [{"delta": {}}, 7]},)))
    assert piece == {
        **TOLD,
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "finish_reason": None, "delta": {}}],
    }
    whole = ChatDocuments(HEAD).whole([Delta("x", raw=({"choices": [{"message": {"content": "x"}}]},))])
    assert (whole["object"], whole["id"], whole["model"]) == ("chat.completion", "chatcmpl-1", "main")


def test_a_handed_on_stream_ends_once() -> None:
    ended = Delta(raw=({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},))
    assert len(streamed(ChatDocuments(HEAD), ended, Delta(finish="stop"))) == 1
    open_end = Delta("x", raw=({"choices": [{"index": 0, "delta": {"content": "x"}}]},))
    pieces = streamed(ChatDocuments(HEAD), open_end, Delta("x", finish="length"))
    assert [piece["choices"][0]["finish_reason"] for piece in pieces] == [None, "length"]


def test_completions_of_the_old_kind() -> None:
    pieces = streamed(TextDocuments(HEAD, echo="Once "), Delta("upon"), Delta(" a", finish="stop"))
    for piece in pieces[:-1]:
        assert Completion.model_validate({**piece, "choices": []}, strict=True)
    assert [piece["choices"][0]["text"] for piece in pieces] == ["Once upon", " a", ""]
    whole = TextDocuments(HEAD, echo="Once ").whole([Delta("upon", finish="stop", usage=Usage(1, 1))])
    assert Completion.model_validate(whole, strict=True).choices[0].text == "Once upon"


def test_chat_documents_do_not_pass_for_completions() -> None:
    chat = Delta("x", finish="stop", raw=({"choices": [{"message": {"content": "x"}}]},))
    assert TextDocuments(HEAD, native=False).whole([chat])["choices"][0]["text"] == "x"
    native = Delta("x", finish="stop", raw=({"choices": [{"text": "x", "logprobs": {"tokens": []}}]},))
    assert TextDocuments(HEAD).whole([native])["choices"][0]["logprobs"] == {"tokens": []}
