"""The hub's messages as OneBot's actions. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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
    Node,
    Quote,
    Raw,
    Segment,
    Text,
    Video,
)
from hubbub.core.work import Outgoing
from hubbub.markup.in_words import in_words
from hubbub.platforms.onebot import cqcode
from hubbub.platforms.onebot.segments import PLATFORM
from hubbub.platforms.onebot.settings import OneBotSettings
from hubbub.platforms.onebot.wire import WireObject

_MAX_FORWARD_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Style:
    """How a room is written to: with CQ codes or segments, with cards or words, with mentions or names."""

    string: bool = False
    cards: bool = False
    direct: bool = False
    account: str = ""

    @classmethod
    def of(cls, room: Room, settings: OneBotSettings) -> Style:
        """The style of a room."""
        return cls(settings.message_format == "string", settings.cards, room.direct, room.account)


def number(value: str) -> int | str:
    """An id as the number that OneBot wants; as it is where it is none."""
    digits = value[1:] if value.startswith("-") else value
    return int(value) if digits.isdecimal() and len(digits) < 19 else value


def _piece(kind: str, **data: object) -> WireObject:
    return {"type": kind, "data": data}


def _text(text: str) -> list[WireObject]:
    return [{"type": "text", "data": {"text": text}}] if text else []


def file_of(media: Media) -> str:
    """What to write for a file: its bytes, its address, or the implementation's own handle of it.

    Raises:
        DeliveryError: there is nothing that the implementation could fetch; a path is never written.
    """
    if media.url.startswith("data:"):
        head, comma, content = media.url.partition(",")
        if comma and head.endswith(";base64"):
            return f"base64://{content}"
    elif media.url.startswith(("http://", "https://")):
        return media.url
    elif media.file_id and not any(sign in media.file_id for sign in ("/", "\\", ":", "..")):
        return media.file_id
    message = "a file without bytes, address or handle cannot be sent"
    raise DeliveryError(message, certain=True, permanent=True)


def _mention(segment: Mention, style: Style) -> list[WireObject]:
    if style.direct:
        return _text(f"@{segment.name or segment.user} ")
    return [_piece("at", qq="all" if segment.everyone else segment.user)]


def _face(segment: Face) -> list[WireObject]:
    if segment.id.isdecimal():
        return [_piece("face", id=segment.id)]
    parts = segment.id.removeprefix("mface:").split(":", 2)
    if segment.id.startswith("mface:") and len(parts) == 3:
        package, emoji, key = parts
        return [_piece("mface", emoji_package_id=number(package), emoji_id=emoji, key=key, summary=segment.text)]
    return _text(segment.text)


def _link(segment: Link, style: Style) -> list[WireObject]:
    if style.cards:
        return [_piece("share", url=segment.url, title=segment.title, content=segment.summary, image=segment.image)]
    return _text("\n".join(part for part in (segment.title, segment.url) if part))


def _location(segment: Location, style: Style) -> list[WireObject]:
    if style.cards:
        place = {"lat": str(segment.latitude), "lon": str(segment.longitude)}
        return [_piece("location", **place, title=segment.title, content=segment.address)]
    return _text(in_words(segment))


def _file(segment: File) -> list[WireObject]:
    return [_piece("file", file=file_of(segment.media), name=segment.media.name)]


def _image(segment: Image) -> list[WireObject]:
    data: dict[str, object] = {"file": file_of(segment.media)}
    if segment.alt:
        data["summary"] = segment.alt
    return [{"type": "image", "data": data}]


def _raw(segment: Raw) -> list[WireObject]:
    return [{"type": segment.kind, "data": segment.data}] if segment.platform == PLATFORM else []


def _unforwarded(segment: Forward) -> list[WireObject]:
    return [_piece("forward", id=segment.id)] if segment.id else []


_WRITERS: dict[type, Callable[[Any, Style], list[WireObject]]] = {
    Text: lambda segment, _: _text(segment.text),
    Mention: _mention,
    Image: lambda segment, _: _image(segment),
    Audio: lambda segment, _: [_piece("record", file=file_of(segment.media))],
    Video: lambda segment, _: [_piece("video", file=file_of(segment.media))],
    File: lambda segment, _: _file(segment),
    Face: lambda segment, _: _face(segment),
    Link: _link,
    Location: _location,
    Contact: lambda segment, _: _text(in_words(segment)),
    Forward: lambda segment, _: _unforwarded(segment),
    Raw: lambda segment, _: _raw(segment),
}


def _written(segment: Segment, style: Style) -> list[WireObject]:
    """A segment as theirs; nothing of what they have no form for."""
    writer = _WRITERS.get(type(segment))
    return [] if writer is None else writer(segment, style)


def write_message(message: Message, style: Style, reply_to: str = "") -> list[WireObject]:
    """A message as segments, with at most one quotation, which stands first."""
    pieces: list[WireObject] = []
    for segment in message:
        if type(segment) is Quote:
            reply_to = reply_to or segment.message_id
        else:
            pieces.extend(_written(segment, style))
    if reply_to:
        pieces.insert(0, _piece("reply", id=reply_to))
    return pieces


def _node(node: Node, style: Style, depth: int) -> WireObject:
    if node.message_id and not node.message:
        return _piece("node", id=node.message_id)
    author = node.author if node.author.isdecimal() else style.account
    name = node.name or node.author or author
    inner = [segment for segment in node.message if type(segment) is not Quote]
    content: list[WireObject] = []
    for segment in inner:
        if isinstance(segment, Forward) and segment.nodes and depth < _MAX_FORWARD_DEPTH:
            content.extend(_node(one, style, depth + 1) for one in segment.nodes)
        else:
            content.extend(_written(segment, style))
    # Both spellings of the author: the standard's and go-cqhttp's.
    return _piece("node", user_id=author, nickname=name, uin=author, name=name, content=content)


def _bundle(message: Message, style: Style) -> list[WireObject]:
    """A message with a bundle in it as one bundle: what stands beside it becomes a node of the bot's own."""
    nodes: list[WireObject] = []
    beside: list[Segment] = []
    for segment in (*message, Forward()):
        if not isinstance(segment, Forward):
            beside.append(segment)
            continue
        if beside:
            nodes.append(_node(Node(style.account, "", tuple(beside)), style, 1))
            beside = []
        nodes.extend(_node(node, style, 1) for node in segment.nodes)
    return nodes


