"""Frames of the gateway (API version 10, "Gateway Events") and what they are read as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson

Wire = Mapping[str, Any]

VERSION = 10
MORE_SHARDS = 4011
FATAL = {
    4004: "Discord does not know the bot's token; compare it with the developer portal (page Bot), then start again",
    4010: "the number of shards is wrong; set shards to 0 and start again",
    MORE_SHARDS: "Discord wants more shards; set shards to 0 and start again",
    4012: "this version of the gateway is gone; take a newer Hubbub",
    4013: "Discord does not know the intents that are asked for; take a newer Hubbub",
    4014: "Discord does not allow the bot an intent that the settings ask for; turn on, in the developer portal (page "
    "Bot), Message Content Intent, with members = true also Server Members Intent, or set message_content and members "
    "to false; then start again",
}
"""Close codes behind which connecting again is useless, and the remedy."""
ANEW = (4007, 4009)
"""Close codes behind which the session cannot be resumed."""


class Op(IntEnum):
    """Kinds of frames."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    RECONNECT = 7
    INVALID_SESSION = 9
    HELLO = 10
    ACK = 11


class Intent(IntEnum):
    """Kinds of events that are asked for."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_MESSAGES = 1 << 9
    GUILD_REACTIONS = 1 << 10
    DIRECT_MESSAGES = 1 << 12
    DIRECT_REACTIONS = 1 << 13
    MESSAGE_CONTENT = 1 << 15


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; ``number`` and ``name`` are those of a dispatched event."""

    op: int
    data: Any = None
    number: int | None = None
    name: str = ""


class BadFrameError(ValueError):
    """A frame, or the event in it, is not what the documents say."""


def read(text: str | bytes) -> Frame:
    """A frame. Raises BadFrameError."""
    try:
        found = orjson.loads(text)
        op, number = found["op"], found.get("s")
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"{text[:100]!r} is no frame"
        raise BadFrameError(message) from error
    if not isinstance(op, int) or not (number is None or isinstance(number, int)):
        message = f"{text[:100]!r} is no frame"
        raise BadFrameError(message)
    return Frame(op, found.get("d"), number, str(found.get("t") or ""))


def written(op: Op, data: object) -> str:
    """A frame to send."""
    return orjson.dumps({"op": int(op), "d": data}).decode()
