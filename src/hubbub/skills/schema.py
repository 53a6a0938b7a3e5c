"""Whether what a model wrote fits the schema of a tool. Pure, and bounded whatever the model wrote.

Of JSON schema this is what tools are described with: ``type``, ``properties``, ``required``, ``items``, ``enum`` and
the bounds of lengths and numbers. Anything else in a schema is for the model to read.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LONGEST = 20_000
"""Characters of all arguments of a call."""
_DEEPEST = 8
_LONGEST_TEXT = 8000
_MOST_ITEMS = 100


class Misfit(ValueError):
    """The arguments do not fit; the message says so to the model."""


def arguments_of(text: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call from the JSON text that a model wrote.

    Raises:
        Misfit: they do not fit.
    """
    if len(text) > LONGEST:
        message = f"the arguments are longer than {LONGEST} characters"
        raise Misfit(message)
    try:
        found = json.loads(text or "{}", parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        message = "the arguments are no JSON"
        raise Misfit(message) from error
    if not isinstance(found, dict):
        message = "the arguments are no JSON object"
        raise Misfit(message)
    for fault in _faults(found, {"type": "object", **schema}, "", 0):
        raise Misfit(fault)
    return found


def _no_number(name: str) -> float:
    message = f"{name} is no JSON"
    raise ValueError(message)


def _faults(value: object, schema: Mapping[str, Any], where: str, depth: int) -> Iterator[str]:
    """What is wrong with a value; the first one is enough."""
    name = where or "the arguments"
    if depth > _DEEPEST:
        yield f"{name} is nested too deeply"
        return
    kinds = schema.get("type", ())
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    if kinds and not any(_IS[kind](value) for kind in kinds if kind in _IS):
        yield f"{name} should be of type {' or '.join(kinds)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{name} should be one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, dict):
        yield from _of_object(value, schema, where, depth)
    elif isinstance(value, list):
        yield from _of_list(value, schema, where, depth)
    else:
        yield from _of_plain(value, schema, name)


def _of_object(value: dict[str, Any], schema: Mapping[str, Any], where: str, depth: int) -> Iterator[str]:
    known: Mapping[str, Any] = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{_inside(where, name)} is missing"
    for name, each in value.items():
        if name in known:
            yield from _faults(each, known[name], _inside(where, name), depth + 1)
        elif schema.get("additionalProperties", False) is False:
            yield f"there is no argument {_inside(where, name[:50])}; there are: {', '.join(known) or 'none'}"


def _of_list(value: list[Any], schema: Mapping[str, Any], where: str, depth: int) -> Iterator[str]:
    most = schema.get("maxItems", _MOST_ITEMS)
    if not schema.get("minItems", 0) <= len(value) <= most:
        yield f"{where} should have {schema.get('minItems', 0)} to {most} items"
        return
    items = schema.get("items")
    if isinstance(items, dict):
        for place, each in enumerate(value):
            yield from _faults(each, items, f"{where}[{place}]", depth + 1)


def _of_plain(value: object, schema: Mapping[str, Any], name: str) -> Iterator[str]:
    if isinstance(value, str):
        least, most = schema.get("minLength", 0), schema.get("maxLength", _LONGEST_TEXT)
        if not least <= len(value) <= most:
            yield f"{name} should have {least} to {most} characters"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        least, most = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        if not least <= value <= most:
            yield f"{name} should be from {least} to {most}"


def _inside(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_IS: Final[Mapping[str, Callable[[object], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": _is_whole,
    "number": lambda value: _is_whole(value) or isinstance(value, float),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
