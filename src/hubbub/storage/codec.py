"""Events and messages as JSON bytes and back, the same for every engine.

Writing is orjson's own support for dataclasses. Reading follows the type hints of `hubbub.core`; it happens after a
restart and on other nodes only, so it may be slower than writing.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import orjson

from hubbub.core import events, messages
from hubbub.core.addresses import Room
from hubbub.core.events import Event
from hubbub.core.messages import Message


def encode(value: object) -> bytes:
    """JSON of an event, a message or a plain value."""
    return orjson.dumps(value)


def decode_event(data: bytes) -> Event:
    """The event that `encode` wrote.

    Raises:
        ValueError: it is not one (written by a newer version, or damaged).
    """
    return cast("Event", _read(Event, orjson.loads(data)))


def decode_message(data: bytes) -> Message:
    """The message that `encode` wrote. Raises ValueError."""
    return cast("Message", _read(Message, orjson.loads(data)))


def decode_json(data: bytes) -> object:
    """A plain value."""
    return orjson.loads(data)


def _read(hint: Any, value: Any) -> Any:
    return _reader(hint)(value)


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    """How to read a value of this type from JSON."""
    origin = typing.get_origin(hint)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass_reader(hint)
    if origin is tuple:
        item = typing.get_args(hint)[0]
        return lambda value: tuple(_read(item, each) for each in value)
    if origin in (typing.Union, types.UnionType):
        return _union_reader(typing.get_args(hint))
    return lambda value: value


def _dataclass_reader(cls: type[Any]) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(cls, vars(events) | vars(messages))
    readers = {each.name: hints[each.name] for each in dataclasses.fields(cls)}

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            msg = f"not a stored {cls.__name__}: {str(value)[:80]}"
            raise ValueError(msg)  # noqa: TRY004 - the data is wrong, not the call
        known = {name: _read(hint, value[name]) for name, hint in readers.items() if name in value}
        try:
            return cls(**known)
        except TypeError as error:
            msg = f"not a stored {cls.__name__}: {error}"
            raise ValueError(msg) from error

    return read


def _union_reader(members: tuple[Any, ...]) -> Callable[[Any], Any]:
    tagged = {_tag(each): each for each in members if dataclasses.is_dataclass(each)}
    if not tagged:
        return lambda value: value

    def read(value: Any) -> Any:
        if value is None:
            return None
        cls = tagged.get(value.get("type")) if isinstance(value, dict) else None
        if cls is None:
            msg = f"stored by a newer version, or damaged: {str(value)[:80]}"
            raise ValueError(msg)
        return _read(cls, value)

    return read


def _tag(cls: Any) -> object:
    for each in dataclasses.fields(cls):
        if each.name == "type":
            return each.default
    return cls.__name__


def room_of(key: str) -> Room:
    """The room of a stored key."""
    return Room.parse(key)
