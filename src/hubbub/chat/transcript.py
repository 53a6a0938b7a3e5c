"""A bundle of messages in words, for a model to read. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.core.messages import Audio, Contact, Face, File, Forward, Image, Link, Location, Mention, Text, Video
from hubbub.markup.in_words import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubbub.core.messages import Message, Segment

LONGEST = 6000
_LONGEST_LINE = 1000
_DEEPEST = 3
_LEFT_OUT = "> […]"


def transcript(bundle: Forward) -> str:
    """Its messages as a quotation, a message on a line behind its author's name; the first ones of a long bundle."""
    found: list[str] = []
    left = LONGEST
    for line in _lines(bundle, 1):
        left -= len(line) + 1
        if left < 0:
            found.append(_LEFT_OUT)
            break
        found.append(line)
    return "\n".join(found)


def _lines(bundle: Forward, depth: int) -> Iterator[str]:
    """Bundles within one another are quotations within one another."""
    begin = "> " * depth
    for node in bundle.nodes:
        words = words_of(node.message)[:_LONGEST_LINE].split("\n")
        yield f"{begin}{node.name or node.author}: {words[0]}".rstrip()
        yield from (f"{begin}{line}" for line in words[1:])
        for segment in node.message:
            if isinstance(segment, Forward) and depth < _DEEPEST:
                yield from _lines(segment, depth + 1)


def words_of(message: Message) -> str:
    """What one message says, with signs for what is no text."""
    return "".join(map(_words, message)).strip()


def _words(segment: Segment) -> str:
    match segment:
        case Text() | Face():
            return segment.text
        case Mention():
            return f"@{segment.name or segment.user} "
        case Link():
            return " ".join(filter(None, (segment.title, segment.url)))
        case Location() | Contact():
            return in_words(segment)
        case Image():
            return f"🖼 {segment.alt}".strip()
        case File():
            return f"📎 {segment.media.name}".strip()
        case Audio() | Video():
            return "🔊" if isinstance(segment, Audio) else "🎬"
        case _:
            return ""
