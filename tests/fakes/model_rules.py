"""What the OpenAI API refuses: its own package's types, and the rules that no type can say."""

from __future__ import annotations

import re
from typing import Any

import openai.types.chat.completion_create_params as chat
import openai.types.completion_create_params as completion
import openai.types.embedding_create_params as embedding
from pydantic import TypeAdapter, ValidationError

_TYPES: dict[tuple[str, bool], TypeAdapter[Any]] = {
    ("chat", False): TypeAdapter(chat.CompletionCreateParamsNonStreaming),
    ("chat", True): TypeAdapter(chat.CompletionCreateParamsStreaming),
    ("completions", False): TypeAdapter(completion.CompletionCreateParamsNonStreaming),
    ("completions", True): TypeAdapter(completion.CompletionCreateParamsStreaming),
    ("embeddings", False): TypeAdapter(embedding.EmbeddingCreateParams),
}
_RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
    "max_tokens": (1, 1_000_000),
    "max_completion_tokens": (1, 1_000_000),
}
_NAME = re.compile(r"[^\s<|\\/>]{1,64}")
_FUNCTION = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class Refused(Exception):
    """The request is one that the API answers with 400."""

    def __init__(self, message: str, param: str = "") -> None:
        super().__init__(message)
        self.param = param


def check(api: str, body: dict[str, Any]) -> None:
    """Raise Refused for what the API would not take."""
    try:
        read = thaw(_TYPES[api, body.get("stream") is True].validate_python(body))
    except ValidationError as error:
        first = error.errors()[0]
        raise Refused(first["msg"], ".".join(str(part) for part in first["loc"])) from error
    for name in body.keys() - read.keys():
        raise Refused(f"Unrecognized request argument supplied: {name}", name)
    for name, value in body.items():
        number = type(value) is int and type(read[name]) is float
        if read[name] != value or (type(read[name]) is not type(value) and not number):
            raise Refused(f"Invalid type or unknown field in '{name}'", name)
    _check_values(api, body)


def _check_values(api: str, body: dict[str, Any]) -> None:
    for name, (low, high) in _RANGES.items():
        if body.get(name) is not None and not low <= body[name] <= high:
            raise Refused(f"Invalid '{name}': must be between {low} and {high}", name)
    if "stream_options" in body and not body.get("stream"):
        raise Refused("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    if isinstance(body.get("stop"), list) and not 1 <= len(body["stop"]) <= 4:
        raise Refused("Invalid 'stop': 1 to 4 items", "stop")
    if api == "chat":
        _check_messages(body["messages"])
        _check_tools(body)


def thaw(value: Any) -> Any:
    """pydantic checks iterables lazily: walk them, so that everything is checked."""
    if isinstance(value, dict):
        return {key: thaw(item) for key, item in value.items()}
    if value is None or isinstance(value, str | int | float):
        return value
    return [thaw(item) for item in value]


def _check_tools(body: dict[str, Any]) -> None:
    tools = body.get("tools")
    if tools == []:
        raise Refused("[] is too short - 'tools'", "tools")
    for tool in tools or ():
        function = tool["function"]
        if not _FUNCTION.fullmatch(function["name"]):
            raise Refused("Invalid 'tools[0].function.name'", "tools")
        if function.get("parameters", {}).get("type", "object") != "object":
            raise Refused("Invalid schema for function: schema must be a JSON Schema of 'type: \"object\"'", "tools")
    names = [tool["function"]["name"] for tool in tools or ()]
    if len(set(names)) < len(names):
        raise Refused("Function names must be unique", "tools")


def _check_messages(messages: list[dict[str, Any]]) -> None:
    if not messages:
        raise Refused("Invalid 'messages': empty array", "messages")
    waiting: set[str] = set()
    for at, message in enumerate(messages):
        if message["role"] == "tool":
            if message["tool_call_id"] not in waiting:
                raise Refused("messages with role 'tool' must be a response to a preceding message with 'tool_calls'.")
            waiting.discard(message["tool_call_id"])
            continue
        if waiting:
            raise Refused("An assistant message with 'tool_calls' must be followed by tool messages")
        if "name" in message and not _NAME.fullmatch(message["name"]):
            raise Refused(f"Invalid 'messages[{at}].name': string does not match pattern", f"messages[{at}].name")
        _check_content(at, message)
        waiting = _calls_of(at, message)
    if waiting:
        raise Refused("An assistant message with 'tool_calls' must be followed by tool messages")


def _calls_of(at: int, message: dict[str, Any]) -> set[str]:
    """The ids of a message's calls, whose results have to follow."""
    calls = message.get("tool_calls", ())
    if message.get("tool_calls") == []:
        raise Refused(f"Invalid 'messages[{at}].tool_calls': empty array", "messages")
    for call in calls:
        if not _FUNCTION.fullmatch(call["function"]["name"]):
            raise Refused(f"Invalid 'messages[{at}].tool_calls[0].function.name'", "messages")
    ids = {call["id"] for call in calls}
    if "" in ids or len(ids) < len(calls):
        raise Refused(f"Invalid 'messages[{at}].tool_calls': ids", "messages")
    return ids


def _check_content(at: int, message: dict[str, Any]) -> None:
    content = message.get("content")
    if content is None and not message.get("tool_calls"):
        raise Refused(f"Invalid value for 'content' of messages[{at}]: expected a string, got null.", "messages")
    for part in content if isinstance(content, list) else ():
        if part["type"] == "image_url":
            if message["role"] != "user":
                raise Refused("Image URLs are only allowed for messages with role 'user'", "messages")
            if not part["image_url"]["url"].startswith(("https://", "http://", "data:image/")):
                raise Refused("Failed to download image: unsupported URL", "messages")
