"""What a message is made of: a tuple of segments, the same for every platform.

Each segment carries its ``type`` so that a stored message reads back as what it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hubbub.core.acts import Act, told


@dataclass(frozen=True, slots=True)
class Media:
    """A file's whereabouts. At least one of ``url`` and ``file_id`` is set.

    ``url`` is ``https:``, ``http:``, ``data:`` or ``hub:`` (kept by `ports.Files`), never a local path; ``file_id`` is
    the platform's own handle.
    """

    url: str = ""
    file_id: str = ""
    name: str = ""
    mime: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's content, as it is handed about in memory."""

    data: bytes
    mime: str = "application/octet-stream"
    name: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """Words. In outgoing messages they are Markdown, or plain where ``verbatim`` is set; incoming they are as typed."""

    text: str
    verbatim: bool = False
    type: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Mention:
    """A mention of one user; of everyone when ``everyone`` is true."""

    user: str
    name: str = ""
    everyone: bool = False
    type: Literal["mention"] = "mention"


@dataclass(frozen=True, slots=True)
class Image:
    """A picture."""

    media: Media
    alt: str = ""
    type: Literal["image"] = "image"


@dataclass(frozen=True, slots=True)
class File:
    """A document."""

    media: Media
    type: Literal["file"] = "file"


@dataclass(frozen=True, slots=True)
class Audio:
    """A recording; ``voice`` when it was spoken into the chat. Length in seconds."""

    media: Media
    voice: bool = True
    seconds: float | None = None
    type: Literal["audio"] = "audio"


@dataclass(frozen=True, slots=True)
class Video:
    """A film. Length in seconds."""

    media: Media
    seconds: float | None = None
    type: Literal["video"] = "video"


@dataclass(frozen=True, slots=True)
class Quote:
    """This message answers another, by the platform's id of it."""

    message_id: str
    author: str = ""
    excerpt: str = ""
    type: Literal["quote"] = "quote"


@dataclass(frozen=True, slots=True)
class Face:
    """A platform's own emoji or sticker, by its id there; ``text`` is what to show elsewhere."""

    id: str
    text: str = ""
    type: Literal["face"] = "face"


@dataclass(frozen=True, slots=True)
class Link:
    """A shared page."""

    url: str
    title: str = ""
    summary: str = ""
    image: str = ""
    type: Literal["link"] = "link"


@dataclass(frozen=True, slots=True)
class Location:
    """A place; degrees of WGS 84 as the platform gives them."""

    latitude: float
    longitude: float
    title: str = ""
    address: str = ""
    type: Literal["location"] = "location"


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody's card, as people hand it on.

    ``user``: who it is on the platform that the message came from, "" where it is not told; elsewhere it means nobody.
    ``vcard``: all that the card says, in the format of that name, where the platform gives it.
    """

    name: str
    phones: tuple[str, ...] = ()
    user: str = ""
    vcard: str = ""
    type: Literal["contact"] = "contact"


@dataclass(frozen=True, slots=True)
class Node:
    """One message inside a `Forward`."""

    author: str
    name: str
    message: Message
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Forward:
    """Several messages shown as one bundle; only ``id`` when the platform did not send the content."""

    nodes: tuple[Node, ...] = ()
    id: str = ""
    type: Literal["forward"] = "forward"


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press: what stands on it, and what a press says, as if whoever presses had typed it.

    With ``url`` it opens a page instead, and nobody is told.
    """

    label: str
    says: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Buttons:
    """Buttons below a message, in rows. Where a room has none, words say what can be typed.

    ``told``: the message says that already by itself, so nothing has to stand in for them.
    """

    rows: tuple[tuple[Button, ...], ...]
    told: bool = False
    type: Literal["buttons"] = "buttons"


@dataclass(frozen=True, slots=True)
class Raw:
    """A segment that Hubbub has no word for, kept as the platform sent it.

    Sent out again only to the platform of the same name.
    """

    platform: str
    kind: str
    data: dict[str, object] = field(default_factory=dict)
    type: Literal["raw"] = "raw"


@dataclass(frozen=True, slots=True)
class Do:
    """Something to do in the room. It is the first segment of its message; the rest is said once it is done.

    ``language``: in which it is said instead that, and why, it cannot be done; "": it is not said. Adapters never see
    one: the outbox gives each message of this kind to `hubbub.dispatch.acting`.
    """

    act: Act
    language: str = ""
    type: Literal["do"] = "do"


Segment = (
    Text
    | Mention
    | Image
    | File
    | Audio
    | Video
    | Quote
    | Face
    | Link
    | Location
    | Contact
    | Forward
    | Buttons
    | Raw
    | Do
)
Message = tuple[Segment, ...]


def text_of(message: Message) -> str:
    """The words of a message alone: what its author typed, nothing for pictures and mentions."""
    if len(message) == 1 and type(message[0]) is Text:
        return message[0].text
    return "".join(segment.text for segment in message if type(segment) is Text)


def summary_of(message: Message) -> str:
    """The words of a message for an operator's list, behind what it does in brackets, if it does something."""
    words = text_of(message)
    first = message[0] if message else None
    return f"[{told(first.act)}] {words}".strip() if type(first) is Do else words
