"""The hub's messages as calls of the Bot API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

import telegram

from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import (
    Audio,
    Blob,
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
    Raw,
    Segment,
    Text,
    Video,
    text_of,
)
from hubbub.core.work import Outgoing
from hubbub.markup.split import size
from hubbub.platforms.telegram.convert import PLATFORM
from hubbub.platforms.telegram.format import html

CAPTION = 1024
"""Longest text beside a file, in UTF-16 units."""
ALBUM = 10
"""Most pictures in one album."""

Kind = Literal["photo", "document", "voice", "audio", "video", "sticker"]
Fetch = Callable[[Media], Awaitable[Blob]]


@dataclass(frozen=True, slots=True)
class Words:
    """A text to send; ``plain`` is what to send where Telegram cannot read ``html``."""

    html: str
    plain: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A file to send, with a text below it."""

    kind: Kind
    media: Media
    caption: Words


@dataclass(frozen=True, slots=True)
class Pictures:
    """Several pictures to send as one album."""

    media: tuple[Media, ...]
    caption: Words


@dataclass(frozen=True, slots=True)
class Spot:
    """A place to send."""

    place: Location


Step = Words | Attached | Pictures | Spot
_NOTHING = Words("", "")


def steps(message: Message) -> list[Step]:
    """What to send for a message, in order: mostly one step. Raises DeliveryError if nothing of it can be shown."""
    words = _words(message)
    files = [(kind, media) for kind, media in map(_file, message) if media is not None]
    places = [Spot(each) for each in message if isinstance(each, Location)]
    below = words if files and size(words.plain, "utf16") <= CAPTION else _NOTHING
    found: list[Step] = [words] if words.plain.strip() and below is _NOTHING else []
    photos = [media for kind, media in files if kind == "photo"]
    if 1 < len(photos) <= ALBUM and len(photos) == len(files):
        found.append(Pictures(tuple(photos), below))
    else:
        captions = [below, *[_NOTHING] * len(files)]
        found += [Attached(kind, media, caption) for (kind, media), caption in zip(files, captions, strict=False)]
    found += places
    if not found:
        message_text = "nothing of the message can be shown on Telegram"
        raise DeliveryError(message_text, certain=True, permanent=True)
    return found


def _words(message: Sequence[Segment]) -> Words:
    parts = [_shown(each) for each in message]
    return Words("".join(part.html for part in parts), "".join(part.plain for part in parts))


def _shown(segment: Segment) -> Words:
    match segment:
        case Text(text, verbatim):
            return _verbatim(text) if verbatim else _marked(text)
        case Mention():
            return _mention(segment)
        case Face(_, text):
            return _verbatim(text)
        case Link(url, title):
            return _verbatim("\n".join(filter(None, (title, url))))
        case Forward(nodes):
            return _verbatim("\n".join(f"{node.name}: {text_of(node.message)}" for node in nodes))
        case _:
            return _NOTHING


def _verbatim(text: str) -> Words:
    return Words(escape(text, quote=False), text)


def _marked(text: str) -> Words:
    """Markdown; the space around it, by which it stands beside its neighbours, is kept."""
    bare = text.strip()
    if not bare:
        return _verbatim(text)
    before, after = text[: text.index(bare)], text[text.index(bare) + len(bare) :]
    return Words(before + html(bare) + after, text)


def _mention(segment: Mention) -> Words:
    name = segment.name or segment.user.removeprefix("@")
    if segment.user.isdecimal():
        return Words(f'<a href="tg://user?id={segment.user}">{escape(name, quote=False)}</a>', f"@{name}")
    return _verbatim(segment.user if segment.user.startswith("@") else f"@{name}")


def _file(segment: Segment) -> tuple[Kind, Media | None]:
    match segment:
        case Image(media):
            return "photo", media
        case File(media):
            return "document", media
        case Audio(media, voice):
            return ("voice" if voice else "audio"), media
        case Video(media):
            return "video", media
        case Raw(platform, "sticker", data) if platform == PLATFORM and isinstance(data.get("file_id"), str):
            return "sticker", Media(file_id=str(data["file_id"]))
        case _:
            return "photo", None


def whereto(out: Outgoing) -> dict[str, Any]:
    """The arguments that say where a message goes and what it answers. Raises DeliveryError."""
    try:
        place: dict[str, Any] = {"chat_id": int(out.room.id)}
        if out.room.thread:
            place["message_thread_id"] = int(out.room.thread)
    except ValueError as error:
        message = f"{out.room.key} is no chat of Telegram"
        raise DeliveryError(message, certain=True, permanent=True) from error
    quoted = next((each.message_id for each in out.message if isinstance(each, Quote)), "")
    answered = out.reply_to or quoted
    if answered.isdecimal():
        place["reply_parameters"] = telegram.ReplyParameters(int(answered), allow_sending_without_reply=True)
    return place


async def content(media: Media, fetch: Fetch, *, upload: bool = False) -> str | telegram.InputFile:
    """What to give Telegram for a file: an address that it fetches itself, its own handle, or the content.

    ``upload``: the content in any case, where Telegram could not fetch the address.

    Raises:
        DeliveryError: the content cannot be had.
    """
    if not media.url:
        return media.file_id
    if media.url.startswith(("http://", "https://")) and not upload:
        return media.url
    try:
        blob = await fetch(media)
    except MediaError as error:
        raise DeliveryError(str(error), certain=True, permanent=True) from error
    return telegram.InputFile(blob.data, media.name or blob.name or _name(blob))


def _name(blob: Blob) -> str:
    """Telegram shows a name, and guesses the kind of a file by it."""
    return "file." + (blob.mime.partition("/")[2].partition("+")[0] or "bin")
