"""What the events have in common: their fields, bounded; who and where; what tells one from another. Pure."""

from __future__ import annotations

from hubbub.core.addresses import Room
from hubbub.platforms.onebot.bounds import bounded, scalar
from hubbub.platforms.onebot.segments import PLATFORM
from hubbub.platforms.onebot.wire import BadFrame, Flaw, WireObject

_MILLISECONDS = 10**11
_LONGEST_ID = 128
_LONGEST_IDENTITY = 300
_KNOWN = frozenset({"time", "self_id", "post_type", "notice_type", "user_id", "group_id", "message", "raw_message"})


def time_of(frame: WireObject, now: float) -> float:
    """When it happened, in seconds, whichever unit was sent; ``now`` where nothing sensible was."""
    value = frame.get("time")
    if type(value) is int and 0 < value < _MILLISECONDS:
        return float(value)
    if isinstance(value, float) and 0 < value < _MILLISECONDS:
        return value
    if isinstance(value, (int, float)) and _MILLISECONDS <= value < _MILLISECONDS * 100:
        return value / 1000
    return now


def id_of(frame: WireObject, key: str) -> str:
    """An id, "" where there is none. Raises BadFrame."""
    value = scalar(frame.get(key))
    if len(value) > _LONGEST_ID:
        raise BadFrame(Flaw.TOO_LONG, key)
    return value


def needed(frame: WireObject, key: str) -> str:
    """An id that has to be there. Raises BadFrame."""
    value = id_of(frame, key)
    if not value:
        raise BadFrame(Flaw.LACKS, key)
    return value


def rest_of(frame: WireObject) -> dict[str, object]:
    """What an event tells beside what every one does."""
    return bounded({key: value for key, value in frame.items() if key not in _KNOWN})


def identity_of(frame: WireObject, time: float, *keys: str) -> str:
    """What names an event: its kind, where and who, the values of the keys, its time."""
    kind = frame.get("notice_type") or frame.get("request_type")
    parts = [scalar(kind), scalar(frame.get("sub_type"))]
    parts.extend(scalar(frame.get(key)) for key in ("group_id", "user_id", *keys))
    parts.append(f"{time:.0f}")
    return ":".join(parts)[:_LONGEST_IDENTITY]


def room_of(frame: WireObject, account: str, user: str) -> Room:
    """The group of an event, else the private room of ``user``."""
    group = id_of(frame, "group_id")
    if group and group != "0":
        return Room(PLATFORM, account, "group", group)
    return Room(PLATFORM, account, "private", user or account)
