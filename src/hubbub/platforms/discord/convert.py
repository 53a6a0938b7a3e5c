"""Discord's dispatched events as the hub's. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from hubbub.core.addresses import Room, RoomKind
from hubbub.core.events import PRESSED, Deleted, Edited, Event, Joined, Reacted, Received
from hubbub.core.identities import Author, RoomRole
from hubbub.core.messages import Mention, Quote, Text
from hubbub.platforms.discord.segments import name_of, read
from hubbub.platforms.discord.wire import BadFrameError, Frame, Wire

PLATFORM = "discord"
_EPOCH_MS = 1_420_070_400_000
_JOINED = 7
_SAID = (0, 19, 20, 21, 23)
"""Types of messages that somebody wrote; the others are notes of Discord's own."""
_COMMAND, _BUTTON = 2, 3
_MANAGES = 1 << 3 | 1 << 5


def events(frame: Frame, me: str, session: str) -> Sequence[Event]:
    """The events of a dispatched frame; none for one that the hub has no word for.

    ``me`` is the bot's id; ``session`` names what has no id of its own together with its number.

    Raises:
        BadFrameError: it is not what the documents say.
    """
    try:
        return tuple(_events(frame, me, f"{session}/{frame.number}"))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        message = f"{frame.name} {frame.number} cannot be read: {error!r}"
        raise BadFrameError(message) from error


def snowflake_time(name: str) -> float:
    """When an id was made (API reference, "Snowflakes")."""
    return ((int(name) >> 22) + _EPOCH_MS) / 1000


def _events(frame: Frame, me: str, number: str) -> Iterator[Event]:
    raw: Wire = frame.data
    match frame.name:
        case "MESSAGE_CREATE":
            yield from _message(raw, me)
        case "MESSAGE_UPDATE" if raw.get("edited_timestamp") and raw.get("author"):
            yield from _edited(raw, me)
        case "MESSAGE_DELETE":
            yield _deleted(raw, me, str(raw["id"]))
        case "MESSAGE_DELETE_BULK":
            for each in raw["ids"]:
                yield _deleted(raw, me, str(each))
        case "MESSAGE_REACTION_ADD" | "MESSAGE_REACTION_REMOVE":
            yield from _reacted(raw, me, number, removed=frame.name.endswith("REMOVE"))
        case "INTERACTION_CREATE":
            yield from _interaction(raw, me)


def _room(raw: Wire, me: str) -> Room:
    kind: RoomKind = "group" if raw.get("guild_id") else "private"
    return Room(PLATFORM, me, kind, str(raw["channel_id"]))


def _message(raw: Wire, me: str) -> Iterator[Event]:
    name, author = str(raw["id"]), _author(raw)
    if author.id == me:
        return
    room, time = _room(raw, me), snowflake_time(name)
    if raw.get("type") == _JOINED:
        yield Joined(name, room, author, time)
        return
    if raw.get("type", 0) not in _SAID:
        return
    message = read(raw)
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
    )


def _edited(raw: Wire, me: str) -> Iterator[Event]:
    author, when = _author(raw), str(raw["edited_timestamp"])
    if author.id != me:
        time = datetime.fromisoformat(when).timestamp()
        yield Edited(f"{raw['id']}/{when}", _room(raw, me), author, read(raw), time, str(raw["id"]))


def _deleted(raw: Wire, me: str, name: str) -> Deleted:
    # Discord tells neither who wrote it nor who took it back.
    return Deleted(f"{name}/deleted", _room(raw, me), Author(""), snowflake_time(name), name)


def _reacted(raw: Wire, me: str, number: str, *, removed: bool) -> Iterator[Event]:
    who, emoji = str(raw["user_id"]), raw["emoji"]
    if who == me:
        return
    member = raw.get("member") or {}
    shown = f"{emoji['name']}:{emoji['id']}" if emoji.get("id") else str(emoji["name"])
    author = Author(who, name_of(member.get("user") or {}, member))
    name = str(raw["message_id"])
    yield Reacted(f"reaction/{number}", _room(raw, me), author, snowflake_time(name), name, shown, removed)


def _interaction(raw: Wire, me: str) -> Iterator[Event]:
    """A slash command, or a button, says what somebody would have typed."""
    data, member = raw.get("data") or {}, raw.get("member")
    user = member["user"] if member else raw["user"]
    text = typed(raw.get("type"), data)
    if text:
        name = str(raw["id"])
        pressed = raw.get("type") == _BUTTON
        quote = (Quote(str(raw["message"]["id"]), me),) if pressed else ()
        yield Received(
            id=name,
            room=_room(raw, me),
            author=replace(_person(user, member), room_role=_role(member)),
            message=(*quote, Text(text)),
            time=snowflake_time(name),
            message_id=name,
            addressed=True,
            locale=str(raw.get("locale") or ""),
            options={PRESSED: True} if pressed else {},
        )


def _role(member: Wire | None) -> RoomRole:
    """Who may administer or manage the server runs its rooms; only interactions say so."""
    permissions = str((member or {}).get("permissions") or "0")
    return "admin" if permissions.isdecimal() and int(permissions) & _MANAGES else "member"


def typed(kind: object, data: Wire) -> str:
    """What an interaction stands for in words; "" for a kind that the hub does not use."""
    if kind == _COMMAND:
        values = [str(option.get("value", "")) for option in data.get("options") or ()]
        return " ".join(filter(None, (f"/{data['name']}", *values)))
    return str(data.get("custom_id") or "") if kind == _BUTTON else ""


def _author(raw: Wire) -> Author:
    return _person(raw["author"], raw.get("member"))


def _person(user: Wire, member: Wire | None) -> Author:
    return Author(str(user["id"]), name_of(user, member), is_bot=bool(user.get("bot")))
