"""Values of settings that come as words, read as the type that is named with them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Final

from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MOST_DIGITS = 15
_DEEPEST = 50
_YES = frozenset(("true", "1", "yes", "on", "t", "y"))
_NO = frozenset(("false", "0", "no", "off", "f", "n", ""))


def typed(kind: str, value: object) -> object:
    """The value as a type: int, float, string, bool, dict, list or null. JSON values come as they are.

    Raises:
        UserError: there is no such type, or the value is none of it.
    """
    read = _READERS.get(kind)
    if read is None:
        raise UserError(Phrase("config.type", {"type": kind}))
    try:
        return read(value)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise UserError(Phrase("config.value", {"type": kind})) from error


def _int(value: object) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    if isinstance(value, int | float):
        value = f"{value:.0f}" if isinstance(value, float) else str(value)
    text = _str(value).strip()
    if len(text) > _MOST_DIGITS:
        raise ValueError
    return int(text)


def _float(value: object) -> float:
    if isinstance(value, bool):
        raise TypeError
    number = float(value if isinstance(value, int | float) else _str(value).strip())
    if not math.isfinite(number):
        raise ValueError
    return number


def _bool(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise ValueError
    return word in _YES


def _str(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _string(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _json(kind: type) -> Callable[[object], object]:
    def read(value: object) -> object:
        found = _shallow(value, 0) if isinstance(value, dict | list) else _shallow(json.loads(_str(value)), 0)
        if not isinstance(found, kind):
            raise TypeError
        return found

    return read


def _shallow(value: object, depth: int) -> object:
    """The value, if it is no deeper than anybody needs and no number in it is without end."""
    if depth > _DEEPEST or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError
    if isinstance(value, int) and abs(value) >= 1 << 63:
        raise ValueError
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        _shallow(each, depth + 1)
    return value


_READERS: Final[Mapping[str, Callable[[object], object]]] = {
    "int": _int,
    "float": _float,
    "string": _string,
    "str": _string,
    "bool": _bool,
    "dict": _json(dict),
    "list": _json(list),
    "null": lambda _: None,
}
