"""OneBot's events as the hub's. Pure.

Ids: a message is known by its id and time, everything else by its kind, who and what it concerns, and its time, so
that the same event over two connections is one.
"""

from __future__ import annotations

from hubbub.core.addresses import Room
from hubbub.core.events import Event, Noticed, Received
from hubbub.core.identities import Author, RoomRole
from hubbub.core.messages import Mention, Message, Quote, Text
from hubbub.platforms.onebot.bounds import scalar
from hubbub.platforms.onebot.fields import id_of, needed, rest_of, time_of
from hubbub.platforms.onebot.notices import read_notice
from hubbub.platforms.onebot.requests import read_request
from hubbub.platforms.onebot.segments import PLATFORM, read_message
from hubbub.platforms.onebot.wire import BadFrame, Flaw, WireObject

_ROLES: dict[object, RoomRole] = {"owner": "owner", "admin": "admin", "member": "member"}
_ROBOTS = range(2854196301, 2854216400)  # numbers of QQ's own group assistants


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
        return read_notice(frame, account, now)
    if post == "request":
        return read_request(frame, account, now)
    if post == "message_sent":
        return None
    raise BadFrame(Flaw.UNKNOWN, scalar(post)[:50])


def quoted(event: Event) -> str:
    """The id of the message that an event answers, if only that may make it meant for the bot."""
    if type(event) is not Received or event.addressed or len(event.message) < 2:
        return ""
    return next((segment.message_id for segment in event.message if type(segment) is Quote), "")


def _addressed(message: Message, account: str) -> bool:
    if len(message) == 1 and type(message[0]) is Text:
        return False
    return any(type(segment) is Mention and segment.user == account for segment in message)


def _message(frame: WireObject, account: str, now: float) -> Event | None:
    user = needed(frame, "user_id")
    if user == account:
        return None  # some implementations tell us our own messages as everybody else's
    time = time_of(frame, now)
    message_id = needed(frame, "message_id")
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
        group = id_of(frame, "group_id") or id_of(sender, "group_id")
        return Room(PLATFORM, account, "temporary", user, group)
    return Room(PLATFORM, account, "private", user)


def _group_message(
    frame: WireObject, account: str, sender: WireObject, known: tuple[str, str, str, float]
) -> Event | None:
    identity, user, message_id, time = known
    room = Room(PLATFORM, account, "group", needed(frame, "group_id"))
    if frame.get("sub_type") == "notice":
        return Noticed(identity, room, Author(user), time, "group_system_message", rest_of(frame))
    anonymous = frame.get("anonymous")
    if type(anonymous) is dict:
        author = Author(f"anonymous:{id_of(anonymous, 'id')}", scalar(anonymous.get("name")))
    else:
        author = _member(user, sender)
    message = read_message(frame.get("message"))
    return Received(identity, room, author, message, time, message_id, addressed=_addressed(message, account))


def _member(user: str, sender: WireObject) -> Author:
    name = sender.get("card") or sender.get("nickname")
    is_bot = user.startswith("2854") and user.isdecimal() and int(user) in _ROBOTS
    return Author(user, name if type(name) is str else "", _ROLES.get(scalar(sender.get("role")), "unknown"), is_bot)
