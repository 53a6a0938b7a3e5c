"""What an owner has said about tools: keys of their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

USE, OFF, ALLOWED = "tools", "tools_off", "tools_allowed"
"""false: no tools at all; names of tools that are not to be used; names that may be used without being asked."""
_MOST: Final = 100


def uses(stored: Mapping[str, object]) -> bool:
    """The owner wants tools to be used at all."""
    return stored.get(USE) is not False


def off(stored: Mapping[str, object]) -> frozenset[str]:
    """Tools that are not to be used."""
    return _names(stored, OFF)


def allowed(stored: Mapping[str, object]) -> frozenset[str]:
    """Tools that may write and spend without asking each time."""
    return _names(stored, ALLOWED)


def with_name(stored: Mapping[str, object], key: str, name: str) -> list[str]:
    """The names under a key and one more."""
    return sorted(_names(stored, key) | {name})[:_MOST]


def without_name(stored: Mapping[str, object], key: str, name: str) -> list[str] | None:
    """The names under a key but one; None where none is left."""
    return sorted(_names(stored, key) - {name}) or None


def _names(stored: Mapping[str, object], key: str) -> frozenset[str]:
    found = stored.get(key)
    names: Iterable[object] = found if isinstance(found, list) else ()
    return frozenset(each for each in names if isinstance(each, str))
