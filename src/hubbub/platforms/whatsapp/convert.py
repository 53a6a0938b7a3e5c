"""What WhatsApp brings as the hub's events (Cloud API, "Webhooks: messages"). Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hubbub.core.addresses import Room, RoomKind
from hubbub.core.events import PRESSED, Deleted, Edited, Event, Reacted, Received
from hubbub.core.identities import Author
from hubbub.core.messages import (
    Audio,
    Contact,
    Face,
    File,
    Image,
    Location,
    Media,
    Quote,
    Raw,
    Segment,
    Text,
    Video,
)

PLATFORM = "whatsapp"
_PRESSED = ("interactive", "button")

Wire = Mapping[str, Any]
T = TypeVar("T")


class BadEventError(ValueError):
    """A part of a notification is not what the documents say."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A message of ours did not arrive after all."""

    room: Room
    message_id: str
    why: str


def notices(body: object) -> Iterator[tuple[str, Wire] | BadEventError]:
    """Every change of a notification with the id of the number that it is for; a fault in place of one that is none.

    Raises:
        BadEventError: the whole is no notification.
    """
    changes = [
        change for entry in _list(_object(body).get("entry", [])) for change in _list(_object(entry).get("changes", []))
    ]
    return _each(changes, _change)


def events(number: str, value: Wire) -> Iterator[Event | BadEventError]:
    """The messages of a change; a fault in place of one that cannot be read. Raises BadEventError without a list."""
    metadata = value.get("metadata")
    shown = str(metadata.get("display_phone_number", "")) if isinstance(metadata, dict) else ""
    own = "".join(filter(str.isdecimal, shown))
    names = {
        str(each.get("wa_id") or each.get("user_id", "")): str(_object(each.get("profile", {})).get("name", ""))
        for each in map(_object, _list(value.get("contacts", [])))
    }
    return _each(_list(value.get("messages", [])), lambda raw: _event((number, own), _object(raw), names))


def failures(number: str, value: Wire) -> Iterator[Failed | BadEventError]:
    """What became of our messages, where it went wrong; a fault in place of what cannot be read."""
    return _each(_list(value.get("statuses", [])), lambda raw: _failure(number, _object(raw)))


def _each(found: Sequence[object], read: Callable[[object], T | None]) -> Iterator[T | BadEventError]:
    """What is read of each; one that cannot be read harms no other."""
    for raw in found:
        try:
            made = read(raw)
        except BadEventError as error:
            yield error
        else:
            if made is not None:
                yield made


def _change(raw: object) -> tuple[str, Wire] | None:
    value = _object(_object(raw).get("value", {}))
    if _object(raw).get("field") != "messages":
        return None
    return _text(_object(value.get("metadata", {})), "phone_number_id"), value


def _failure(number: str, status: Wire) -> Failed | None:
    if status.get("status") != "failed":
        return None
    errors = [_object(each) for each in _list(status.get("errors", []))]
    why = "; ".join(f"{each.get('title', '')} (code {each.get('code', 0)})" for each in errors)
    kind: RoomKind = "group" if status.get("recipient_type") == "group" else "private"
    room = Room(PLATFORM, number, kind, _text(status, "recipient_id"))
    return Failed(room, _text(status, "id"), why or "WhatsApp says no reason")


def _event(me: tuple[str, str], raw: Wire, names: Mapping[str, str]) -> Event | None:
    """``me``: the id of the number that it is for, and the number itself."""
    number = me[0]
    sender, name, time = _sender(raw, names), _text(raw, "id"), _time(raw)
    group = raw.get("group_id")
    room = Room(PLATFORM, number, "group", str(group)) if group else Room(PLATFORM, number, "private", sender)
    author = Author(sender, names.get(sender, ""))
    match raw.get("type"):
        case "reaction":
            reaction = _object(raw.get("reaction", {}))
            emoji = str(reaction.get("emoji", ""))
            return Reacted(name, room, author, time, _text(reaction, "message_id"), emoji, removed=not emoji)
        case "revoke":
            return Deleted(name, room, author, time, _text(_object(raw.get("revoke")), "original_message_id"))
        case "edit":
            edit = _object(raw.get("edit"))
            content = tuple(_segments(_object(edit.get("message"))))
            return Edited(name, room, author, content, time, _text(edit, "original_message_id"))
    pressed = raw.get("type") in _PRESSED
    quote = _quote(raw, me, pressed=pressed)
    message = (*quote, *_segments(raw))
    if not any(not isinstance(each, Quote) for each in message):
        return None
    return Received(
        id=name,
        room=room,
        author=author,
        message=message,
        time=time,
        message_id=name,
        addressed=room.direct or pressed or any(each.author == number for each in quote),
        options={PRESSED: True} if pressed else {},
    )


