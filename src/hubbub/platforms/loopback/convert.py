"""The loopback's JSON as the hub's events, and the hub's messages as its JSON. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from hubbub.core.addresses import Room, RoomKind
from hubbub.core.events import Deleted, Edited, Event, Joined, Left, Poked, Reacted, Received
from hubbub.core.identities import Author, RoomRole
from hubbub.core.messages import (
    Audio,
    Contact,
    Face,
    File,
    Forward,
    Image,
    Link,
    Location,
    Media,
    Mention,
    Message,
    Node,
    Quote,
    Raw,
    Segment,
    Text,
    Video,
)
from hubbub.platforms.loopback.wire import BadEvent, WireObject

PLATFORM = "loopback"

_KINDS: dict[str, RoomKind] = {kind: kind for kind in ("private", "group", "channel", "temporary")}
_ROLES: dict[str, RoomRole] = {role: role for role in ("owner", "admin", "member", "unknown")}
_MAX_DEPTH = 4


# --- segments ---


def _media(data: WireObject) -> Media:
    media = data["media"]
    size = media.get("size")
    return Media(
        url=str(media.get("url", "")),
        file_id=str(media.get("file_id", "")),
        name=str(media.get("name", "")),
        mime=str(media.get("mime", "")),
        size=int(size) if size is not None else None,
    )


def _texts(data: WireObject, *keys: str) -> list[str]:
    return [str(data.get(key) or "") for key in keys]


def _seconds(data: WireObject) -> float | None:
    return float(data["seconds"]) if data.get("seconds") is not None else None


def _nodes(data: WireObject, depth: int) -> tuple[Node, ...]:
    if depth >= _MAX_DEPTH:
        return ()
    return tuple(_node(node, depth + 1) for node in data.get("nodes", ()))


def _node(data: WireObject, depth: int) -> Node:
    author, name, message_id = _texts(data, "author", "name", "message_id")
    return Node(author, name, read_message(data.get("message"), depth), message_id)


def _quote(data: WireObject) -> Quote:
    message_id, author, excerpt = _texts(data, "message_id", "author", "excerpt")
    return Quote(message_id, author, excerpt)


def _link(data: WireObject) -> Link:
    url, title, summary, image = _texts(data, "url", "title", "summary", "image")
    return Link(url, title, summary, image)


def _face(data: WireObject) -> Face:
    identity, text = _texts(data, "id", "text")
    return Face(identity, text)


def _location(data: WireObject) -> Location:
    title, address = _texts(data, "title", "address")
    return Location(float(data["latitude"]), float(data["longitude"]), title, address)


def _contact(data: WireObject) -> Contact:
    name, user, vcard = _texts(data, "name", "user", "vcard")
    return Contact(name, tuple(map(str, data.get("phones") or ())), user, vcard)


def _mention(data: WireObject) -> Mention:
    user, name = _texts(data, "user", "name")
    return Mention(user, name, everyone=bool(data.get("everyone")))


_READERS: dict[str, Callable[[WireObject], Segment]] = {
    "text": lambda data: Text(str(data["text"])),
    "mention": _mention,
    "image": lambda data: Image(_media(data), str(data.get("alt", ""))),
    "file": lambda data: File(_media(data)),
    "audio": lambda data: Audio(_media(data), bool(data.get("voice", True)), _seconds(data)),
    "video": lambda data: Video(_media(data), _seconds(data)),
    "quote": _quote,
    "face": _face,
    "link": _link,
    "location": _location,
    "contact": _contact,
}


def _segment(data: object, depth: int) -> Segment:
    if not isinstance(data, dict):
        return Raw(PLATFORM, "odd", {"value": str(data)[:1000]})
    kind = str(data.get("type", ""))
    try:
        if kind == "forward":
            return Forward(_nodes(data, depth), str(data.get("id", "")))
        if kind in _READERS:
            return _READERS[kind](data)
    except (KeyError, TypeError, ValueError, AttributeError):
        pass  # a segment without what it needs is kept as it came, like one that is not known
    return Raw(PLATFORM, kind, {key: value for key, value in data.items() if key != "type"})


def read_message(value: object, depth: int = 0) -> Message:
    """A message of words alone, or of segments."""
    if isinstance(value, str):
        return (Text(value),)
    return tuple(_segment(item, depth) for item in value) if isinstance(value, list) else ()


def write_message(message: Message) -> list[WireObject]:
    """A message as segments; those that only another platform knows are left out."""
    return [_written(segment) for segment in message if not isinstance(segment, Raw) or segment.platform == PLATFORM]


def _written(segment: Segment) -> WireObject:
    if isinstance(segment, Raw):
        return {"type": segment.kind, **segment.data}
    return asdict(segment)


# --- events ---


def _room(wire: WireObject, account: str) -> Room:
    room = wire["room"]
    return Room(PLATFORM, account, _KINDS[room["kind"]], str(room["id"]), str(room.get("thread", "")))


def _author(wire: WireObject) -> Author:
    author = wire["author"]
    role = _ROLES.get(author.get("role", "member"), "unknown")
    return Author(str(author["id"]), str(author.get("name", "")), role, bool(author.get("bot")))


def read_event(wire: WireObject, account: str) -> Event:
    """The event of a wire object.

    Raises:
        BadEvent: it lacks what it needs.
    """
    try:
        kind = wire["type"]
        common: tuple[str, Room, Author] = (str(wire["id"]), _room(wire, account), _author(wire))
        return _EVENTS[kind](common, float(wire.get("time", 0.0)), wire)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadEvent(repr(error)[:200]) from None


def _received(common: tuple[str, Room, Author], time: float, wire: WireObject) -> Event:
    room = common[1]
    message_id = str(wire.get("message_id", common[0]))
    addressed = bool(wire.get("addressed", room.direct))
    return Received(
        *common,
        read_message(wire.get("message", wire.get("text"))),
        time,
        message_id,
        addressed=addressed,
        locale=str(wire.get("locale", "")),
    )


def _edited(common: tuple[str, Room, Author], time: float, wire: WireObject) -> Event:
    return Edited(*common, read_message(wire.get("message", wire.get("text"))), time, str(wire["message_id"]))


_EVENTS: dict[Any, Callable[[tuple[str, Room, Author], float, WireObject], Event]] = {
    "message": _received,
    "edit": _edited,
    "delete": lambda common, time, wire: Deleted(*common, time, str(wire["message_id"]), str(wire.get("by", ""))),
    "react": lambda common, time, wire: Reacted(
        *common, time, str(wire["message_id"]), str(wire["emoji"]), bool(wire.get("removed"))
    ),
    "join": lambda common, time, wire: Joined(*common, time, str(wire.get("by", ""))),
    "leave": lambda common, time, wire: Left(*common, time, str(wire.get("by", ""))),
    "poke": lambda common, time, wire: Poked(*common, time, str(wire["target"])),
}
