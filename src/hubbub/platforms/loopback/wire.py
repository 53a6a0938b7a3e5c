r"""The loopback's JSON: what a platform's servers would send and take.

An event is one object: ``type`` (message, edit, delete, react, join, leave, poke), ``id``, ``room`` ({"kind", "id",
"thread"}), ``author`` ({"id", "name", "role", "bot"}), ``time``; then, by type, ``message_id``, ``message`` (a list of
segments, each the fields of its class in `hubbub.core.messages`) or ``text``, ``addressed``, ``emoji``, ``removed``,
``by``, ``target``.

What is sent is one object too: ``do`` (send, edit, delete, react, type) and what that needs; `ShownLine` names it all.
"""

from __future__ import annotations

from typing import Any, TypedDict

import orjson

WireObject = dict[str, Any]


class ShownLine(TypedDict, total=False):
    """What people of the platform would see. ``key`` is the row's key, the same at every attempt."""

    do: str
    id: str
    key: str
    room: str
    message: list[WireObject]
    reply_to: str
    emoji: str
    removed: bool


class BadEvent(ValueError):
    """A line is no event."""


def decode(line: bytes) -> WireObject:
    """Read an event.

    Raises:
        BadEvent: it is no JSON object.
    """
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise BadEvent(*error.args[:1]) from None
    if not isinstance(value, dict):
        raise BadEvent(type(value).__name__)
    return value


def encode(line: ShownLine) -> bytes:
    """Write what is sent as one line."""
    return orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE)
