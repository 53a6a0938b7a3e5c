"""What a Telegram message shows, as the hub's segments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hubbub.core.messages import (
    Audio,
    Contact,
    Face,
    File,
    Image,
    Location,
    Media,
    Mention,
    Message,
    Quote,
    Segment,
    Text,
    Video,
)
from hubbub.markup.in_words import in_words

if TYPE_CHECKING:
    import telegram

_EXCERPT = 100


@dataclass(frozen=True, slots=True)
class Me:
    """The bot itself; ``username`` is "" until it is known."""

    id: str
    username: str = ""

    def is_named(self, text: str) -> bool:
        """Whether the bot's name stands behind an @ anywhere in a text, also where Telegram sees no mention."""
        if "@" not in text or not self.username:
            return False
        return re.search(rf"@{re.escape(self.username)}(?!\w)", text, re.IGNORECASE) is not None

    def is_called(self, name: str) -> bool:
        """Whether a name behind an @ is the bot's."""
        return bool(self.username) and name.lower() == self.username.lower()


@dataclass(frozen=True, slots=True)
class Read:
    """A message's segments and whether its words call the bot by its name."""

    message: Message
    calls: bool


def read(message: telegram.Message, me: Me) -> Read:
    """Quote, words and media of a message, in this order."""
    words, calls = _words(message, me)
    calls = calls or me.is_named(message.text or message.caption or "")
    return Read((*_quote(message), *words, *files(message), *_things(message)), calls)


def _quote(message: telegram.Message) -> Iterator[Segment]:
    to = message.reply_to_message
    if to is None and message.external_reply is not None and message.quote is not None:
        yield Quote("", excerpt=message.quote.text[:_EXCERPT])  # words of another chat, where no id leads to
    if to is None or to.forum_topic_created is not None:
        return
    chosen = message.quote.text if message.quote is not None else to.text or to.caption or _said(to)
    author = str(to.from_user.id) if to.from_user is not None else ""
    yield Quote(str(to.message_id), author, chosen[:_EXCERPT])


def _said(message: telegram.Message) -> str:
    """What a message without words says."""
    things = _things(message)
    return "".join(each.text if isinstance(each, Text | Face) else in_words(each) for each in things)


def _words(message: telegram.Message, me: Me) -> tuple[list[Segment], bool]:
    """The text with its mentions apart. Entities count UTF-16 code units (Bot API, MessageEntity)."""
    text = message.text or message.caption or ""
    entities = message.entities if message.text else message.caption_entities
    units = text.encode("utf-16-le")
    found: list[Segment] = []
    calls, at = False, 0
    for entity in sorted(entities, key=lambda each: each.offset):
        first, last = entity.offset * 2, (entity.offset + entity.length) * 2
        if first < at:
            continue
        shown = units[first:last].decode("utf-16-le", "replace")
        kept, mention, mine = _called(entity, shown, me)
        if mention is None and kept == shown:
            continue
        calls = calls or mine
        before = units[at:first].decode("utf-16-le", "replace") + kept
        found += [Text(before)] if before else []
        found += [mention] if mention is not None else []
        at = last
    rest = units[at:].decode("utf-16-le", "replace")
    return _joined([*found, Text(rest)] if rest else found), calls


def _joined(segments: list[Segment]) -> list[Segment]:
    """Texts side by side as one."""
    found: list[Segment] = []
    for each in segments:
        if found and isinstance(each, Text) and isinstance(found[-1], Text):
            found[-1] = Text(found[-1].text + each.text)
        else:
            found.append(each)
    return found


def _called(entity: telegram.MessageEntity, shown: str, me: Me) -> tuple[str, Mention | None, bool]:
    """What stays of an entity as words, whom it mentions, and whether that is the bot."""
    if entity.type == "bot_command":
        command, at, name = shown.partition("@")
        mine = bool(at) and me.is_called(name)
        return (command if mine else shown), None, mine
    if entity.type == "text_mention" and entity.user is not None:
        user = str(entity.user.id)
        return "", Mention(user, shown.removeprefix("@")), user == me.id
    if entity.type == "text_link" and entity.url and entity.url.rstrip("/") != shown.rstrip("/"):
        return f"{shown} ({entity.url})", None, False
    if entity.type == "mention":
        name = shown.removeprefix("@")
        mine = me.is_called(name)
        return "", Mention(me.id if mine else f"@{name}", name), mine
    return shown, None, False


def files(message: telegram.Message) -> Iterator[Segment]:
    """Pictures, films, recordings and documents of a message."""
    if message.photo:
        best = max(message.photo, key=lambda size: size.width * size.height)
        yield Image(_file(best, "image/jpeg"))
    if message.animation is not None:
        yield Video(_file(message.animation, "video/mp4"), _seconds(message.animation.duration))
    elif message.document is not None:
        yield File(_file(message.document))
    if message.video is not None:
        yield Video(_file(message.video, "video/mp4"), _seconds(message.video.duration))
    if message.video_note is not None:
        yield Video(_file(message.video_note, "video/mp4"), _seconds(message.video_note.duration))
    if message.voice is not None:
        yield Audio(_file(message.voice, "audio/ogg"), seconds=_seconds(message.voice.duration))
    if message.audio is not None:
        yield Audio(_file(message.audio, "audio/mpeg"), voice=False, seconds=_seconds(message.audio.duration))


def _file(
    found: telegram.PhotoSize
    | telegram.Animation
    | telegram.Document
    | telegram.Video
    | telegram.VideoNote
    | telegram.Voice
    | telegram.Audio,
    mime: str = "",
) -> Media:
    name = getattr(found, "file_name", None) or ""
    return Media(file_id=found.file_id, name=name, mime=getattr(found, "mime_type", None) or mime, size=found.file_size)


def _seconds(duration: int | timedelta) -> float:
    return duration.total_seconds() if isinstance(duration, timedelta) else float(duration)


def _things(message: telegram.Message) -> Iterator[Text | Face | Location | Contact]:
    """What is neither words nor a file."""
    if message.sticker is not None:
        yield Face(message.sticker.file_id, message.sticker.emoji or "")
    if message.venue is not None:
        place = message.venue.location
        yield Location(place.latitude, place.longitude, message.venue.title, message.venue.address)
    elif message.location is not None:
        yield Location(message.location.latitude, message.location.longitude)
    if message.contact is not None:
        who = message.contact
        name = " ".join(filter(None, (who.first_name, who.last_name)))
        user = str(who.user_id) if who.user_id is not None else ""
        yield Contact(name, (who.phone_number,), user, who.vcard or "")
    if message.dice is not None:
        yield Text(f"{message.dice.emoji} {message.dice.value}")
    if message.poll is not None:
        options = "".join(f"\n- {option.text}" for option in message.poll.options)
        yield Text(f"📊 {message.poll.question}{options}")
