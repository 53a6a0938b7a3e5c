"""The answers of the OpenAI API, whole or in pieces, made into deltas."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from hubbub.core.turns import Delta, ToolCall, Usage
from hubbub.providers.openai_compatible.failures import Cause, ModelError, failure, of_event
from hubbub.providers.openai_compatible.thinking import ThinkSplitter

MOST_TOOL_CALLS = 128
_BROKE_OFF = ("error", "insufficient_system_resource")


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)


class AnswerReader:
    """Reads one answer: `whole` once, or `piece` for each event and `end` after the last."""

    def __init__(self, secrets: tuple[str, ...] = (), *, keep: bool = False) -> None:
        """``secrets`` are kept out of messages.

        ``keep``: whoever asked takes the documents themselves (`Delta.raw`), so an answer that says nothing is theirs
        to judge.
        """
        self._secrets = secrets
        self._keep = keep
        self._raw: list[dict[str, Any]] = []
        self._chosen = False
        self._calls: list[_Call] = []
        self._at: dict[int, _Call] = {}
        self._thinking = ThinkSplitter()
        self._usage: Usage | None = None
        self._model = self._id = ""
        self._created = 0
        self._said = False
        self._read = False
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self.finish = ""

    def whole(self, body: bytes) -> Delta:
        """The one delta of an answer that came whole.

        Raises:
            ModelError: it is no answer, or an empty one.
        """
        choice = self._choice(body) if body.strip() else None
        if choice is None:
            raise failure(Cause.EMPTY, "the answer has no choices", again=True)
        message = choice.get("message")
        content, reasoning = self._text(choice, message)
        more, thought = self._thinking.rest()
        content, reasoning = content + more, reasoning + thought
        self.finish = self.finish or "stop"
        last = self._last(content, reasoning)
        self._said = self._said or bool(content.strip())
        self._judge(last)
        return last

    def piece(self, data: bytes) -> None:
        """Take one event of a stream; `taken` gives what it adds.

        Raises:
            ModelError: it is no piece of an answer, or tells of an error.
        """
        self._read = True
        if self._thinking.idle and not self._keep and (content := _plain(data)):
            self._content.append(content)
            return
        choice = self._choice(data)
        if choice is not None:
            content, reasoning = self._text(choice, choice.get("delta"))
            self._content.append(content)
            self._reasoning.append(reasoning)

    def taken(self) -> Delta | None:
        """What the pieces since the last call add together; None for nothing that a reader sees."""
        content, reasoning = "".join(self._content), "".join(self._reasoning)
        if not content and not reasoning and not (self._raw and self._chosen):
            return None
        self._content.clear()
        self._reasoning.clear()
        self._said = self._said or not (content.isspace() or not content)
        if self._keep:
            return Delta(content, reasoning, model=self._model, raw=self._kept())
        return Delta(content=content, reasoning=reasoning)

    def end(self, *, done: bool) -> Delta:
        """The last delta of a stream: finish, usage, tool calls. ``done``: the stream said that it was complete.

        Raises:
            ModelError: it broke off, or nothing was in it.
        """
        if not self.finish:
            if not self._read:
                raise failure(Cause.EMPTY, "the stream is empty", again=True)
            if not done:
                raise failure(Cause.FAILED, "the stream stopped before the answer was finished", again=True)
            self.finish = "stop"
        content, reasoning = self._thinking.rest()
        self._said = self._said or bool(content.strip())
        last = self._last(content, reasoning)
        self._judge(last)
        return last

    # --- one document ---

    def _choice(self, body: bytes) -> dict[str, Any] | None:
        document = self._document(body)
        if self._keep:
            self._raw.append(document)
        usage = document.get("usage")
        if type(usage) is dict:
            self._usage = _usage(usage)
        if not self._model:
            self._model = _string(document.get("model"))
            self._id, self._created = _string(document.get("id")), _count(document.get("created"))
        choices = document.get("choices")
        if not choices:
            return None
        choice = choices[0] if type(choices) is list else None
        if type(choice) is not dict:
            raise self._broken(body)
        self._chosen = True
        finish = choice.get("finish_reason")
        if finish:
            self.finish = str(finish)
        return choice

    def _document(self, body: bytes) -> dict[str, Any]:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise self._broken(body) from error
        if type(document) is not dict:
            raise self._broken(body)
        if document.get("error"):
            raise of_event(document["error"], self._secrets)
        return document

    def _text(self, choice: dict[str, Any], message: object) -> tuple[str, str]:
        """(content, reasoning) of a message or a delta; its tool calls are gathered."""
        if type(message) is not dict:
            text = _string(choice.get("text"))  # the completions API
            return (text if self._said or self._content else text.lstrip()), ""
        content = message.get("content")
        reasoning = message.get("reasoning_content") or message.get("reasoning")
        if content is None:
            content = message.get("refusal")
        if type(content) is list:
            content, thought = _of_parts(content)
            reasoning = reasoning or thought
        calls = message.get("tool_calls")
        if type(calls) is list:
            self._gather(calls)
        content, reasoning = _string(content), _string(reasoning)
        if content and not self._thinking.idle:
            content, thought = self._thinking.feed(content)
            reasoning += thought
        return content, reasoning

    def _gather(self, pieces: list[Any]) -> None:
        for piece in pieces:
            function = piece.get("function") if type(piece) is dict else None
            if type(function) is not dict:
                continue
            call = self._call(piece, function)
            arguments = function.get("arguments")
            if type(arguments) is str:
                call.arguments.append(arguments)
            elif type(arguments) is dict:
                call.arguments.append(orjson.dumps(arguments).decode())

    def _call(self, piece: dict[str, Any], function: dict[str, Any]) -> _Call:
        """The call that a piece belongs to: by its index, where it has one; else a name begins the next call.

        Some servers give every call the index 0: there a new id with a name begins one too.
        """
        index, identity, name = piece.get("index"), _string(piece.get("id")), _string(function.get("name"))
        last = self._calls[-1] if self._calls and not name else None
        call = self._at.get(index) if type(index) is int else last
        if call is None or (identity and name and call.id and identity != call.id):
            if len(self._calls) >= MOST_TOOL_CALLS:
                raise failure(Cause.FAILED, f"more than {MOST_TOOL_CALLS} tool calls in one answer")
            call = _Call()
            self._calls.append(call)
            if type(index) is int:
                self._at[index] = call
        call.id = call.id or identity
        call.name = call.name or name
        return call

    # --- the end ---

    def _last(self, content: str, reasoning: str) -> Delta:
        calls = tuple(
            ToolCall(call.id or f"call_{number}", call.name, "".join(call.arguments) or "{}")
            for number, call in enumerate(self._calls)
            if call.name
        )
        said = (self.finish, self._usage, self._model, self._kept(), self._id, self._created)
        return Delta(content, reasoning, calls, *said)

    def _kept(self) -> tuple[dict[str, Any], ...]:
        kept = tuple(self._raw)
        self._raw.clear()
        return kept

    def _judge(self, last: Delta) -> None:
        if last.finish in _BROKE_OFF:
            raise failure(Cause.BUSY, f"the model broke off: {last.finish}", again=True)
        if self._said or last.tool_calls or (self._keep and self._chosen):
            return
        if last.finish == "content_filter":
            raise failure(Cause.REFUSED, "the provider's content filter kept the answer back", retryable=True)
        raise failure(Cause.EMPTY, f"the model said nothing (finish: {last.finish})", again=True)

    def _broken(self, body: bytes) -> ModelError:
        shown = body[:200].decode("utf-8", "replace")
        for secret in self._secrets:
            shown = shown.replace(secret, "***") if secret else shown
        return failure(Cause.FAILED, f"not an answer of the OpenAI API: {shown!r}", again=True, status=200)


def read_vectors(body: bytes, secrets: tuple[str, ...]) -> dict[str, Any]:
    """The document of an answer to an embeddings request.

    Raises:
        ModelError: it is none, or tells of an error.
    """
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if type(document) is dict and document.get("error"):
        raise of_event(document["error"], secrets)
    if type(document) is not dict or type(document.get("data")) is not list:
        raise failure(Cause.FAILED, "not an embeddings answer of the OpenAI API", again=True, status=200)
    return document


def _plain(data: bytes) -> str:
    """The content of a piece that holds nothing else, as nearly all do; "" for any other."""
    try:
        document = orjson.loads(data)
        choice = document["choices"][0]
        delta = choice["delta"]
        content = delta["content"]
        alone = len(delta) == 1 and choice.get("finish_reason") is None and document.get("usage") is None
    except (orjson.JSONDecodeError, AttributeError, KeyError, IndexError, TypeError):
        return ""
    return content if alone and type(content) is str and "error" not in document else ""


def _string(value: object) -> str:
    return value if type(value) is str else ""


def _usage(usage: dict[str, Any]) -> Usage:
    details = usage.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if type(details) is dict else None
    if cached is None:
        cached = usage.get("prompt_cache_hit_tokens")
    return Usage(_count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens")), _count(cached))


def _count(value: object) -> int:
    return value if type(value) is int and value > 0 else 0


def _of_parts(parts: list[Any]) -> tuple[str, str]:
    """(content, reasoning) of an answer given as a list of parts."""
    content, reasoning = [], []
    for part in parts:
        if type(part) is not dict:
            continue
        if type(part.get("text")) is str:
            content.append(part["text"])
        elif type(part.get("thinking")) is list:
            reasoning.append(_of_parts(part["thinking"])[0])
    return "".join(content), "".join(reasoning)
