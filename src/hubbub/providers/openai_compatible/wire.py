"""The requests of the OpenAI API, made from turns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.core.models import ModelSpec
    from hubbub.core.turns import ChatRequest, Parameters, Tool, Turn

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_PARAMETERS = ("temperature", "top_p", "frequency_penalty", "presence_penalty", "max_tokens")
_ENOUGH_TOKENS = 1024  # a completion without a bound ends after 16 tokens
_LENGTHS = frozenset(("max_tokens", "max_completion_tokens"))
_SPEAKERS = {"user": "User", "assistant": "Assistant", "tool": "Tool"}


def body_of(spec: ModelSpec, request: ChatRequest, model: str, messages: list[object] | None = None) -> dict[str, Any]:
    """The JSON body of a request; ``model`` is the provider's id, ``messages`` its turns if they are encoded yet."""
    if request.raw is not None and handed_on(spec, request):
        return _handed_on(spec, request.raw, model, stream=request.stream)
    if spec.api == "completions":
        body: dict[str, Any] = {"model": model, "prompt": prompt_of(request.turns), "max_tokens": _ENOUGH_TOKENS}
    else:
        body = {"model": model, "messages": messages or [message_of(turn) for turn in request.turns]}
        if request.tools:
            body["tools"] = [_tool(tool) for tool in request.tools]
    body["stream"] = request.stream
    if request.stream:
        body["stream_options"] = {"include_usage": True}
    if request.user:
        body["user"] = request.user
    _add_parameters(body, spec.parameters)
    _add_parameters(body, request.parameters)
    if spec.api == "completions":
        body["stop"] = [*body.get("stop", ()), "\nUser:"][-4:]
    return body | spec.extra if spec.extra else body


def handed_on(spec: ModelSpec, request: ChatRequest) -> bool:
    """The request is sent as its client wrote it: it was written for the API that the model has."""
    return request.raw is not None and ("prompt" in request.raw) == (spec.api == "completions")


def _handed_on(spec: ModelSpec, raw: Mapping[str, object], model: str, *, stream: bool) -> dict[str, Any]:
    body: dict[str, Any] = {}
    _add_parameters(body, spec.parameters)  # what the model's settings say, where the client says nothing
    if not _LENGTHS.isdisjoint(raw):
        body.pop("max_tokens", None)
    body |= raw
    body |= {"model": model, "stream": stream}
    options = body.pop("stream_options", None)
    if stream:
        body["stream_options"] = (options if isinstance(options, dict) else {}) | {"include_usage": True}
    return body | spec.extra


def prompt_of(turns: tuple[Turn, ...]) -> str:
    """A conversation as one text, for models that only continue a text."""
    parts = [turn.content for turn in turns if turn.role == "system" and turn.content]
    parts += [f"{_SPEAKERS[turn.role]}: {turn.content}" for turn in turns if turn.role in _SPEAKERS]
    return "\n\n".join([*parts, "Assistant:"])


def _add_parameters(body: dict[str, Any], parameters: Parameters) -> None:
    for name in _PARAMETERS:
        value = getattr(parameters, name)
        if value is not None:
            body[name] = value
    if parameters.stop:
        body["stop"] = list(parameters.stop)


def message_of(turn: Turn, *, thoughts: bool = False) -> dict[str, Any]:
    """A turn as the API wants it; with ``thoughts``, what was thought before tools were called."""
    message: dict[str, Any] = {"role": turn.role, "content": turn.content}
    if turn.role == "tool":
        message["tool_call_id"] = turn.tool_call_id
        return message
    if turn.name and _NAME.fullmatch(turn.name):  # other names are refused
        message["name"] = turn.name
    if turn.images and turn.role == "user":
        message["content"] = _parts(turn)
    if turn.tool_calls:
        message["content"] = turn.content or None
        if thoughts and turn.reasoning:
            message["reasoning_content"] = turn.reasoning
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in turn.tool_calls
        ]
    return message


def _parts(turn: Turn) -> str | list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [
        {"type": "image_url", "image_url": {"url": image.url}} for image in turn.images if image.url
    ]
    if not parts:
        return turn.content
    return [{"type": "text", "text": turn.content}, *parts] if turn.content else parts


def _tool(tool: Tool) -> dict[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters or {"type": "object", "properties": {}},
    }
    return {"type": "function", "function": function}
