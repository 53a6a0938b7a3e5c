"""Making a message fit the room that it goes to. Pure.

What a room cannot show becomes words that say what it was, Markdown becomes plain text where there is none, and what
is too long becomes several messages.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from hubbub.core.messages import (
    Audio,
    Button,
    Buttons,
    Contact,
    Do,
    Face,
    File,
    Forward,
    Image,
    Link,
    Location,
    Media,
    Mention,
    Message,
    Node,
    Quote,
    Segment,
    Text,
    Video,
)
from hubbub.markup.in_words import in_words
from hubbub.markup.plain import marked, plain
from hubbub.markup.split import fits, size, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from hubbub.core.capabilities import Capabilities

PLAIN = "none"
_LONGEST_URL = 2000
_DEEPEST = 3
_LEFT_OUT = "[…]"
_KEPT = "hub:"


def fit(message: Message, caps: Capabilities, public: str = "") -> list[Message]:
    """The messages that say this one in a room with these capabilities, in order; none if nothing is left of it.

    A short plain text comes back at once as it is. ``public``: where people reach the hub, for links to files that it
    keeps and the room cannot show.
    """
    if len(message) == 1:
        only = message[0]
        if (
            type(only) is Text
            and (only.verbatim or caps.markdown != PLAIN or not marked(only.text))
            and fits(only.text, caps.max_length, caps.length_unit)
            and (not caps.bundle_over or len(only.text) <= caps.bundle_over)
            and not only.text.isspace()
        ):
            return [message]
    found = (_linked(segment, caps, public) for segment in message) if public else message
    segments = _joined(_written(each, caps) for each in _lined(found, caps))
    parts = [part for part in _parts(segments, caps) if any(not _blank(segment) for segment in part)]
    return _bundled_up(parts, caps) if caps.bundle_over and caps.forwards else parts


def _bundled_up(parts: list[Message], caps: Capabilities) -> list[Message]:
    """The parts of a long text as one bundle of messages of the bot's own; what can be in none stays outside."""
    words = sum(len(segment.text) for part in parts for segment in part if type(segment) is Text)
    segments = [type(segment) for part in parts for segment in part]
    if words <= caps.bundle_over or any(kind not in _BUNDLED for kind in segments):
        return parts
    return [(Forward(tuple(Node("", "", part) for part in parts)),)]


# --- what a room cannot show -----------------------------------------------------------------------------------------


def _lined(message: Iterable[Segment], caps: Capabilities) -> Iterator[Segment]:
    """A message as the room can show it; what stands for a file, page, place or card has a line of its own."""
    last: Segment | None = None
    was_line = False
    for segment in message:
        shown = _shown(segment, caps)
        is_line = type(segment) in _THINGS and (segment,) != shown
        if (is_line or was_line) and type(last) is Text and not last.text.endswith("\n"):
            yield _words("\n")
        yield from shown
        last, was_line = (shown[-1], is_line) if shown else (last, was_line)


def _shown(segment: Segment, caps: Capabilities, depth: int = 0) -> Sequence[Segment]:
    """The segment itself where the room can show it, else what stands for it."""
    ability = _ABILITIES.get(type(segment))
    return (segment,) if ability is None or ability(caps) else _stand_in(segment, caps, depth)


def _stand_in(segment: Segment, caps: Capabilities, depth: int) -> Sequence[Segment]:
    """What says in words what a segment is."""
    match segment:
        case Mention():
            return (_words(_called(segment)),)
        case Image():
            return (_words(_line(_SIGNS[Image], segment.alt, segment.media)),)
        case File() | Audio() | Video():
            return (_words(_line(_SIGNS[type(segment)], "", segment.media)),)
        case Link():
            return (_words("\n".join(filter(None, (f"🔗 {segment.title}".strip(), segment.url)))),)
        case Location() | Contact():
            return (_words(in_words(segment)),)
        case Forward():
            return _bundle(segment, caps, depth)
        case Buttons():
            return _pressable(segment, caps)
        case _:
            return ()


_ABILITIES: Final[Mapping[type, Callable[[Capabilities], bool]]] = MappingProxyType(
    {
        Mention: lambda caps: caps.mentions,
        Quote: lambda caps: caps.quotes,
        Image: lambda caps: caps.images,
        File: lambda caps: caps.files,
        Audio: lambda caps: caps.audio,
        Video: lambda caps: caps.video,
        Forward: lambda caps: caps.forwards,
        Buttons: lambda _: False,
        Do: lambda _: False,
        Link: lambda caps: caps.links,
        Location: lambda caps: caps.locations,
        Contact: lambda caps: caps.contacts,
    }
)
_BUNDLED: Final = frozenset((Text, Image, Mention, Face))
_FILES: Final = frozenset((Image, File, Audio, Video))
_THINGS: Final = _FILES | {Link, Location, Contact}
_SIGNS: Final[Mapping[type, str]] = MappingProxyType({Image: "🖼", File: "📎", Audio: "🔊", Video: "🎬"})


