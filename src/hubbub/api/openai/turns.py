"""Pure: the messages of the OpenAI API to what the hub itself calls a conversation, and to a message on its road.

Nothing here refuses a message that a provider might understand: what the hub has no word for is left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from hubbub.core.messages import Audio, File, Image, Media, Message, Segment, Text
from hubbub.core.turns import Parameters, Tool, ToolCall, Turn, TurnRole

_ROLES: Mapping[str, TurnRole] = {
    "system": "system",
    "developer": "system",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_URLS = ("https://", "http://", "data:")
_NUMBERS = ("temperature", "top_p", "frequency_penalty", "presence_penalty")


def turns_of(messages: Iterable[Mapping[str, Any]]) -> tuple[Turn, ...]:
    """A conversation for providers that do not take the messages as they are."""
    return tuple(_turn(message) for message in messages)


def question_of(message: Mapping[str, Any]) -> Message:
    """A user's message as one that the hub receives."""
    content = message.get("content")
    if isinstance(content, str):
        return (Text(content),) if content else ()
    return tuple(segment for part in _parts(content) if (segment := _segment(part)) is not None)


def parameters_of(body: Mapping[str, Any]) -> Parameters:
    """What of a request turns the model's knobs; values of a wrong type are the provider's to refuse."""
    numbers = {name: float(body[name]) for name in _NUMBERS if _is_number(body.get(name))}
    length = body.get("max_completion_tokens", body.get("max_tokens"))
    stop = body.get("stop")
    stops = (stop,) if isinstance(stop, str) else tuple(stop) if isinstance(stop, list) else ()
    return Parameters(
        **numbers,
        max_tokens=length if type(length) is int and length > 0 else None,
        stop=tuple(each for each in stops if isinstance(each, str) and each),
    )


def tools_of(body: Mapping[str, Any]) -> tuple[Tool, ...]:
    """The functions that the model may call."""
    found = []
    for tool in _parts(body.get("tools")):
        function = tool.get("function")
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            schema = function.get("parameters")
            described = _text(function.get("description"))
            found.append(Tool(function["name"], described, schema if isinstance(schema, dict) else {}))
    return tuple(found)


def _turn(message: Mapping[str, Any]) -> Turn:
    content = message.get("content")
    parts = _parts(content)
    return Turn(
        role=_ROLES.get(str(message.get("role")), "user"),
        content=content if isinstance(content, str) else "".join(_text(part.get("text")) for part in parts),
        images=tuple(media for part in parts if (media := _image(part)) is not None),
        name=_text(message.get("name")),
        tool_calls=_calls(message.get("tool_calls")),
        tool_call_id=_text(message.get("tool_call_id")),
    )


def _calls(calls: object) -> tuple[ToolCall, ...]:
    found = []
    for call in _parts(calls):
        function = call.get("function")
        if isinstance(function, dict):
            arguments = function.get("arguments")
            written = arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
            found.append(ToolCall(_text(call.get("id")), _text(function.get("name")), written))
    return tuple(found)


def _segment(part: Mapping[str, Any]) -> Segment | None:
    if isinstance(part.get("text"), str):
        return Text(part["text"]) if part["text"] else None
    image = _image(part)
    if image is not None:
        return Image(image)
    sound, file = part.get("input_audio"), part.get("file")
    if isinstance(sound, dict) and isinstance(sound.get("data"), str):
        kind = f"audio/{_text(sound.get('format')) or 'wav'}"
        return Audio(Media(url=f"data:{kind};base64,{sound['data']}", mime=kind), voice=False)
    if isinstance(file, dict) and _text(file.get("file_data")).startswith("data:"):
        return File(Media(url=file["file_data"], name=_text(file.get("filename"))))
    return None


def _image(part: Mapping[str, Any]) -> Media | None:
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else image
    return Media(url=url) if isinstance(url, str) and url.startswith(_URLS) else None


def _parts(value: object) -> Sequence[Mapping[str, Any]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(float(value))  # type: ignore[arg-type]
