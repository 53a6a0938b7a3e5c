"""Pure: what a callback says as an event, and what goes out as texts and files in the platform's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hubbub.core.addresses import Room
from hubbub.core.events import Event, Joined, Left, Noticed, Received
from hubbub.core.identities import Author
from hubbub.core.messages import (
    Audio,
    Buttons,
    Contact,
    Do,
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
from hubbub.markup.in_words import in_words
from hubbub.platforms.wechat_official.wire import Fields

NAME = "wechat_official"
LONGEST_TEXT = 2048
"""Bytes of UTF-8 of one text message, passive or by the API."""


class Unusable(ValueError):
    """A callback that lacks what every one has."""


@dataclass(frozen=True, slots=True)
class Perspective:
    """Who reads: the hub's name of the account, and the language that its people are answered in."""

    account: str
    locale: str = ""


def event_of(fields: Fields, seen_by: Perspective) -> Event:
    """The event of a callback.

    Raises:
        Unusable: nobody can tell who sent it, when, or what it is.
    """
    user, kind = fields.get("FromUserName", ""), fields.get("MsgType", "").lower()
    if not user or not kind or len(user) > _LONGEST_ID:
        message = "FromUserName and MsgType are needed"
        raise Unusable(message)
    room = Room(NAME, seen_by.account, "private", user)
    time = _time(fields)
    if kind == "event":
        return _event(fields, room, time, seen_by)
    number = fields.get("MsgId", "")
    if not number or len(number) > _LONGEST_ID:
        message = "MsgId is needed"
        raise Unusable(message)
    reader = _MESSAGES.get(kind)
    if reader is None:
        return Noticed(number, room, Author(user), time, kind, _rest(fields))
    return Received(
        number,
        room,
        Author(user),
        reader(fields, seen_by.account),
        time,
        number,
        addressed=True,
        locale=seen_by.locale,
    )


_LONGEST_ID = 128
_EARLIEST, _LATEST = 0.0, 1e11


def _time(fields: Fields) -> float:
    """When the person acted. Raises Unusable."""
    text = fields.get("CreateTime", "")
    time = float(text) if text.isascii() and text.isdecimal() and len(text) < 16 else -1.0
    if not _EARLIEST <= time <= _LATEST:
        message = "CreateTime is needed"
        raise Unusable(message)
    return time


# --- messages --------------------------------------------------------------------------------------------------------


def _text(fields: Fields, account: str) -> Message:  # noqa: ARG001 - every reader has the same shape
    return (Text(fields.get("Content", "")),)


def _image(fields: Fields, account: str) -> Message:
    return (Image(Media(_address(fields.get("PicUrl", "")), _handle(account, fields.get("MediaId", "")))),)


def _voice(fields: Fields, account: str) -> Message:
    """A recording, with its words where the platform recognised them."""
    kind = fields.get("Format", "").lower()
    recording = Audio(Media(file_id=_handle(account, fields.get("MediaId", "")), mime=f"audio/{kind}" if kind else ""))
    words = fields.get("Recognition", "").strip()
    return (recording, Text(words)) if words else (recording,)


def _video(fields: Fields, account: str) -> Message:
    return (Video(Media(file_id=_handle(account, fields.get("MediaId", "")), mime="video/mp4")),)


def _location(fields: Fields, account: str) -> Message:  # noqa: ARG001 - as above
    latitude, longitude = _degrees(fields.get("Location_X")), _degrees(fields.get("Location_Y"))
    return (Location(latitude, longitude, address=fields.get("Label", "")),)


def _link(fields: Fields, account: str) -> Message:  # noqa: ARG001 - as above
    return (Link(_address(fields.get("Url", "")), fields.get("Title", ""), fields.get("Description", "")),)


_MESSAGES: dict[str, Callable[[Fields, str], Message]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "location": _location,
    "link": _link,
}


def _handle(account: str, media_id: str) -> str:
    """By which the file can be fetched: media ids are an account's own."""
    return f"{account}/{media_id}" if media_id else ""


def handle_of(media: Media) -> tuple[str, str]:
    """The account and the media id of a handle; empty where it is none."""
    account, _, media_id = media.file_id.partition("/")
    return account, media_id


def _address(url: str) -> str:
    return url if url.startswith(("http://", "https://")) else ""


def _degrees(text: str | None) -> float:
    try:
        value = float(text or "")
    except ValueError:
        return 0.0
    return value if abs(value) <= 180 else 0.0


# --- events ----------------------------------------------------------------------------------------------------------


def _event(fields: Fields, room: Room, time: float, seen_by: Perspective) -> Event:
    """Events have no id of their own: who, when, and what tells one from another, as the platform recommends."""
    name, key = fields.get("Event", ""), fields.get("EventKey", "")
    kind = name.lower()
    more = key or fields.get("MsgID", "")
    number = f"{kind}:{room.id}:{int(time)}" + (f":{more[:_LONGEST_ID]}" if more else "")
    author = Author(room.id)
    if kind == "subscribe":
        return Joined(number, room, author, time, invited_by=key.removeprefix("qrscene_"))
    if kind == "unsubscribe":
        return Left(number, room, author, time)
    if kind == "click" and key:
        message = (Text(key),)
        return Received(number, room, author, message, time, number, addressed=True, locale=seen_by.locale)
    return Noticed(number, room, author, time, kind or "event", _rest(fields))


_KNOWN = frozenset(("ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "MsgId", "Encrypt"))
_LONGEST_VALUE = 2000


def _rest(fields: Fields) -> dict[str, object]:
    """What else the platform told, as it told it."""
    return {name: value[:_LONGEST_VALUE] for name, value in fields.items() if name not in _KNOWN}


# --- going out -------------------------------------------------------------------------------------------------------

Piece = Text | Image | Audio | Video | Link | Raw
"""What one message of the platform can be."""


def pieces_of(message: Message) -> list[Piece]:
    """The messages of the platform that show a message of ours, in order; none if nothing of it can be shown here."""
    found: list[Piece] = []
    for segment in message:
        shown = _shown(segment)
        last = found[-1] if found else None
        if isinstance(shown, Text) and isinstance(last, Text):
            found[-1] = Text(last.text + shown.text, verbatim=True)
        elif shown is not None and not (isinstance(shown, Text) and not shown.text):
            found.append(shown)
    return [each for each in found if not isinstance(each, Text) or each.text.strip()]


def _shown(segment: Segment) -> Piece | None:
    match segment:
        case Text() | Image() | Audio() | Video() | Link():
            return segment
        case Raw():
            return segment if segment.platform == NAME else None
        case Quote() | Buttons() | Do():
            return None
        case _:
            return Text(_in_words(segment), verbatim=True)


def _in_words(segment: Mention | Face | Location | Contact | Forward | File) -> str:
    match segment:
        case Mention():
            return f"@{segment.name or segment.user or 'all'} "
        case Face():
            return segment.text
        case Location() | Contact():
            return in_words(segment)
        case Forward():
            return "\n".join(map(_node, segment.nodes))
        case File():
            return stand_in(segment)


def _node(node: Node) -> str:
    words = "".join(each.text for each in node.message if isinstance(each, Text | Face))
    return f"{node.name or node.author}: {words}"


def stand_in(piece: Image | Audio | Video | File) -> str:
    """The words for a file that cannot be shown."""
    sign = "🖼" if isinstance(piece, Image) else "🔊" if isinstance(piece, Audio) else "📎"
    name = (piece.alt if isinstance(piece, Image) else "") or piece.media.name
    url = piece.media.url if piece.media.url.startswith(("http://", "https://")) else ""
    return " ".join(filter(None, (sign, name, url)))
