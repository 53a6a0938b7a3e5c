"""Discord's dispatched events as the hub's. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from hubbub.core.addresses import Room
from hubbub.core.events import PRESSED, TAKES_PART, Deleted, Edited, Event, Joined, Left, Reacted, Received
from hubbub.core.identities import Author, RoomRole
from hubbub.core.messages import Mention, Message, Quote, Text
from hubbub.platforms.discord.places import MANAGES, Server, Thread
from hubbub.platforms.discord.segments import name_of, read
from hubbub.platforms.discord.wire import BadFrameError, Frame, Wire

PLATFORM = "discord"
_EPOCH_MS = 1_420_070_400_000
_JOINED = 7
_SAID = (0, 19, 20, 21, 23)
"""Types of messages that somebody wrote; the others are notes of Discord's own."""
COMMAND, _BUTTON = 2, 3
"""Kinds of interactions."""
_MEMBER: RoomRole = "member"


@dataclass(frozen=True, slots=True)
class Around:
    """What an event does not say itself: ``me`` is the bot's id, ``session`` names what has no id of its own.

    ``now``: when it came. ``members``: Discord tells of members by events, so its notes of newcomers are passed over.
    """

    me: str
    session: str = ""
    now: float = 0.0
    server: Server | None = None
    thread: Thread | None = None
    members: bool = False


def events(frame: Frame, around: Around) -> Sequence[Event]:
    """The events of a dispatched frame; none for one that the hub has no word for.

    Raises:
        BadFrameError: it is not what the documents say.
    """
    try:
        return tuple(_events(frame, around))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        message = f"{frame.name} {frame.number} cannot be read: {error!r}"
        raise BadFrameError(message) from error


def snowflake_time(name: str) -> float:
    """When an id was made (API reference, "Snowflakes")."""
    return ((int(name) >> 22) + _EPOCH_MS) / 1000


def _events(frame: Frame, around: Around) -> Iterator[Event]:
    raw: Wire = frame.data
    number = f"{around.session}/{frame.number}"
    match frame.name:
        case "MESSAGE_CREATE":
            yield from _message(raw, around)
        case "MESSAGE_UPDATE" if raw.get("edited_timestamp") and raw.get("author"):
            yield from _edited(raw, around)
        case "MESSAGE_DELETE" | "MESSAGE_DELETE_BULK":
            for each in raw.get("ids") or (raw["id"],):
                yield _deleted(raw, around, str(each))
        case "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE":
            yield from _reacted(raw, around, number, removed=frame.name.endswith("REMOVE"))
        case "INTERACTION_CREATE":
            yield from _interaction(raw, around)
        case "GUILD_MEMBER_ADD" | "GUILD_MEMBER_REMOVE":
            yield from _moved(raw, around, number, came=frame.name.endswith("ADD"))


def _room(raw: Wire, around: Around) -> Room:
    channel = str(raw["channel_id"])
    if not raw.get("guild_id"):
        return Room(PLATFORM, around.me, "private", channel)
    if around.thread is None:
        return Room(PLATFORM, around.me, "group", channel)
    return Room(PLATFORM, around.me, "group", around.thread.parent, channel)


def _message(raw: Wire, around: Around) -> Iterator[Event]:
    name, author, me = str(raw["id"]), _author(raw, around), around.me
    if author.id == me:
        return
    room, time = _room(raw, around), snowflake_time(name)
    if raw.get("type") == _JOINED:
        if not around.members:
            yield Joined(name, room, author, time)
        return
    if raw.get("type", 0) not in _SAID:
        return
    message = _titled(_content(raw, around), raw, around)
    if not any(not isinstance(each, Quote) for each in message):
        return
    called = any(isinstance(each, Mention) and each.user == me for each in message)
    answers = any(isinstance(each, Quote) and each.author == me for each in message)
    yield Received(
        id=name,
        room=room,
        author=author,
        message=message,
        time=time,
        message_id=name,
        addressed=room.direct or called or answers,
        options={TAKES_PART: True} if around.thread is not None and around.thread.joined else {},
    )