def _target(room: Room) -> tuple[str, WireObject]:
    if room.kind == "group":
        return "group", {"group_id": number(room.id)}
    target: WireObject = {"user_id": number(room.id)}
    if room.kind == "temporary" and room.thread:
        target["group_id"] = number(room.thread)
    return "private", target


def send_call(out: Outgoing, settings: OneBotSettings) -> tuple[str, WireObject]:
    """The action that sends a message, and its parameters.

    Raises:
        DeliveryError: there is nothing in it that can be sent.
    """
    kind, params = _target(out.room)
    message = out.message
    if len(message) == 1 and type(message[0]) is Text and settings.message_format == "array":
        pieces = [{"type": "text", "data": {"text": message[0].text}}]
        if out.reply_to:
            pieces.insert(0, {"type": "reply", "data": {"id": out.reply_to}})
        params["message"] = pieces
        return f"send_{kind}_msg", params
    style = Style.of(out.room, settings)
    if any(type(segment) is Forward and segment.nodes for segment in message):
        params["messages"] = _bundle(message, style)
        return f"send_{kind}_forward_msg", params
    pieces = write_message(message, style, out.reply_to)
    if all(piece["type"] == "reply" for piece in pieces):
        nothing = "there is nothing in the message that can be sent"
        raise DeliveryError(nothing, certain=True, permanent=True)
    params["message"] = cqcode.write(pieces) if style.string else pieces
    return f"send_{kind}_msg", params
