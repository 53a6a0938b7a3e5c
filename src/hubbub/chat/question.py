"""What a person asked, as a turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.chat.transcript import transcript
from hubbub.core.identities import owner_of
from hubbub.core.messages import Audio, Contact, Face, File, Forward, Image, Link, Location, Quote, Text, Video
from hubbub.core.phrases import Phrase
from hubbub.core.turns import Turn
from hubbub.markup.in_words import in_words

if TYPE_CHECKING:
    from hubbub.core.events import Received
    from hubbub.core.messages import Segment

_LONGEST_NAME = 64
_LONGEST_EXCERPT = 2000


def question_of(event: Received, text: str, owner: str) -> Turn:
    """The turn of a message whose words (without what addressed the bot) are ``text``.

    A quoted message stands before the words; who sends a sticker and nothing else says what it shows. Where several
    people share the conversation, the turn has their name.
    """
    content = text.strip()
    message = event.message
    if len(message) == 1 and type(message[0]) is Text and event.room.direct:
        return Turn("user", content, time=event.time)
    quoted = next((each.excerpt for each in message if type(each) is Quote and each.excerpt), "")
    if quoted:
        lines = quoted[:_LONGEST_EXCERPT].strip().split("\n")
        content = "\n".join(f"> {line}" for line in lines) + f"\n\n{content}"
    content = "\n".join(filter(None, (content.strip(), *map(_told, message))))
    if not content:
        content = "".join(each.text for each in message if type(each) is Face)
    shared = not event.room.direct and owner == owner_of(event.room, event.author.id, shared=True)
    return Turn(
        "user",
        content.strip(),
        images=tuple(each.media for each in message if type(each) is Image),
        name=(event.author.name or event.author.id)[:_LONGEST_NAME] if shared else "",
        time=event.time,
    )


def _told(segment: Segment) -> str:
    """What a shared page, place, card or bundle says in words; nothing for all else."""
    match segment:
        case Link():
            return "\n".join(filter(None, (segment.title, segment.summary, segment.url)))
        case Location() | Contact():
            return in_words(segment)
        case Forward():
            return transcript(segment)
        case _:
            return ""


def unanswerable(event: Received, question: Turn, *, vision: bool | None) -> Phrase | None:
    """What to say to a message that a model could make nothing of; None where it can be asked."""
    if question.content:
        return None
    if question.images:
        return Phrase("chat.no_vision") if vision is False else None
    if any(isinstance(each, Audio | File | Forward | Video) for each in event.message):
        return Phrase("chat.unreadable")
    return Phrase("chat.empty")