def _linked(segment: Segment, caps: Capabilities, public: str) -> Segment:
    """A file that the hub keeps, with an address that people can open, where that is all that they get of it."""
    if not isinstance(segment, Image | File | Audio | Video) or _ABILITIES[type(segment)](caps):
        return segment
    if not segment.media.url.startswith(_KEPT):
        return segment
    name = segment.media.url.removeprefix(_KEPT)
    return replace(segment, media=replace(segment.media, url=f"{public}/files/{name}"))


def _called(mention: Mention) -> str:
    return f"@{mention.name or mention.user or 'all'} "


def _words(text: str) -> Text:
    return Text(text, verbatim=True)


def _line(sign: str, alt: str, media: Media) -> str:
    """What stands for a file: a sign, its name, and where it can be had. Data and handles mean nothing to people."""
    url = media.url if media.url.startswith(("http:", "https:")) and len(media.url) <= _LONGEST_URL else ""
    return " ".join(filter(None, (sign, alt or media.name, url)))


def _pressable(buttons: Buttons, caps: Capabilities) -> Sequence[Segment]:
    """As many buttons as the room can have; of the others, lines of what can be typed in their place."""
    rows: list[tuple[Button, ...]] = []
    rest: list[Button] = []
    left = caps.buttons
    for row in buttons.rows:
        shown, hidden = row[:left], row[left:]
        left -= len(shown)
        rows += [shown] if shown else []
        rest += hidden
    lines = "" if buttons.told else "".join(map(_typable, rest))
    found: list[Segment] = [_words(lines)] if lines else []
    return [*found, Buttons(tuple(rows), buttons.told)] if rows else found


def _typable(button: Button) -> str:
    """What stands for a button: a line with what it says, or where it leads."""
    what = button.url or button.says
    return f"\n› {what}" if button.label in ("", what) else f"\n› {button.label}: {what}"


def _bundle(forward: Forward, caps: Capabilities, depth: int) -> Sequence[Segment]:
    """Each message of a bundle on lines of its own, behind its author's name."""
    found: list[Segment] = []
    for node in forward.nodes:
        begin = "\n" if found else ""
        found.append(_words(f"{begin}{node.name or node.author}: "))
        for segment in node.message:
            found += _bundled(segment, caps, depth)
    return found or (_words(_LEFT_OUT),)


def _bundled(segment: Segment, caps: Capabilities, depth: int) -> Sequence[Segment]:
    """A segment of a message in a bundle: it calls nobody, answers nothing and cannot be pressed."""
    if type(segment) is Forward and depth + 1 >= _DEEPEST:
        return (_words(_LEFT_OUT),)
    if isinstance(segment, Buttons):
        return ()
    if isinstance(segment, Mention | Quote):
        return _stand_in(segment, caps, depth)
    return _shown(segment, caps, depth + 1)


# --- the dialect -----------------------------------------------------------------------------------------------------


def _written(segment: Segment, caps: Capabilities) -> Segment:
    """Text without its markup where the room has none."""
    if type(segment) is Text and not segment.verbatim and caps.markdown == PLAIN:
        return Text(plain(segment.text), verbatim=True)
    return segment


def _joined(segments: Iterable[Segment]) -> list[Segment]:
    """Texts of one kind that follow one another become one."""
    found: list[Segment] = []
    for segment in segments:
        last = found[-1] if found else None
        if type(segment) is Text and type(last) is Text and segment.verbatim == last.verbatim:
            found[-1] = replace(last, text=last.text + segment.text)
        else:
            found.append(segment)
    return found


# --- the length ------------------------------------------------------------------------------------------------------


def _parts(segments: Sequence[Segment], caps: Capabilities) -> Iterator[Message]:
    """Messages whose words are within the room's limit; everything else stays where it stood between them."""
    part: list[Segment] = []
    left = caps.max_length
    for segment in segments:
        for number, piece in enumerate(_pieces(segment, caps)):
            length = _length(piece, caps) if caps.max_length else 0
            alone = caps.apart and part and (type(piece) in _FILES or type(part[-1]) in _FILES)
            if number or (length > left and part) or alone:
                yield tuple(part)
                part, left = [], caps.max_length
            part.append(piece)
            left -= length
    yield tuple(part)


def _pieces(segment: Segment, caps: Capabilities) -> Sequence[Segment]:
    """A text in pieces of at most the room's limit, each for a message of its own; anything else as it is."""
    if type(segment) is not Text:
        return (segment,)
    markdown = not segment.verbatim and caps.markdown != PLAIN
    pieces = split(segment.text, caps.max_length, caps.length_unit, markdown=markdown)
    return [replace(segment, text=piece) for piece in pieces]


def _length(segment: Segment, caps: Capabilities) -> int:
    """What a segment adds to the words of a message."""
    if type(segment) is Text:
        return size(segment.text, caps.length_unit)
    return size(_called(segment), caps.length_unit) if type(segment) is Mention else 0


def _blank(segment: Segment) -> bool:
    """Nothing that anybody would see."""
    return type(segment) is Quote or (type(segment) is Text and not segment.text.strip())
