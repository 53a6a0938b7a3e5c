"""OneBot's events as the hub's. Pure.

Ids: a message is known by its id and time, everything else by its kind, who and what it concerns, and its time, so
that the same event over two connections is one.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import orjson

from hubbub.core.acts import RequestKind
from hubbub.core.addresses import Room
from hubbub.core.events import Deleted, Event, Joined, Left, Noticed, Poked, Reacted, Received, Requested
from hubbub.core.identities import Author, RoomRole
from hubbub.core.messages import Mention, Message, Quote, Text
from hubbub.platforms.onebot.bounds import bounded, scalar
from hubbub.platforms.onebot.segments import PLATFORM, read_message
from hubbub.platforms.onebot.wire import BadFrame, Flaw, WireObject

_ROLES: dict[object, RoomRole] = {"owner": "owner", "admin": "admin", "member": "member"}
_ROBOTS = range(2854196301, 2854216400)  # numbers of QQ's own group assistants
_FACES = 5000  # a reaction's number is a face of QQ's up to here, a Unicode code point above
_MILLISECONDS = 10**11
_LONGEST_ID = 128


def read_event(frame: WireObject, account: str, now: float) -> Event | None:
    """The event of a frame seen by ``account``; None for what concerns nobody (our own messages).

    ``now`` stands in for a missing time.

    Raises:
        BadFrame: it is no event, or lacks what it needs.
    """
    post = frame.get("post_type")
    if post == "message":
        return _message(frame, account, now)
    if post == "notice":
        return _notice(frame, account, now)
    if post == "request":
        return _request(frame, account, now)
    if post == "message_sent":
        return None
    raise BadFrame(Flaw.UNKNOWN, scalar(post)[:50])


def quoted(event: Event) -> str:
    """The id of the message that an event answers, if only that may make it meant for the bot."""
    if type(event) is not Received or event.addressed or len(event.message) < 2:
        return ""
    return next((segment.message_id for segment in event.message if type(segment) is Quote), "")


def _time(frame: WireObject, now: float) -> float:
    value = frame.get("time")
    if type(value) is int and 0 < value < _MILLISECONDS:
        return float(value)
    if isinstance(value, float) and 0 < value < _MILLISECONDS:
        return value
    if isinstance(value, (int, float)) and _MILLISECONDS <= value < _MILLISECONDS * 100:
        return value / 1000
    return now


def _id(frame: WireObject, key: str) -> str:
    value = scalar(frame.get(key))
    if len(value) > _LONGEST_ID:
        raise BadFrame(Flaw.TOO_LONG, key)
    return value


def _needed(frame: WireObject, key: str) -> str:
    value = _id(frame, key)
    if not value:
        raise BadFrame(Flaw.LACKS, key)
    return value


def _addressed(message: Message, account: str) -> bool:
    if len(message) == 1 and type(message[0]) is Text:
        return False
    return any(type(segment) is Mention and segment.user == account for segment in message)


def _message(frame: WireObject, account: str, now: float) -> Event | None:
    user = _needed(frame, "user_id")
    if user == account:
        return None  # some implementations tell us our own messages as everybody else's
    time = _time(frame, now)
    message_id = _needed(frame, "message_id")
    identity = f"m{message_id}@{time:.0f}"
    sender = frame.get("sender")
    sender = sender if type(sender) is dict else {}
    if frame.get("message_type") == "group":
        return _group_message(frame, account, sender, (identity, user, message_id, time))
    message = read_message(frame.get("message"))
    name = sender.get("nickname")
    return Received(
        identity,
        _private_room(frame, account, user, sender),
        Author(user, name if type(name) is str else ""),
        message,
        time,
        message_id,
        addressed=True,
    )


def _private_room(frame: WireObject, account: str, user: str, sender: WireObject) -> Room:
    if frame.get("sub_type") == "group":
        group = _id(frame, "group_id") or _id(sender, "group_id")
        return Room(PLATFORM, account, "temporary", user, group)
    return Room(PLATFORM, account, "private", user)


def _group_message(
    frame: WireObject, account: str, sender: WireObject, known: tuple[str, str, str, float]
) -> Event | None:
    identity, user, message_id, time = known
    room = Room(PLATFORM, account, "group", _needed(frame, "group_id"))
    if frame.get("sub_type") == "notice":
        return Noticed(identity, room, Author(user), time, "group_system_message", _rest(frame))
    anonymous = frame.get("anonymous")
    if type(anonymous) is dict:
        author = Author(f"anonymous:{_id(anonymous, 'id')}", scalar(anonymous.get("name")))
    else:
        author = _member(user, sender)
    message = read_message(frame.get("message"))
    return Received(identity, room, author, message, time, message_id, addressed=_addressed(message, account))


def _member(user: str, sender: WireObject) -> Author:
    name = sender.get("card") or sender.get("nickname")
    is_bot = user.startswith("2854") and user.isdecimal() and int(user) in _ROBOTS
    return Author(user, name if type(name) is str else "", _ROLES.get(scalar(sender.get("role")), "unknown"), is_bot)


# --- notices ---

_FLEETING = frozenset({"notify.input_status"})  # told at every keystroke, and worth nothing a second later
_KNOWN = frozenset({"time", "self_id", "post_type", "notice_type", "user_id", "group_id", "message", "raw_message"})


def _rest(frame: WireObject) -> dict[str, object]:
    return bounded({key: value for key, value in frame.items() if key not in _KNOWN})


def _kind(frame: WireObject) -> str:
    kind = scalar(frame.get("notice_type"))
    return f"notify.{scalar(frame.get('sub_type'))}" if kind == "notify" else kind


def _identity(frame: WireObject, time: float, *keys: str) -> str:
    """Its kind, the values of the keys, its time."""
    kind = frame.get("notice_type") or frame.get("request_type")
    parts = [scalar(kind), scalar(frame.get("sub_type"))]
    parts.extend(scalar(frame.get(key)) for key in ("group_id", "user_id", *keys))
    parts.append(f"{time:.0f}")
    return ":".join(parts)[:300]


def _room(frame: WireObject, account: str, user: str) -> Room:
    group = _id(frame, "group_id")
    if group and group != "0":
        return Room(PLATFORM, account, "group", group)
    return Room(PLATFORM, account, "private", user or account)


def _other(frame: WireObject, key: str, than: str) -> str:
    """The person under a key; "" if it is nobody or the same one."""
    value = _id(frame, key)
    return "" if value in ("0", than) else value


def _notice(frame: WireObject, account: str, now: float) -> Event | None:
    time = _time(frame, now)
    kind = _kind(frame)
    if not kind:
        raise BadFrame(Flaw.LACKS, "notice_type")
    reader = _NOTICES.get(kind)
    if reader is not None:
        return reader(frame, account, time)
    if kind in _FLEETING:
        return None
    user = _id(frame, "user_id")
    rest = _rest(frame)
    # Nobody knows what tells two notices of an unknown kind apart, so all that they say does.
    told = zlib.crc32(orjson.dumps(rest, option=orjson.OPT_SORT_KEYS))
    identity = f"{_identity(frame, time)}:{told:08x}"
    return Noticed(identity, _room(frame, account, user), Author(user), time, kind, rest)


def _joined(frame: WireObject, account: str, time: float) -> Event | None:
    user = _needed(frame, "user_id")
    identity = _identity(frame, time, "operator_id")
    return Joined(identity, _room(frame, account, user), Author(user), time, _other(frame, "operator_id", user))


def _left(frame: WireObject, account: str, time: float) -> Event | None:
    user = _needed(frame, "user_id")
    identity = _identity(frame, time, "operator_id")
    return Left(identity, _room(frame, account, user), Author(user), time, _other(frame, "operator_id", user))


def _recalled(frame: WireObject, account: str, time: float) -> Event | None:
    user = _needed(frame, "user_id")
    message_id = _needed(frame, "message_id")
    by = _other(frame, "operator_id", user)
    return Deleted(
        _identity(frame, time, "message_id"), _room(frame, account, user), Author(user), time, message_id, by
    )


def _poked(frame: WireObject, account: str, time: float) -> Event | None:
    room = _room(frame, account, _needed(frame, "user_id"))
    author = _id(frame, "sender_id") or _needed(frame, "user_id")
    if author == account:
        return None
    target = _id(frame, "target_id")
    return Poked(_identity(frame, time, "sender_id", "target_id"), room, Author(author), time, target)


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
    user = _id(frame, "operator_id") or _id(frame, "user_id")
    if user == account:
        return None
    removed = frame.get("is_add") is False or frame.get("sub_type") == "remove"
    # Nothing but the number of reactions tells two of the same person in the same second apart.
    seen = f"{code}:{'-' if removed else '+'}:{scalar(first.get('count') or frame.get('count'))}"
    return Reacted(
        f"{_identity(frame, time, 'operator_id', 'message_id')}:{seen}",
        _room(frame, account, user),
        Author(user),
        time,
        _needed(frame, "message_id"),
        reaction_of(code),
        removed=removed,
    )


_NOTICES: dict[str, Callable[[WireObject, str, float], Event | None]] = {
    "group_increase": _joined,
    "friend_add": _joined,
    "group_decrease": _left,
    "group_recall": _recalled,
    "friend_recall": _recalled,
    "notify.poke": _poked,
    "group_msg_emoji_like": _reacted,
    "reaction": _reacted,
}


_REQUESTS: dict[tuple[str, str], RequestKind] = {
    ("friend", ""): "friend",
    ("group", "add"): "join",
    ("group", "invite"): "invite",
}


def _request(frame: WireObject, account: str, now: float) -> Event | None:
    time = _time(frame, now)
    user = _needed(frame, "user_id")
    kind = scalar(frame.get("request_type"))
    found = _REQUESTS.get((kind, scalar(frame.get("sub_type")) if kind == "group" else ""))
    if found is None:
        raise BadFrame(Flaw.UNKNOWN, kind[:50])
    ticket, comment = _needed(frame, "flag"), scalar(frame.get("comment"))
    identity = f"{_identity(frame, time)}:{ticket}"[:300]
    room = _room(frame, account, user)
    return Requested(identity, room, Author(user), time, found, ticket, comment, _answer(comment))


_BEFORE_ANSWER = "答案："


def _answer(comment: str) -> str | None:
    """What somebody answered to the question of a group, which QQ writes before it; None where there is none."""
    _, sign, answer = comment.rpartition(_BEFORE_ANSWER)
    return answer if sign else None
