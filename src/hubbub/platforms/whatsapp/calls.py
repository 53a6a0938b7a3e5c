"""The hub's messages as bodies of the Cloud API ("Messages"). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError
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
    Quote,
    Segment,
    Text,
    Video,
    text_of,
)
from hubbub.core.work import Outgoing
from hubbub.platforms.whatsapp.files import Kind
from hubbub.platforms.whatsapp.format import DIALECT
from hubbub.platforms.whatsapp.menus import below, cut

LONGEST = 4096
CAPTION = 1024
"""Longest text of a message, and beside a file, in characters."""
VARIABLE = 1000
"""Longest text of a template's variable."""
TEXT = "{text}"
"""What stands for the message in a variable of the template."""

_NAMED = re.compile(r"([a-z_][a-z0-9_]*)=(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """One call. ``media``, if there is one, is to be uploaded, or linked, before it, as what it may be."""

    body: dict[str, Any]
    kind: Kind = "document"
    media: Media | None = None
    caption: str = ""
    voice: bool = False


def steps(out: Outgoing) -> list[Step]:
    """What to send for a message, in order. Raises DeliveryError if nothing of it can be shown."""
    head = addressed(out.room)
    quoted = out.reply_to or next((each.message_id for each in out.message if isinstance(each, Quote)), "")
    context = {"context": {"message_id": quoted}} if quoted else {}
    pressable = below(out.message, words(out.message))
    text = pressable.text if pressable is not None else words(out.message)
    files = [file for file in map(_file, out.message) if file is not None]
    caption = bool(files) and files[0].kind != "audio" and len(text) <= CAPTION
    found: list[Step] = []
    if text.strip() and not caption:
        found.append(Step(head | context | _spoken(text)))
    for place, file in enumerate(files):
        beside = text if caption and text.strip() and not place else ""
        found.append(replace(file, body=head | (context if not found else {}), caption=beside))
    found += [Step(head | _place(each)) for each in out.message if isinstance(each, Location)]
    if cards := [_card(each) for each in out.message if isinstance(each, Contact)]:
        found.append(Step(head | {"type": "contacts", "contacts": cards}))
    if pressable is not None and pressable.interactive:
        interactive = {"type": "interactive", "interactive": pressable.interactive}
        found.append(Step(head | (context if not found else {}) | interactive))
    if not found:
        message = "nothing of the message can be shown on WhatsApp"
        raise DeliveryError(message, certain=True, permanent=True)
    return found


def addressed(room: Room) -> dict[str, Any]:
    """The part of a body that says where it goes: a number, the id of somebody who hides theirs, or a group."""
    if room.kind == "group":
        return {"messaging_product": "whatsapp", "recipient_type": "group", "to": room.id}
    name = "to" if room.id.isdecimal() else "recipient"
    return {"messaging_product": "whatsapp", "recipient_type": "individual", name: room.id}


def words(message: Message) -> str:
    """The words of a message in WhatsApp's marks; as they were written where those would make them too long."""
    text = "".join(map(_shown, message))
    if len(text) <= LONGEST:
        return text
    return "".join(each.text if isinstance(each, Text) else _shown(each) for each in message)


@dataclass(frozen=True, slots=True)
class Template:
    """An approved template: its name, its language, what stands in its variables ("name=..." where they have names)."""

    name: str
    language: str
    variables: tuple[str, ...]

    def body(self, room: Room, message: Message) -> dict[str, Any]:
        """A message to somebody who has been silent for 24 hours; variables take no line breaks."""
        text = " ".join(words(message).split()) or "…"
        parameters = [_parameter(each, text) for each in self.variables]
        template = {"name": self.name, "language": {"code": self.language}}
        components = {"components": [{"type": "body", "parameters": parameters}]} if parameters else {}
        return addressed(room) | {"type": "template", "template": template | components}


def _parameter(variable: str, text: str) -> dict[str, str]:
    named = _NAMED.fullmatch(variable)
    name, says = named.groups() if named else ("", variable)
    room = VARIABLE - len(says.replace(TEXT, ""))
    filled = {"type": "text", "text": says.replace(TEXT, cut(text, room))}
    return filled | {"parameter_name": name} if name else filled


def _spoken(text: str) -> dict[str, Any]:
    return {"type": "text", "text": {"body": text, "preview_url": "http://" in text or "https://" in text}}


def _shown(segment: Segment) -> str:
    match segment:
        case Text(text, verbatim):
            return text if verbatim else DIALECT.message(text)
        case Mention(user, name):
            return f"@{name or user}"
        case Face(_, text):
            return text
        case Link(url, title):
            return "\n".join(filter(None, (title, url)))
        case Forward(nodes):
            return "\n".join(f"{node.name}: {text_of(node.message)}" for node in nodes)
        case _:
            return ""


def _file(segment: Segment) -> Step | None:
    match segment:
        case Image(media):
            return Step({}, "image", media)
        case File(media):
            return Step({}, "document", media)
        case Audio(media, voice):
            return Step({}, "audio", media, voice=voice)
        case Video(media):
            return Step({}, "video", media)
        case _:
            return None


def _place(where: Location) -> dict[str, Any]:
    place: dict[str, Any] = {"latitude": where.latitude, "longitude": where.longitude}
    place |= {name: value for name, value in (("name", where.title), ("address", where.address)) if value}
    return {"type": "location", "location": place}


def _card(who: Contact) -> dict[str, Any]:
    """The name is told twice: WhatsApp wants a part of it besides the whole."""
    name = who.name or next(iter(who.phones), who.user)
    return {
        "name": {"formatted_name": name, "first_name": name},
        "phones": [_phone(phone, who.user) for phone in who.phones],
    }


def _phone(phone: str, user: str) -> dict[str, str]:
    """A number; who is known by it on WhatsApp can be written to from the card."""
    known = {"wa_id": user} if user and user == "".join(filter(str.isdecimal, phone)) else {}
    return {"phone": phone, "type": "CELL"} | known
