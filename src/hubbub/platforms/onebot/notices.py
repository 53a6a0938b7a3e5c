"""OneBot's notices as the hub's events. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import orjson

from hubbub.core.addresses import Room
from hubbub.core.events import Deleted, Event, Joined, Left, Noticed, Poked, Reacted
from hubbub.core.identities import Author
from hubbub.platforms.onebot.bounds import scalar
from hubbub.platforms.onebot.fields import id_of, identity_of, needed, rest_of, room_of, time_of
from hubbub.platforms.onebot.wire import BadFrame, Flaw, WireObject

Reader = Callable[[WireObject, str, float], Event | None]

_FACES = 5000  # a reaction's number is a face of QQ's up to here, a Unicode code point above
_FLEETING = frozenset({"notify.input_status"})  # told at every keystroke, and worth nothing a second later


def read_notice(frame: WireObject, account: str, now: float) -> Event | None:
    """The event of a notice; None for what concerns nobody. Raises BadFrame."""
    time = time_of(frame, now)
    kind = _kind(frame)
    if not kind:
        raise BadFrame(Flaw.LACKS, "notice_type")
    reader = _NOTICES.get(kind)
    if reader is not None:
        return reader(frame, account, time)
    if kind in _FLEETING:
        return None
    user = id_of(frame, "user_id")
    rest = rest_of(frame)
    # Nobody knows what tells two notices of an unknown kind apart, so all that they say does.
    told = zlib.crc32(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS))
    identity = f"{identity_of(frame, time)}:{told:08x}"
    return Noticed(identity, room_of(frame, account, user), Author(user), time, kind, rest)


def _moved(event: Callable[[str, Room, Author, float, str], Event]) -> Reader:
    """Reads that somebody came or left, and who let them in or removed them."""

    def read(frame: WireObject, account: str, time: float) -> Event:
        user = needed(frame, "user_id")
        identity, by = identity_of(frame, time, "operator_id"), _other(frame, "operator_id", user)
        return event(identity, room_of(frame, account, user), Author(user), time, by)

    return read


def _recalled(frame: WireObject, account: str, time: float) -> Event | None:
    user = needed(frame, "user_id")
    message_id = needed(frame, "message_id")
    by = _other(frame, "operator_id", user)
    return Deleted(
        identity_of(frame, time, "message_id"), room_of(frame, account, user), Author(user), time, message_id, by
    )


def _poked(frame: WireObject, account: str, time: float) -> Event | None:
    room = room_of(frame, account, needed(frame, "user_id"))
    author = id_of(frame, "sender_id") or needed(frame, "user_id")
    if author == account:
        return None
    target = id_of(frame, "target_id")
    return Poked(identity_of(frame, time, "sender_id", "target_id"), room, Author(author), time, target)


def reaction_of(code: str) -> str:
    """A reaction's number as an emoji, or as it is for a face of QQ's own."""
    if code.isdecimal() and _FACES < int(code) < 0x110000:
        return chr(int(code))
    return code


def reaction_code(emoji: str) -> str:
    """The number of a reaction, undoing `reaction_of`."""
    if emoji.isdecimal():
        return emoji
    return str(ord(emoji[0])) if emoji else ""


def _reacted(frame: WireObject, account: str, time: float) -> Event | None:
    likes: Any = frame.get("likes")
    first = likes[0] if isinstance(likes, list) and likes and isinstance(likes[0], dict) else {}
    code = scalar(first.get("emoji_id")) or scalar(frame.get("code"))
    if not code:
        raise BadFrame(Flaw.LACKS, "likes")
    user = id_of(frame, "operator_id") or id_of(frame, "user_id")
    if user == account:
        return None
    removed = frame.get("is_add") is False or frame.get("sub_type") == "remove"
    # Nothing but the number of reactions tells two of the same person in the same second apart.
    seen = f"{code}:{'-' if removed else '+'}:{scalar(first.get('count') or frame.get('count'))}"
    return Reacted(
        f"{identity_of(frame, time, 'operator_id', 'message_id')}:{seen}",
        room_of(frame, account, user),
        Author(user),
        time,
        needed(frame, "message_id"),
        reaction_of(code),
        removed=removed,
    )


_NOTICES: dict[str, Reader] = {
    "group_increase": _moved(Joined),
    "friend_add": _moved(Joined),
    "group_decrease": _moved(Left),
    "group_recall": _recalled,
    "friend_recall": _recalled,
    "notify.poke": _poked,
    "group_msg_emoji_like": _reacted,
    "reaction": _reacted,
}


def _kind(frame: WireObject) -> str:
    kind = scalar(frame.get("notice_type"))
    return f"notify.{scalar(frame.get('sub_type'))}" if kind == "notify" else kind


def _other(frame: WireObject, key: str, than: str) -> str:
    """The person under a key; "" if it is nobody or the same one."""
    value = id_of(frame, key)
    return "" if value in ("0", than) else value
