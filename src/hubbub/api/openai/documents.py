"""Pure: what a model says, as the documents of the OpenAI API, whole or in pieces.

Documents of a provider that speaks this API itself are handed on with every field that they have; only what clients
rely on is set right: id, kind, time, the hub's name of the model, the index of a choice. Others are made from deltas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from typing_extensions import override

from hubbub.core.turns import Delta, Usage

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """What all documents of one answer have in common. ``created`` in seconds since the epoch."""

    id: str
    created: int
    model: str


class Documents:
    """The documents of one answer. Either `pieces` for each delta and `rest` at the end, or `whole` once."""

    WHOLE: ClassVar[str]
    PIECE: ClassVar[str]

    def __init__(self, head: Head, *, usage: bool = False, native: bool = True) -> None:
        """``usage``: the client wants it in a stream. ``native``: the provider's documents are of this kind."""
        self._head = head
        self._wanted = usage
        self._native = native
        self._begun = False
        self._handed_on = False
        self._finished = False
        self._counted = False
        self._finish = ""
        self._usage: Usage | None = None

    def pieces(self, delta: Delta) -> Iterator[Document]:
        """What a delta adds to a stream."""
        self._finish = delta.finish or self._finish
        self._usage = delta.usage or self._usage
        if delta.raw and self._native:
            self._handed_on = True
            for document in delta.raw:
                yield from self._handed(document, delta.model)
        elif not self._handed_on:
            for choice in self._choices(delta):
                yield self._made(self.PIECE, [{"index": 0, **choice, "finish_reason": None}], delta.model)

    def rest(self) -> Iterator[Document]:
        """What is missing at the end of a stream."""
        if not self._finished:
            choice = {"index": 0, **self._empty(), "finish_reason": self._finish or "stop"}
            yield self._made(self.PIECE, [choice])
        if self._wanted and not self._counted and self._usage is not None:
            yield self._made(self.PIECE, []) | {"usage": usage_json(self._usage)}

    def whole(self, deltas: Iterable[Delta]) -> Document:
        """The one document of an answer that is not streamed."""
        answer = _joined(deltas)
        if answer.raw and self._native:
            return self._dressed(answer.raw[0], self.WHOLE, answer.model)
        choice = {"index": 0, **self._message(answer), "finish_reason": answer.finish or "stop"}
        document = self._made(self.WHOLE, [choice], answer.model)
        return document | {"usage": usage_json(answer.usage)} if answer.usage else document

    # --- what the two kinds differ in

    def _choices(self, delta: Delta) -> Iterator[Document]:
        raise NotImplementedError

    def _message(self, answer: Delta) -> Document:
        raise NotImplementedError

    def _empty(self) -> Document:
        raise NotImplementedError

    # --- what they share

    def _handed(self, document: Mapping[str, Any], model: str) -> Iterator[Document]:
        if document.get("usage"):
            self._counted = True
            if not document.get("choices") and not self._wanted:
                return
        dressed = self._dressed(document, self.PIECE, model)
        self._finished = self._finished or any(choice.get("finish_reason") for choice in dressed["choices"])
        yield dressed

    def _dressed(self, document: Mapping[str, Any], kind: str, model: str) -> Document:
        head = self._head
        identity, created, choices = document.get("id"), document.get("created"), document.get("choices")
        known = [choice for choice in choices if isinstance(choice, dict)] if isinstance(choices, list) else []
        return {
            **document,
            "id": identity if isinstance(identity, str) and identity else head.id,
            "object": kind,
            "created": created if type(created) is int else head.created,
            "model": model or head.model,
            "choices": [{"index": 0, "finish_reason": None, **choice} for choice in known],
        }

    def _made(self, kind: str, choices: list[Document], model: str = "") -> Document:
        head = self._head
        return {
            "id": head.id,
            "object": kind,
            "created": head.created,
            "model": model or head.model,
            "choices": choices,
        }


class ChatDocuments(Documents):
    """Of chat completions."""

    WHOLE = "chat.completion"
    PIECE = "chat.completion.chunk"

    @override
    def _choices(self, delta: Delta) -> Iterator[Document]:
        if not self._begun:
            self._begun = True
            yield {"delta": {"role": "assistant", "content": ""}}
        if delta.reasoning:
            yield {"delta": {"reasoning_content": delta.reasoning}}
        if delta.content:
            yield {"delta": {"content": delta.content}}
        if delta.tool_calls:
            calls = [{"index": index, **call} for index, call in enumerate(_calls(delta))]
            yield {"delta": {"tool_calls": calls}}

    @override
    def _message(self, answer: Delta) -> Document:
        message: Document = {"role": "assistant", "content": answer.content, "refusal": None}
        if answer.reasoning:
            message["reasoning_content"] = answer.reasoning
        if answer.tool_calls:
            message["content"] = answer.content or None
            message["tool_calls"] = _calls(answer)
        return {"message": message, "logprobs": None}

    @override
    def _empty(self) -> Document:
        return {"delta": {}}


class TextDocuments(Documents):
    """Of completions of the old kind."""

    WHOLE = "text_completion"
    PIECE = "text_completion"

    def __init__(self, head: Head, *, usage: bool = False, native: bool = True, echo: str = "") -> None:
        """``echo`` stands before the answer."""
        super().__init__(head, usage=usage, native=native)
        self._echo = echo

    @override
    def _choices(self, delta: Delta) -> Iterator[Document]:
        text = delta.content if self._begun else self._echo + delta.content
        self._begun = True
        if text:
            yield {"text": text, "logprobs": None}

    @override
    def _message(self, answer: Delta) -> Document:
        return {"text": self._echo + answer.content, "logprobs": None}

    @override
    def _empty(self) -> Document:
        return {"text": "", "logprobs": None}


def usage_json(usage: Usage) -> Document:
    """The tokens that an answer cost."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
    }


def _calls(delta: Delta) -> list[Document]:
    return [
        {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in delta.tool_calls
    ]


def _joined(deltas: Iterable[Delta]) -> Delta:
    """All pieces of an answer as one; providers may give several where one was wanted."""
    found = list(deltas)
    if len(found) == 1:
        return found[0]
    last = found[-1] if found else Delta()
    return Delta(
        content="".join(delta.content for delta in found),
        reasoning="".join(delta.reasoning for delta in found),
        tool_calls=last.tool_calls,
        finish=last.finish,
        usage=last.usage,
        model=next((delta.model for delta in found if delta.model), ""),
        raw=tuple(document for delta in found for document in delta.raw),
    )
