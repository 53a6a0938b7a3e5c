"""Reading what WhatsApp brings: its objects, lists and texts, each checked to be one. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

PLATFORM = "whatsapp"
_DIGITS = 12

Wire = Mapping[str, Any]
Brought = tuple[str, Wire]
"""A change of a notification, behind the id of the number that it is for."""
T = TypeVar("T")


class BadEventError(ValueError):
    """A part of a notification is not what the documents say."""


def each_of(found: Sequence[object], read: Callable[[object], T | None]) -> Iterator[T | BadEventError]:
    """What is read of each; one that cannot be read harms no other."""
    for raw in found:
        try:
            made = read(raw)
        except BadEventError as error:
            yield error
        else:
            if made is not None:
                yield made


def object_of(found: object) -> Wire:
    """An object. Raises BadEventError."""
    if not isinstance(found, dict):
        message = f"{found!r:.100} where an object is wanted"
        raise BadEventError(message)
    return found


def list_of(found: object) -> Sequence[object]:
    """A list. Raises BadEventError."""
    if not isinstance(found, list):
        message = f"{found!r:.100} where a list is wanted"
        raise BadEventError(message)
    return found


def text_of(found: Wire, name: str) -> str:
    """A text that has to be there. Raises BadEventError."""
    value = found.get(name)
    if not isinstance(value, str) or not value:
        message = f"{name} is {value!r:.100}"
        raise BadEventError(message)
    return value


def time_of(found: Wire) -> float:
    """When it happened, in seconds since the epoch. Raises BadEventError."""
    stamp = text_of(found, "timestamp")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= _DIGITS):
        message = f"something with the time {stamp!r:.100}"
        raise BadEventError(message)
    return float(stamp)