def _content(raw: Wire, around: Around) -> Message:
    """What a message shows; a mention of a role that only the bot has is one of the bot."""
    return read(raw, dict.fromkeys(around.server.own, around.me) if around.server is not None else {})


def _titled(message: Message, raw: Wire, around: Around) -> Message:
    """A post of a forum with its title, which its first message, whose id is the post's, does not repeat."""
    if around.thread is None or not around.thread.title or raw["id"] != raw["channel_id"]:
        return message
    return (Text(f"{around.thread.title}\n\n"), *message)


def _edited(raw: Wire, around: Around) -> Iterator[Event]:
    author, when = _author(raw, around), str(raw["edited_timestamp"])
    if author.id != around.me:
        time, message = datetime.fromisoformat(when).timestamp(), _titled(_content(raw, around), raw, around)
        yield Edited(f"{raw['id']}/{when}", _room(raw, around), author, message, time, str(raw["id"]))


def _deleted(raw: Wire, around: Around, name: str) -> Deleted:
    # Discord tells neither who wrote it nor who took it back.
    return Deleted(f"{name}/deleted", _room(raw, around), Author(""), snowflake_time(name), name)


def _reacted(raw: Wire, around: Around, number: str, *, removed: bool) -> Iterator[Event]:
    who, emoji = str(raw["user_id"]), raw["emoji"]
    if who == around.me:
        return
    member = raw.get("member") or {}
    shown = f"{emoji['name']}:{emoji['id']}" if emoji.get("id") else str(emoji["name"])
    author = Author(who, name_of(member.get("user") or {}, member))
    name = str(raw["message_id"])
    yield Reacted(f"reaction/{number}", _room(raw, around), author, snowflake_time(name), name, shown, removed)


def _interaction(raw: Wire, around: Around) -> Iterator[Event]:
    """A slash command, or a button, says what somebody would have typed."""
    data, member = raw.get("data") or {}, raw.get("member")
    user = member["user"] if member else raw["user"]
    text = typed(raw.get("type"), data)
    if text:
        name = str(raw["id"])
        pressed = raw.get("type") == _BUTTON
        quote = (Quote(str(raw["message"]["id"]), around.me),) if pressed else ()
        yield Received(
            id=name,
            room=_room(raw, around),
            author=_person(user, member, around),
            message=(*quote, Text(text)),
            time=snowflake_time(name),
            message_id=name,
            addressed=True,
            locale=str(raw.get("locale") or ""),
            options={PRESSED: True} if pressed else {},
        )


def _moved(raw: Wire, around: Around, number: str, *, came: bool) -> Iterator[Event]:
    """Somebody came to a server or left it: told where Discord's own notes of newcomers stand."""
    if around.server is None or not around.server.greets:
        return
    room = Room(PLATFORM, around.me, "group", around.server.greets)
    author = _person(raw["user"], raw, around)
    if came:
        yield Joined(f"member/{number}", room, author, datetime.fromisoformat(str(raw["joined_at"])).timestamp())
    else:
        yield Left(f"member/{number}", room, author, around.now)


def typed(kind: object, data: Wire) -> str:
    """What an interaction stands for in words; "" for a kind that the hub does not use."""
    if kind == COMMAND:
        values = [str(option.get("value", "")) for option in data.get("options") or ()]
        return " ".join(filter(None, (f"/{data['name']}", *values)))
    return str(data.get("custom_id") or "") if kind == _BUTTON else ""


def _author(raw: Wire, around: Around) -> Author:
    return _person(raw["author"], raw.get("member"), around)


def _person(user: Wire, member: Wire | None, around: Around) -> Author:
    """Somebody, with what they are in the server: by their roles, or by their rights where an interaction says them."""
    name, role = str(user["id"]), _MEMBER
    if member and around.server is not None:
        role = around.server.role(name, map(str, member.get("roles") or ()))
    rights = str((member or {}).get("permissions") or "0")
    if role == _MEMBER and rights.isdecimal() and int(rights) & MANAGES:
        role = "admin"
    return Author(name, name_of(user, member), role, bool(user.get("bot")))
