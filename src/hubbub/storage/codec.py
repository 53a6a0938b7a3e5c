"""Events and messages as JSON bytes and back, the same for every engine.

Writing is orjson's own support for dataclasses. Reading follows the type hints of `hubbub.core`; it happens after a
restart and on other nodes only, so it may be slower than writing.
"""

from __future__ import annotations

import dataclasses
import math
import types
import typing
from collections.abc import Callable
from functools import cache
from typing import Any, cast

import orjson

from hubbub.core.addresses import Room
from hubbub.core.errors import Unstorable
from hubbub.core.events import Event
from hubbub.core.messages import Forward, Message

_DEEPEST = 30
"""Reading goes as deep as the data: this is far below Python's limit."""


def encode(value: object) -> bytes:
    """JSON of an event, a message or a plain value.

    Raises:
        Unstorable: JSON has no form for it, or it could not be read again.
    """
    try:
        data = orjson.dumps(value)
    except TypeError as error:
        msg = f"this cannot be stored: {error}"
        raise Unstorable(msg) from error
    if b'"forward"' in data and _depth(getattr(value, "message", value)) > _DEEPEST:
        msg = f"this cannot be stored: more than {_DEEPEST} forwarded bundles within one another"
        raise Unstorable(msg)
    return data


def _depth(message: object) -> int:
    """How many bundles are within one another, counted no further than is allowed."""
    depth = 0
    level = [message]
    while level and depth <= _DEEPEST:
        bundles = [each for one in level if isinstance(one, tuple) for each in one if isinstance(each, Forward)]
        level = [node.message for bundle in bundles for node in bundle.nodes]
        depth += bool(bundles)
    return depth


def check(*texts: str) -> None:
    """Raises Unstorable for a text with half a character in it, which no database takes."""
    try:
        for text in texts:
            text.encode()
    except UnicodeEncodeError as error:
        msg = f"this cannot be stored: {error}"
        raise Unstorable(msg) from error


def clean(text: str) -> str:
    """A text that is not ours (an error, an id), short enough to keep and storable whatever is in it."""
    return text[:1000].encode(errors="replace").decode()


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
        return _tuple_reader(typing.get_args(hint)[0])
    if origin in (typing.Union, types.UnionType):
        return _union_reader(typing.get_args(hint))
    if origin is typing.Literal:
        return _plain_reader(hint, typing.get_args(hint).__contains__)
    if hint is float:
        return _read_float
    return _plain_reader(hint, lambda value: type(value) is (origin or hint))


def _plain_reader(hint: Any, fits: Callable[[Any], bool]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not fits(value):
            raise _wrong(hint, value)
        return value

    return read


def _read_float(value: Any) -> float:
    if value is None:
        return math.nan  # JSON has no other word for it
    if type(value) not in (float, int):
        raise _wrong(float, value)
    return float(value)


def _wrong(hint: Any, value: Any) -> ValueError:
    return ValueError(f"stored by a newer version, or damaged: no {getattr(hint, '__name__', hint)}: {str(value)[:80]}")


def _tuple_reader(item: Any) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise _wrong(tuple, value)
        return tuple(_read(item, each) for each in value)

    return read


def _dataclass_reader(cls: type[Any]) -> Callable[[Any], Any]:
    hints = typing.get_type_hints(cls)
    readers = {each.name: hints[each.name] for each in dataclasses.fields(cls)}

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise _wrong(cls, value)
        known = {name: _read(hint, value[name]) for name, hint in readers.items() if name in value}
        try:
            return cls(**known)
        except TypeError as error:
            msg = f"not a stored {cls.__name__}: {error}"
            raise ValueError(msg) from error

    return read


def _union_reader(members: tuple[Any, ...]) -> Callable[[Any], Any]:
    """Of several dataclasses the tag tells which; anything else is one type or None."""
    some = [each for each in members if each is not types.NoneType]
    if len(some) == 1:
        only = some[0]
        return lambda value: None if value is None else _read(only, value)
    tagged = {_tag(each): each for each in some}

    def read(value: Any) -> Any:
        tag = value.get("type") if isinstance(value, dict) else None
        cls = tagged.get(tag) if isinstance(tag, str) else None
        if cls is None:
            raise _wrong(" or ".join(map(str, tagged)), value)
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
