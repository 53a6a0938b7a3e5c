"""What is said when a limit is reached: whose it is, how much it is, and when it ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from hubbub.core.phrases import Phrase
from hubbub.core.quotas import BILLION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.core.quotas import Shortage, What

EVERYBODY: Final = "hub:all"
"""The scope of all that the hub uses."""
_GROUP: Final = "hub:room:"
_MINUTES_OF_AN_HOUR: Final = 60
_OF_OWNER: Final[Mapping[What, str]] = {
    "minute": "limit.minute",
    "messages": "limit.messages",
    "tokens": "limit.tokens",
    "cost": "limit.cost",
}
_OF_GROUP: Final[Mapping[What, str]] = {
    "minute": "limit.group_minute",
    "messages": "limit.group_messages",
    "tokens": "limit.group_tokens",
    "cost": "limit.group_cost",
}
_OF_ALL: Final[Mapping[What, str]] = {
    "minute": "limit.hub_minute",
    "messages": "limit.hub_messages",
    "tokens": "limit.hub_tokens",
    "cost": "limit.hub_cost",
}


def scope_of_group(group: str) -> str:
    """The scope of all that the members of a group use, by the key of its room."""
    return f"{_GROUP}{group}"


def group_of_scope(scope: str) -> str:
    """What `scope_of_group` was made of; "" of any other scope."""
    return scope.removeprefix(_GROUP) if scope.startswith(_GROUP) else ""


def said(short: Shortage, owner: str, seconds: float) -> Phrase:
    """Why nothing is answered for so many seconds. Whose limit it is shows in the key; what all may use is not told."""
    values: dict[str, object] = {"limit": shown(short.limit) if short.what == "cost" else short.limit}
    if short.what == "minute":
        values["seconds"] = max(1, round(short.seconds))
    else:
        values["when"] = duration(seconds)
    keys = _OF_ALL if short.scope == EVERYBODY else _OF_OWNER if short.scope == owner else _OF_GROUP
    return Phrase(keys[short.what], values)


def shown(cost: int) -> str:
    """An amount of money as people read it."""
    text = f"{cost / BILLION:.4f}".rstrip("0")
    whole, _, part = text.partition(".")
    return f"{whole}.{part:0<2}"


def duration(seconds: float) -> Phrase:
    """How long it takes, in hours and minutes: the same in every time zone."""
    hours, minutes = divmod(max(1, math.ceil(seconds / 60)), _MINUTES_OF_AN_HOUR)
    return Phrase("limit.hours" if hours else "limit.minutes", {"hours": hours, "minutes": minutes})
