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
    from collections.abc import Collection, Iterable, Sequence

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
    """What a list says: names with their texts, in its order; ``left`` are entries that are none, or too long.

    Each of these is named by its place, from 1 on, and its act where it has one.
    """

    pairs: tuple[tuple[str, str], ...]
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """How many are new, how many were ``known`` already, the names under which ``renamed`` ones are, and what is left.

    ``full``: more were in the list than there is room for.
    """

    new: int = 0
    known: int = 0
    renamed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
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
    return acts_of((each.get("act"), each.get("prompt")) if isinstance(each, dict) else (None, None) for each in found)


def acts_of(entries: Iterable[tuple[object, object]]) -> Acts:
    """Names and texts, as far as they can be."""
    pairs: list[tuple[str, str]] = []
    left: list[str] = []
    for place, (act, prompt) in enumerate(entries, 1):
        name, text = _name(act), prompt.strip() if isinstance(prompt, str) else ""
        if name and text and len(text) <= LONGEST and _storable(name + text):
            pairs.append((name, text))
        else:
            left.append(f"{place} ({name})" if name and _storable(name) else str(place))
    return Acts(tuple(pairs), tuple(left))


def _name(act: object) -> str:
    """What a persona can be called by; "" where there is nothing."""
    if not isinstance(act, str):
        return ""
    name = " ".join("".join(sign if sign.isprintable() else " " for sign in act).split()).lstrip(HIDDEN)
    return name[: LONGEST_NAME - _ROOM_FOR_NUMBERS].strip()


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
