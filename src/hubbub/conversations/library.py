"""Personas that were taken over for everybody: a branch each of an owner who is the hub itself.

They come as lists ``[{"act": name, "prompt": text}]``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hubbub.conversations import personas
from hubbub.conversations.branches import HIDDEN, LONGEST_NAME
from hubbub.conversations.personas import BEFORE
from hubbub.conversations.users import HUB
from hubbub.core.work import Append

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hubbub.core.store import Conversations

OWNER: Final = f"{HUB}personas"
MOST: Final = 2000
"""Personas of one list, and of all that were taken over."""
LONGEST: Final = 100_000
"""Characters of one."""
LARGEST: Final = 8 * 1024 * 1024
"""Bytes of one list."""
_AT_ONCE = 100
_ROOM_FOR_NUMBERS = 6


@dataclass(frozen=True, slots=True)
class Acts:
    """What a list says: names with their texts, in its order; ``left`` entries that are none, or too long."""

    pairs: tuple[tuple[str, str], ...]
    left: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """How many are new, how many were ``known`` already, the names under which ``renamed`` ones are, and what is left.

    ``full``: more were in the list than there is room for.
    """

    new: int = 0
    known: int = 0
    renamed: tuple[str, ...] = ()
    left: int = 0
    full: bool = False


def read(data: bytes) -> Acts:
    """A list as it is sent.

    Raises:
        ValueError: it is none, or too large.
    """
    if len(data) > LARGEST:
        message = f"more than {LARGEST} bytes"
        raise ValueError(message)
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except RecursionError as error:
        message = "nested too deeply"
        raise ValueError(message) from error
    if not isinstance(found, list) or not any(isinstance(each, dict) for each in found):
        message = 'should be a list of {"act", "prompt"}'
        raise ValueError(message)
    if len(found) > MOST:
        message = f"more than {MOST} entries"
        raise ValueError(message)
    pairs = [pair for each in found if (pair := _pair(each)) is not None]
    return Acts(tuple(pairs), len(found) - len(pairs))


def _pair(entry: object) -> tuple[str, str] | None:
    if not isinstance(entry, dict):
        return None
    name, text = entry.get("act"), entry.get("prompt")
    return pair(name, text) if isinstance(name, str) and isinstance(text, str) else None


def pair(name: str, text: str) -> tuple[str, str] | None:
    """A name, made fit to be one, and its text; None where there is none, or it is too long."""
    name = " ".join("".join(sign if sign.isprintable() else " " for sign in name).split()).lstrip(HIDDEN)
    text = text.strip()
    if not name or not text or len(text) > LONGEST or not _storable(name + text):
        return None
    return name[: LONGEST_NAME - _ROOM_FOR_NUMBERS].strip(), text


def _storable(text: str) -> bool:
    """No half characters."""
    return not any("\ud800" <= sign <= "\udfff" for sign in text)


async def names(conversations: Conversations) -> tuple[str, ...]:
    """Those that were taken over, in the order of their names."""
    return await personas.names(conversations, OWNER)


async def take(conversations: Conversations, acts: Acts, others: Collection[str] = ()) -> Taken:
    """Take a list over; done again, nothing happens. ``others``: names that the hub has for other personas.

    Raises:
        StoreError: it is not stored, or a part of it only.
    """
    there = dict.fromkeys(await names(conversations), "")
    new: list[tuple[str, str]] = []
    renamed: list[str] = []
    known = 0
    for act, text in acts.pairs:
        name = await _free(conversations, (act, text), there, others)
        if name is None:
            known += 1
        elif len(there) < MOST:
            there[name] = text
            new.append((name, text))
            renamed += [name] if name != act else []
    for begin in range(0, len(new), _AT_ONCE):
        await conversations.change(_writes(new[begin : begin + _AT_ONCE]))
    full = len(new) + known < len(acts.pairs)
    return Taken(len(new), known, tuple(renamed), acts.left, full)


async def _free(
    conversations: Conversations, wanted: tuple[str, str], there: dict[str, str], others: Collection[str]
) -> str | None:
    """A name that nobody has; None where one of those tried has just this text."""
    act, text = wanted
    name, number = act, 1
    while name in there or name in others:
        if name in there and (there[name] or await personas.read(conversations, OWNER, name)) == text:
            return None
        number += 1
        name = f"{act}-{number}"
    return name


def _writes(new: Sequence[tuple[str, str]]) -> tuple[Append, ...]:
    return tuple(Append(OWNER, "prompt", f"{BEFORE}{name}", (text,)) for name, text in new)
