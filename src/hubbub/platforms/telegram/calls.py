"""The hub's messages as calls of the Bot API."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from html import escape
from mimetypes import guess_extension
from typing import Any, Literal

import telegram

from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import (
    Audio,
    Blob,
    Button,
    Buttons,
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
    Raw,
    Segment,
    Text,
    Video,
    text_of,
)
from hubbub.core.presses import carried
from hubbub.core.work import Outgoing
from hubbub.markup.in_words import in_words
from hubbub.markup.split import size
from hubbub.platforms.telegram.convert import PLATFORM
from hubbub.platforms.telegram.format import DIALECT

CAPTION = 1024
"""Longest text beside a file, in UTF-16 units."""
ALBUM = 10
"""Most files in one album."""
CARRIED = 64
"""Most bytes that a button carries."""
VCARD = 2048
"""Most bytes of a vCard."""
BUTTONS, WIDE = 100, 8
"""Most buttons below one message, and in one row of them."""
_BELOW = "⬇️"
"""Stands above buttons that have no words of their own."""
_STICKER = re.compile(r"CAAC[\w-]{20,}")
_SPECIAL = re.compile(r"[\\,;]")
_PAGE = re.compile(r"(?:https?|tg)://\S+", re.IGNORECASE)

Kind = Literal["photo", "document", "voice", "audio", "video", "sticker"]
_TOGETHER: tuple[frozenset[Kind], ...] = (
    frozenset(("photo", "video")),
    frozenset(("document",)),
    frozenset(("audio",)),
)
"""Files of which kinds one album may have."""
Fetch = Callable[[Media], Awaitable[Blob]]


@dataclass(frozen=True, slots=True)
class Words:
    """A text to send; ``plain`` is what to send where Telegram cannot read ``html``."""

    html: str
    plain: str


@dataclass(frozen=True, slots=True)
class Attached:
    """A file to send, with a text below it; ``instead``: what is sent where Telegram does not take the file."""

    kind: Kind
    media: Media
    caption: Words
    instead: Words = Words("", "")


@dataclass(frozen=True, slots=True)
class Album:
    """Several files to send as one; a text stands below the first."""

    files: tuple[Attached, ...]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place to send."""

    place: Location


@dataclass(frozen=True, slots=True)
class Card:
    """A contact to send: a number, a name, and all else as a vCard ("" where there is no more to say)."""

    phone: str
    name: str
    vcard: str


Step = Words | Attached | Album | Spot | Card
_NOTHING = Words("", "")


def steps(message: Message) -> list[Step]:
    """What to send for a message, in order: mostly one step. Raises DeliveryError if nothing of it can be shown."""
    words = _words(message)
    files = [found for found in map(_file, message) if found is not None]
    places = [Spot(each) for each in message if isinstance(each, Location)]
    below = words if files and size(words.plain, "utf16") <= CAPTION else _NOTHING
    found: list[Step] = [words] if words.plain.strip() and below is _NOTHING else []
    found += _gathered([replace(file, caption=below) if not at else file for at, file in enumerate(files)])
    found += places
    found += [_card(each) for each in message if isinstance(each, Contact) and each.phones]
    if any(isinstance(each, Buttons) for each in message) and (not found or isinstance(found[-1], Album)):
        found.append(Words(_BELOW, _BELOW))  # an album can have none
    if not found:
        message_text = "nothing of the message can be shown on Telegram"
        raise DeliveryError(message_text, certain=True, permanent=True)
    return found


def _gathered(files: Sequence[Attached]) -> Sequence[Step]:
    """Files as albums, where all of them may be in one."""
    kinds = {file.kind for file in files}
    size = ALBUM if any(kinds <= each for each in _TOGETHER) else 1
    parts = [files[at : at + size] for at in range(0, len(files), size)]
    return [Album(tuple(part)) if len(part) > 1 else part[0] for part in parts]


def keyboard(message: Message) -> telegram.InlineKeyboardMarkup | None:
    """The buttons of a message; None if it has none."""
    rows = [row for each in message if isinstance(each, Buttons) for row in each.rows]
    shown = [[_button(each) for each in row if each.says.strip() or _PAGE.fullmatch(each.url)] for row in rows]
    narrow = [row[at : at + WIDE] for row in shown for at in range(0, len(row), WIDE)]
    return telegram.InlineKeyboardMarkup(narrow) if narrow else None


def _button(button: Button) -> telegram.InlineKeyboardButton:
    label = button.label.strip() or button.says.strip()
    if _PAGE.fullmatch(button.url):
        return telegram.InlineKeyboardButton(label or button.url, url=button.url)
    return telegram.InlineKeyboardButton(label, callback_data=carried(button.says, CARRIED))


def _words(message: Sequence[Segment]) -> Words:
    parts = [_shown(each) for each in message]
    return Words("".join(part.html for part in parts), "".join(part.plain for part in parts))


def _shown(segment: Segment) -> Words:
    match segment:
        case Text(text, verbatim):
            return _verbatim(text) if verbatim else Words(DIALECT.message(text), text)
        case Mention():
            return _mention(segment)
        case Face(name, text):
            return _NOTHING if _STICKER.fullmatch(name) else _verbatim(text)
        case Link(url, title):
            return _verbatim("\n".join(filter(None, (title, url))))
        case Contact(phones=()):  # Telegram has no card without a number
            return _verbatim(in_words(segment))
        case Forward(nodes):
            return _verbatim("\n".join(f"{node.name}: {text_of(node.message)}" for node in nodes))
        case _:
            return _NOTHING


def _verbatim(text: str) -> Words:
    return Words(escape(text, quote=False), text)


def _mention(segment: Mention) -> Words:
    name = segment.name or segment.user.removeprefix("@")
    if segment.user.isdecimal():
        return Words(f'<a href="tg://user?id={segment.user}">{escape(name, quote=False)}</a>', f"@{name}")
    return _verbatim(segment.user if segment.user.startswith("@") else f"@{name}")


def _file(segment: Segment) -> Attached | None:
    match segment:
        case Image(media):
            return Attached("photo", media, _NOTHING)
        case File(media):
            return Attached("document", media, _NOTHING)
        case Audio(media, voice):
            return Attached("voice" if voice else "audio", media, _NOTHING)
        case Video(media):
            return Attached("video", media, _NOTHING)
        case Face(name, text) if _STICKER.fullmatch(name):
            return Attached("sticker", Media(file_id=name), _NOTHING, _verbatim(text))
        case Raw(platform, "sticker", data) if platform == PLATFORM and isinstance(data.get("file_id"), str):
            return Attached("sticker", Media(file_id=str(data["file_id"])), _NOTHING)
        case _:
            return None


def _card(contact: Contact) -> Card:
    first = contact.phones[0]
    vcard = contact.vcard or (_vcard(contact) if len(contact.phones) > 1 else "")
    return Card(first, contact.name or first, vcard if len(vcard.encode()) <= VCARD else "")


def _vcard(contact: Contact) -> str:
    """The numbers for which a card of Telegram's has no other place (RFC 2426)."""
    name = _SPECIAL.sub(r"\\\g<0>", " ".join(contact.name.split()))
    numbers = (f"TEL:{' '.join(phone.split())}" for phone in contact.phones)
    return "\r\n".join(("BEGIN:VCARD", "VERSION:3.0", f"N:;{name};;;", f"FN:{name}", *numbers, "END:VCARD"))


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
    return "file" + (guess_extension(blob.mime) or f".{blob.mime.rpartition('/')[2] or 'bin'}")
