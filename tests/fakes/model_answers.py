"""The bytes that the fake model answers with."""

from __future__ import annotations

import base64
import struct
import time
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from tests.fakes.model import Behaviour

STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
    b"cache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n"
)
END = b"0\r\n\r\n"
_ERROR = {"error": {"message": "the engine is overloaded", "type": "server_error", "code": "503"}}
_STREAM = "text/event-stream"
_JSON = "application/json"

EMPTY = {
    "empty_body": (b"", _JSON),
    "empty_choices": (b'{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[]}', _JSON),
    "empty_content": (
        b'{"id":"x","object":"chat.completion","created":1,"model":"m","choices":'
        b'[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"stop"}]}',
        _JSON,
    ),
    "not_json": (b'{"choices": [{"message": {"content": "half', _JSON),
    "html": (b"<!doctype html><title>Sign in</title>", "text/html"),
    "error_200": (orjson.dumps(_ERROR), _JSON),
}
EMPTY_STREAMS = {
    "empty_body": (b"", _STREAM),
    "empty_choices": (b'data: {"id":"x","choices":[]}\n\ndata: [DONE]\n\n', _STREAM),
    "empty_content": (
        b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
        b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
        _STREAM,
    ),
    "not_json": (b"data: nothing\n\n", _STREAM),
    "html": EMPTY["html"],
    "error_200": (b"data: " + orjson.dumps(_ERROR) + b"\n\n", _STREAM),
}


class Answer:
    """One answer to one request."""

    def __init__(self, api: str, known: Behaviour, body: dict[str, Any]) -> None:
        self.api = api
        self.known = known
        self.model = body["model"]
        self.with_usage = known.usage and bool((body.get("stream_options") or {}).get("include_usage"))
        asked = prompt = ""
        if api == "completions":
            prompt = body["prompt"]
            asked = prompt.rpartition("User: ")[2].partition("\n\nAssistant:")[0]
        else:
            for message in body["messages"]:
                text = text_of(message.get("content"))
                prompt += text
                if message["role"] == "user":
                    asked = text
        self.text = known.reply if known.reply is not None else f"{known.marker} {asked}"
        self.calls = known.tool_calls
        if known.uses and api == "chat":
            self._use_tools(body)
        self.finish = known.finish or ("tool_calls" if self.calls else "stop")
        self.words = split(self.text, known.piece_words)
        self.length = len(self.words)
        self.prompt_tokens = len(prompt) // 4 + 1

    def _use_tools(self, body: dict[str, Any]) -> None:
        """Call tools that are offered; with their results, answer with what they said."""
        offered = {tool["function"]["name"] for tool in body.get("tools", ())}
        last = body["messages"][-1]
        if last["role"] == "tool":
            self.text += f" [{text_of(last['content'])}]"
        elif all(call["name"] in offered for call in self.known.uses):
            self.text, self.calls = "", self.known.uses

    def usage(self) -> dict[str, Any]:
        tokens = len(self.text.split())
        usage: dict[str, Any] = {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": tokens,
            "total_tokens": self.prompt_tokens + tokens,
        }
        if self.known.cached_tokens and self.known.deepseek_cache:
            usage["prompt_cache_hit_tokens"] = self.known.cached_tokens
        elif self.known.cached_tokens:
            usage["prompt_tokens_details"] = {"cached_tokens": self.known.cached_tokens}
        return usage

    def whole(self) -> dict[str, Any]:
        if self.api == "completions":
            return self._document("text_completion", [{"index": 0, "text": self.text, "finish_reason": self.finish}])
        message: dict[str, Any] = {"role": "assistant", "content": self.text}
        if self.known.reasoning:
            message[self.known.reasoning_field] = self.known.reasoning
        if self.calls:
            message["content"] = self.text or None
            message["tool_calls"] = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": call["arguments"]},
                }
                for call in self.calls
            ]
        choices = [{"index": 0, "message": message, "finish_reason": self.finish}]
        return self._document("chat.completion", choices)

    def pieces(self) -> list[bytes]:
        """The chunks of the streamed body."""
        if self.api == "completions":
            pieces = [self._event({"text": word}) for word in self.words]
            pieces.append(self._event({"text": ""}, finish=self.finish))
        else:
            deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
            deltas += [{self.known.reasoning_field: word} for word in split(self.known.reasoning, 1)]
            deltas += [{"content": word} for word in self.words]
            deltas += self._tool_pieces()
            pieces = [self._event({"delta": delta}) for delta in deltas]
            pieces.append(self._event({"delta": {}}, finish=self.finish))
        if self.with_usage:
            pieces.append(chunk(b"data: " + orjson.dumps(self._document("chat.completion.chunk", [])) + b"\n\n"))
        if self.known.done:
            pieces.append(chunk(b"data: [DONE]\n\n"))
        pieces[-1] += END
        return pieces

    def _tool_pieces(self) -> list[dict[str, Any]]:
        deltas: list[dict[str, Any]] = []
        for index, call in enumerate(self.calls):
            head = {"name": call["name"], "arguments": ""}
            deltas.append({"tool_calls": [{"index": index, "id": call["id"], "type": "function", "function": head}]})
            text = call["arguments"]
            for start in range(0, len(text), 5):
                part = {"arguments": text[start : start + 5]}
                deltas.append({"tool_calls": [{"index": index, "function": part}]})
        return deltas

    def _event(self, choice: dict[str, Any], finish: str | None = None) -> bytes:
        document = self._document(
            "chat.completion.chunk", [{"index": 0, **choice, "finish_reason": finish}], usage=False
        )
        return chunk(b"data: " + orjson.dumps(document) + b"\n\n")

    def _document(self, kind: str, choices: list[Any], *, usage: bool = True) -> dict[str, Any]:
        choices = [choice | self.known.choice for choice in choices]
        document = {
            "id": "chatcmpl-1",
            "object": kind,
            "created": int(time.time()),
            "model": self.model,
            "choices": choices,
        }
        return document | {"usage": self.usage()} if usage and self.known.usage else document


def spoilt(pieces: list[bytes], fault: str) -> tuple[list[bytes], str]:
    """The pieces as a fault leaves them, and how the connection ends."""
    half = pieces[: max(len(pieces) // 2, 2)]
    match fault:
        case "cut_stream":
            return [*half, pieces[-1][:9]], "cut"
        case "stop_stream":
            return [*half, END], ""
        case "stall_stream":
            return half, "stall"
        case "broken_sse":
            return [*half, chunk(b'data: {"choices": [{"delta": \n\n'), END], ""
    return pieces, ""


def models(names: tuple[str, ...]) -> dict[str, Any]:
    data = [{"id": name, "object": "model", "created": 1, "owned_by": "fake"} for name in names]
    return {"object": "list", "data": data}


def vectors(body: dict[str, Any]) -> dict[str, Any]:
    """One short vector for each text, the same for the same text."""
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    data = []
    for index, text in enumerate(texts):
        vector: Any = [float(len(text)), 0.5, -1.0]
        if body.get("encoding_format") == "base64":
            vector = base64.b64encode(struct.pack("<3f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": vector})
    usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def text_of(content: Any) -> str:
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content)
    return content or ""


def split(text: str, words: int) -> list[str]:
    """The text in pieces of so many words, spaces kept."""
    parts = text.split(" ")
    joined = [" ".join(parts[at : at + words]) for at in range(0, len(parts), words)]
    return [part if not at else f" {part}" for at, part in enumerate(joined)] if text else []
