"""What WhatsApp brings as the hub's events (Cloud API, "Webhooks: messages"). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hubbub.core.addresses import Room
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
from hubbub.platforms.whatsapp.wire import (
    PLATFORM,
    BadEventError,
    Brought,
    Wire,
    each_of,
    list_of,
    object_of,
    text_of,
    time_of,
)

_PRESSED = ("interactive", "button")


def notices(body: object) -> Iterator[Brought | BadEventError]:
    """Every change of a notification with the id of the number that it is for; a fault in place of one that is none.

    Raises:
        BadEventError: the whole is no notification.
    """
    changes = [
        change
        for entry in list_of(object_of(body).get("entry", []))
        for change in list_of(object_of(entry).get("changes", []))
    ]
    return each_of(changes, _change)


def events(number: str, value: Wire) -> Iterator[Event | BadEventError]:
    """The messages of a change; a fault in place of one that cannot be read. Raises BadEventError without a list."""
    metadata = value.get("metadata")
    shown = str(metadata.get("display_phone_number", "")) if isinstance(metadata, dict) else ""
    own = "".join(filter(str.isdecimal, shown))
    names = {
        str(each.get("wa_id") or each.get("user_id", "")): str(object_of(each.get("profile", {})).get("name", ""))
        for each in map(object_of, list_of(value.get("contacts", [])))
    }
    return each_of(list_of(value.get("messages", [])), lambda raw: _event((number, own), object_of(raw), names))


def _change(raw: object) -> Brought | None:
    value = object_of(object_of(raw).get("value", {}))
    if object_of(raw).get("field") != "messages":
        return None
    return text_of(object_of(value.get("metadata", {})), "phone_number_id"), value


def _event(me: tuple[str, str], raw: Wire, names: Mapping[str, str]) -> Event | None:
    """``me``: the id of the number that it is for, and the number itself."""
    number = me[0]
    sender, name, time = _sender(raw, names), text_of(raw, "id"), time_of(raw)
    group = raw.get("group_id")
    room = Room(PLATFORM, number, "group", str(group)) if group else Room(PLATFORM, number, "private", sender)
    author = Author(sender, names.get(sender, ""))
    match raw.get("type"):
        case "reaction":
            reaction = object_of(raw.get("reaction", {}))
            emoji = str(reaction.get("emoji", ""))
            return Reacted(name, room, author, time, text_of(reaction, "message_id"), emoji, removed=not emoji)
        case "revoke":
            return Deleted(name, room, author, time, text_of(object_of(raw.get("revoke")), "original_message_id"))
        case "edit":
            edit = object_of(raw.get("edit"))
            content = tuple(_segments(object_of(edit.get("message"))))
            return Edited(name, room, author, content, time, text_of(edit, "original_message_id"))
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
    what = object_of(raw.get(kind, {})) if kind != "contacts" else {}
    match kind:
        case "text":
            return (Text(text_of(what, "body")),)
        case "image" | "video" | "audio" | "document" | "sticker":
            return _file(kind, what)
        case "location":
            return (_location(what),)
        case "contacts":
            return tuple(_contact(object_of(each)) for each in list_of(raw.get("contacts", [])))
        case "button":
            return (Text(str(what.get("payload") or what.get("text", ""))),)
        case "interactive":
            chosen = object_of(what.get("button_reply") or what.get("list_reply") or {})
            words = str(chosen.get("id") or chosen.get("title", ""))
            return (Text(words) if words else Raw(PLATFORM, kind, dict(what)),)
        case "unsupported" | "system":
            return ()
        case _:
            return (Raw(PLATFORM, kind, dict(what)),)


def _file(kind: str, what: Wire) -> Sequence[Segment]:
    media = Media(
        file_id=text_of(what, "id"),
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
    name = str(object_of(who.get("name", {})).get("formatted_name", ""))
    phones = [object_of(each) for each in list_of(who.get("phones", []))]
    user = next((str(each["wa_id"]) for each in phones if each.get("wa_id")), "")
    return Contact(name, tuple(str(each["phone"]) for each in phones if each.get("phone")), user)