def _sender(raw: Wire, names: Mapping[str, str]) -> str:
    """Who wrote: the phone number, or, of people who hide it, the id that they have for this business."""
    sender = raw.get("from") or raw.get("from_user_id") or next(iter(names), "")
    if not isinstance(sender, str) or not sender:
        message = "nobody sent the message"
        raise BadEventError(message)
    return sender


def _quote(raw: Wire, me: tuple[str, str], *, pressed: bool) -> tuple[Quote, ...]:
    """What is answered; the author of the hub's own messages is named as the account is."""
    context = raw.get("context")
    if not isinstance(context, dict) or not context.get("id"):
        return ()
    author = str(context.get("from", ""))
    ours = pressed or (bool(me[1]) and author.removeprefix("+") == me[1])
    return (Quote(str(context["id"]), me[0] if ours else author),)


def _segments(raw: Wire) -> Sequence[Segment]:
    kind = str(raw.get("type", ""))
    what = _object(raw.get(kind, {})) if kind != "contacts" else {}
    match kind:
        case "text":
            return (Text(_text(what, "body")),)
        case "image" | "video" | "audio" | "document" | "sticker":
            return _file(kind, what)
        case "location":
            return (_location(what),)
        case "contacts":
            return tuple(_contact(_object(each)) for each in _list(raw.get("contacts", [])))
        case "button":
            return (Text(str(what.get("payload") or what.get("text", ""))),)
        case "interactive":
            chosen = _object(what.get("button_reply") or what.get("list_reply") or {})
            return (Text(str(chosen.get("id") or chosen.get("title", ""))),)
        case "unsupported" | "system":
            return ()
        case _:
            return (Raw(PLATFORM, kind, dict(what)),)


def _file(kind: str, what: Wire) -> Sequence[Segment]:
    media = Media(
        file_id=_text(what, "id"),
        name=str(what.get("filename", "")),
        mime=str(what.get("mime_type", "")).partition(";")[0],
    )
    caption = (Text(str(what["caption"])),) if what.get("caption") else ()
    match kind:
        case "image":
            return (*caption, Image(media))
        case "video":
            return (*caption, Video(media))
        case "audio":
            return (Audio(media, voice=bool(what.get("voice"))),)
        case "sticker":
            return (Face(media.file_id),)
        case _:
            return (*caption, File(media))


def _location(what: Wire) -> Location:
    try:
        place = float(what["latitude"]), float(what["longitude"])
    except (KeyError, TypeError, ValueError) as error:
        message = "a location without its degrees"
        raise BadEventError(message) from error
    return Location(*place, str(what.get("name", "")), str(what.get("address", "")))


def _contact(who: Wire) -> Contact:
    """A card; whoever it is uses WhatsApp if one of the numbers has an id there."""
    name = str(_object(who.get("name", {})).get("formatted_name", ""))
    phones = [_object(each) for each in _list(who.get("phones", []))]
    user = next((str(each["wa_id"]) for each in phones if each.get("wa_id")), "")
    return Contact(name, tuple(str(each["phone"]) for each in phones if each.get("phone")), user)


def _time(raw: Wire) -> float:
    try:
        return float(_text(raw, "timestamp"))
    except ValueError as error:
        message = f"a message with the time {raw.get('timestamp')!r}"
        raise BadEventError(message) from error


def _object(found: object) -> Wire:
    if not isinstance(found, dict):
        message = f"{found!r:.100} where an object is wanted"
        raise BadEventError(message)
    return found


def _list(found: object) -> Sequence[object]:
    if not isinstance(found, list):
        message = f"{found!r:.100} where a list is wanted"
        raise BadEventError(message)
    return found


def _text(found: Wire, name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not value:
        message = f"{name} is {value!r:.100}"
        raise BadEventError(message)
    return value
