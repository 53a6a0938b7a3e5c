"""A message of the hub as what WeCom can send, one after the other. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hubbub.core.addresses import Room
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
    Mention,
    Message,
    Quote,
    Raw,
    Segment,
    Text,
    Video,
)
from hubbub.markup.in_words import in_words
from hubbub.markup.plain import LONGEST, marked
from hubbub.markup.split import split
from hubbub.platforms.wecom.convert import PLATFORM
from hubbub.platforms.wecom.dialect import DIALECT

MOST_PARTS = 10
_DEEPEST = 3
# What messages of an application can be, besides those that have words and files of their own.
_READY = frozenset(("textcard", "news", "mpnews", "markdown", "miniprogram_notice", "template_card", "text"))


@dataclass(frozen=True, slots=True)
class Words:
    """A text message, or a Markdown one."""

    text: str
    markdown: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to be uploaded first; ``kind`` is what it is sent as."""

    kind: str
    segment: Image | File | Audio | Video


@dataclass(frozen=True, slots=True)
class Ready:
    """A message in WeCom's own words."""

    kind: str
    data: Mapping[str, object]


Part = Words | Attachment | Ready


def parts_of(message: Message, *, markdown: bool, limit: int) -> list[Part]:
    """What to send, in order; nothing where WeCom can show nothing of it. ``limit``: most bytes of a text."""
    parts: list[Part] = []
    words: list[Text] = []
    for segment in message:
        if isinstance(segment, Image | File | Audio | Video):
            parts.extend(_texts(words, markdown=markdown, limit=limit))
            parts.append(Attachment(_kind(segment), segment))
        elif isinstance(segment, Raw) and segment.platform == PLATFORM and segment.kind in _READY:
            parts.extend(_texts(words, markdown=markdown, limit=limit))
            parts.append(Ready(segment.kind, segment.data))
        else:
            words.append(segment if type(segment) is Text else Text(_said(segment), verbatim=True))
    return [*parts, *_texts(words, markdown=markdown, limit=limit)]


def told(attachment: Attachment) -> str:
    """What stands for a file that cannot be had: its name and where it is."""
    media = attachment.segment.media
    alt = attachment.segment.alt if isinstance(attachment.segment, Image) else ""
    url = media.url if media.url.startswith(("http://", "https://")) else ""
    return " ".join(filter(None, (alt or media.name, url)))


def recipients(room: Room) -> dict[str, str]:
    """Whom a room's messages are for: a member, or a department (``party:ID``), a tag (``tag:ID``), or everybody.

    Raises:
        ValueError: it is nobody.
    """
    kind, _, identity = room.id.partition(":")
    if room.direct and room.id and "|" not in room.id and room.id != "@all":
        return {"touser": room.id}
    if room.direct or "|" in room.id:
        message = f"{room.id!r} is no member"
        raise ValueError(message)
    if room.id == "@all":
        return {"touser": "@all"}
    if kind in ("party", "tag") and identity:
        return {f"to{kind}": identity}
    message = f"{room.id!r} is no party:ID or tag:ID"
    raise ValueError(message)


def _kind(segment: Image | File | Audio | Video) -> str:
    match segment:
        case Image():
            return "image"
        case Audio():
            return "voice"
        case Video():
            return "video"
        case File():
            return "file"


def _texts(words: list[Text], *, markdown: bool, limit: int) -> Iterator[Words]:
    """The words so far as messages; takes them off the list. What is all the hub's own is sent as it is."""
    written = markdown and any(not text.verbatim and marked(text.text) for text in words)
    text = "".join(_dialect(each) if written else each.text for each in words).strip("\n")
    words.clear()
    if text.strip():
        yield from (Words(part, written) for part in split(text, limit, "bytes", markdown=written))


def _dialect(text: Text) -> str:
    if text.verbatim or len(text.text) > LONGEST:
        return text.text
    lead = text.text[: len(text.text) - len(text.text.lstrip(" "))]
    trail = " " if text.text.endswith(" ") else ""
    return f"{lead}{DIALECT.written(text.text)}{trail}"


def _said(segment: Segment, depth: int = 0) -> str:
    """What says in words what a segment is."""
    match segment:
        case Text(text):
            return text
        case Mention():
            return f"@{segment.name or segment.user or 'all'} "
        case Face():
            return segment.text
        case Link():
            return "\n".join(filter(None, (segment.title, segment.url)))
        case Location() | Contact():
            return in_words(segment)
        case Forward():
            return _bundle(segment, depth)
        case Quote() | Raw() | Buttons() | Do():
            return ""
        case _:
            return told(Attachment("", segment))


def _bundle(forward: Forward, depth: int) -> str:
    if depth >= _DEEPEST:
        return ""
    lines = (
        f"{node.name or node.author}: {''.join(_said(each, depth + 1) for each in node.message)}"
        for node in forward.nodes
    )
    return "\n".join(lines)
