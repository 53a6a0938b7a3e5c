"""WeCom's callbacks as the hub's events. Pure.

Ids: a message is known by its MsgId; WeCom gives events none and says to tell them by who, when and what.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from hubbub.core.addresses import Room
from hubbub.core.events import Event, Joined, Left, Noticed, Received
from hubbub.core.identities import Author
from hubbub.core.messages import Audio, File, Image, Link, Location, Media, Message, Raw, Text, Video
from hubbub.platforms.wecom.wire import BadCallback, Fields

PLATFORM = "wecom"
_LONGEST_ID = 128
_LONGEST_TEXT = 20_000
_MOST_FIELDS = 40
_LATEST = 10**11
_CLICK = "click"
_KNOWN = frozenset({"ToUserName", "FromUserName", "CreateTime", "MsgType", "Event", "AgentID", "MsgId"})


@dataclass(frozen=True, slots=True)
class Seen:
    """By which account, and when; ``locale`` is the language of people who chose none."""

    account: str
    now: float
    locale: str = ""


def read_event(fields: Fields, seen: Seen) -> Event | None:
    """The event of a callback; None for what concerns nobody.

    Raises:
        BadCallback: it lacks what it needs.
    """
    kind = fields.get("MsgType", "")
    if kind == "event":
        return _event(fields, seen)
    author = Author(_needed(fields, "FromUserName"))
    room = Room(PLATFORM, seen.account, "private", author.id)
    message_id = _bounded(fields, "MsgId")
    identity = f"m{message_id}" if message_id else _told(fields)
    reader = _READERS.get(kind)
    message = reader(fields, seen.account) if reader else (Raw(PLATFORM, kind[:50], _rest(fields)),)
    time = _time(fields, seen.now)
    return Received(identity, room, author, message, time, message_id or identity, addressed=True, locale=seen.locale)


def _event(fields: Fields, seen: Seen) -> Event | None:
    kind = _needed(fields, "Event").lower()
    user = _bounded(fields, "FromUserName")
    if not user or user == "sys":
        return None  # about the company's address book, not about a conversation
    author, room = Author(user), Room(PLATFORM, seen.account, "private", user)
    time, identity = _time(fields, seen.now), _told(fields)
    if kind == _CLICK:
        words: Message = (Text(_needed(fields, "EventKey")),)
        return Received(identity, room, author, words, time, identity, addressed=True, locale=seen.locale)
    if kind == "subscribe":
        return Joined(identity, room, author, time)
    if kind == "unsubscribe":
        return Left(identity, room, author, time)
    return Noticed(identity, room, author, time, kind[:50], _rest(fields))


def greets(event: Event) -> bool:
    """Somebody opened the application."""
    return type(event) is Joined or (type(event) is Noticed and event.kind == "enter_agent")


def clicked(fields: Fields) -> bool:
    """It is a click on the menu, not something that somebody typed."""
    return fields.get("MsgType") == "event"


def handle(account: str, media_id: str) -> str:
    """A media id as a ``file_id`` of the hub, which must tell whose it is."""
    return f"{account}/{media_id}"


def parted(file_id: str) -> tuple[str, str]:
    """Account and media id of a ``file_id``."""
    account, _, media_id = file_id.partition("/")
    return account, media_id


# --- what a message is made of ---


def _text(fields: Fields, account: str) -> Message:  # noqa: ARG001 - every reader has the same shape
    return (Text(fields.get("Content", "")[:_LONGEST_TEXT]),)


def _image(fields: Fields, account: str) -> Message:
    url = fields.get("PicUrl", "")
    if not url.startswith(("http://", "https://")):
        url = ""
    return (Image(Media(url=url, file_id=_media_id(fields, account))),)


def _voice(fields: Fields, account: str) -> Message:
    kind = fields.get("Format", "").lower()[:10] or "amr"
    media = Media(file_id=_media_id(fields, account), name=f"voice.{kind}", mime=f"audio/{kind}")
    recognised = fields.get("Recognition", "").strip()
    heard: Message = (Text(recognised[:_LONGEST_TEXT]),) if recognised else ()
    return (Audio(media), *heard)


def _video(fields: Fields, account: str) -> Message:
    return (Video(Media(file_id=_media_id(fields, account), name="video.mp4", mime="video/mp4")),)


def _file(fields: Fields, account: str) -> Message:
    name = (fields.get("FileName") or fields.get("Title") or "")[:200]
    return (File(Media(file_id=_media_id(fields, account), name=name)),)


def _location(fields: Fields, account: str) -> Message:  # noqa: ARG001 - every reader has the same shape
    try:
        latitude, longitude = float(fields.get("Location_X", "")), float(fields.get("Location_Y", ""))
    except ValueError as error:
        message = "a place without coordinates"
        raise BadCallback(message) from error
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        message = "a place that is nowhere"
        raise BadCallback(message)
    return (Location(latitude, longitude, address=fields.get("Label", "")[:500]),)


def _link(fields: Fields, account: str) -> Message:  # noqa: ARG001 - every reader has the same shape
    url, title, summary, picture = (fields.get(key, "")[:2000] for key in ("Url", "Title", "Description", "PicUrl"))
    return (Link(url, title, summary, picture),)


_READERS: dict[str, Callable[[Fields, str], Message]] = {
    "text": _text,
    "image": _image,
    "voice": _voice,
    "video": _video,
    "shortvideo": _video,
    "file": _file,
    "location": _location,
    "link": _link,
}


# --- fields ---


def _bounded(fields: Fields, key: str) -> str:
    value = fields.get(key, "").strip()
    if len(value) > _LONGEST_ID:
        message = f"{key} is too long"
        raise BadCallback(message)
    return value


def _needed(fields: Fields, key: str) -> str:
    value = _bounded(fields, key)
    if not value:
        message = f"{key} is missing"
        raise BadCallback(message)
    return value


def _media_id(fields: Fields, account: str) -> str:
    media_id = fields.get("MediaId", "").strip()
    if not media_id or len(media_id) > 512:
        message = "MediaId is missing or too long"
        raise BadCallback(message)
    return handle(account, media_id)


def _time(fields: Fields, now: float) -> float:
    value = fields.get("CreateTime", "").strip()
    return float(value) if value.isascii() and value.isdecimal() and 0 < int(value[:12]) < _LATEST else now


def _rest(fields: Fields) -> dict[str, object]:
    rest = [(key, value) for key, value in fields.items() if key not in _KNOWN]
    return {key[:50]: value[:2000] for key, value in rest[:_MOST_FIELDS]}


def _told(fields: Fields) -> str:
    """What tells an event from others: who, when, and all that it says."""
    parts = [f"{key}={value}" for key, value in sorted(fields.items())]
    return "e" + hashlib.blake2b("\n".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
