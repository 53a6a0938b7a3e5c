"""OneBot's message segments as the hub's. Pure; what cannot be read is kept as `Raw`, nothing raises."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson

from hubbub.core.messages import (
    Audio,
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
from hubbub.platforms.onebot import cqcode
from hubbub.platforms.onebot.bounds import bounded, scalar

PLATFORM = "onebot"
MAX_SEGMENTS = 1000
MAX_FORWARD_DEPTH = 4


class _Budget:
    """How many more segments are read, of the message and of all bundles inside it."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MAX_SEGMENTS


Data = dict[str, Any]


def _number(value: object) -> int | None:
    text = scalar(value)
    return int(text) if text.isdecimal() and len(text) < 16 else None


def media(data: Data) -> Media:
    """Where a file is: its address, and the implementation's handle of it.

    A path on the implementation's own disk is no address; it stays a handle.
    """
    file, url = scalar(data.get("file")), scalar(data.get("url"))
    if not url and file.startswith(("http://", "https://")):
        url, file = file, ""
    if file.startswith("base64://"):
        url, file = url or f"data:application/octet-stream;base64,{file.removeprefix('base64://')}", ""
    if not url.startswith(("http://", "https://", "data:")):
        url = ""
    name = scalar(data.get("name")) or file.replace("\\", "/").rpartition("/")[2]
    return Media(
        url=url,
        file_id=scalar(data.get("file_id")) or file,
        name=name,
        size=_number(data.get("file_size") or data.get("size")),
    )


def _text(data: Data) -> Segment:
    return Text(scalar(data["text"]))


def _at(data: Data) -> Segment:
    user = scalar(data.get("qq")) or scalar(data["user_id"])
    return Mention(user, scalar(data.get("name")).removeprefix("@"), everyone=user == "all")


def _face(data: Data) -> Segment:
    raw = data.get("raw")
    shown = scalar(raw.get("faceText")) if isinstance(raw, dict) else ""
    return Face(scalar(data.get("id")), shown)


def _mface(data: Data) -> Segment:
    parts = (scalar(data.get(key)) for key in ("emoji_package_id", "emoji_id", "key"))
    return Face("mface:" + ":".join(parts), scalar(data.get("summary")))


def _image(data: Data) -> Segment:
    return Image(media(data), alt=scalar(data.get("summary")))


def _record(data: Data) -> Segment:
    return Audio(media(data))


def _video(data: Data) -> Segment:
    return Video(media(data))


def _file(data: Data) -> Segment:
    return File(media(data))


def _reply(data: Data) -> Segment:
    return Quote(
        scalar(data.get("id")),
        author=scalar(data.get("qq") or data.get("user_id")),
        excerpt=scalar(data.get("text")),
    )


def _share(data: Data) -> Segment:
    url, title, summary, image = (scalar(data.get(key)) for key in ("url", "title", "content", "image"))
    return Link(url, title, summary, image)


def _location(data: Data) -> Segment:
    latitude, longitude = float(data["lat"]), float(data["lon"])
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError("no place on Earth")  # noqa: TRY003, EM101 - caught a few lines below
    return Location(latitude, longitude, scalar(data.get("title")), scalar(data.get("content")))


def _markdown(data: Data) -> Segment:
    return Text(scalar(data["content"]))


def _json(data: Data) -> Segment:
    """A card: a link if it leads somewhere."""
    card = data["data"]
    found = card if isinstance(card, dict) else orjson.loads(card)
    if found.get("app") == "com.tencent.multimsg":
        return Forward(id=scalar(found["meta"]["detail"]["resid"]))
    for part in found["meta"].values():
        url = scalar(part.get("qqdocurl") or part.get("jumpUrl"))
        if url.startswith(("http://", "https://")):
            image = scalar(part.get("preview"))
            return Link(url, scalar(part.get("title")), scalar(part.get("desc")), image)
    return Raw(PLATFORM, "json", bounded(data))


READERS: dict[str, Callable[[Data], Segment]] = {
    "text": _text,
    "at": _at,
    "face": _face,
    "mface": _mface,
    "image": _image,
    "record": _record,
    "video": _video,
    "file": _file,
    "reply": _reply,
    "share": _share,
    "location": _location,
    "markdown": _markdown,
    "json": _json,
}


def _node(data: Data, depth: int, budget: _Budget) -> Node:
    sender = data.get("sender")
    sender = sender if isinstance(sender, dict) else {}
    author = data.get("user_id") or data.get("uin") or sender.get("user_id")
    name = data.get("nickname") or data.get("name") or sender.get("card") or sender.get("nickname")
    content = data.get("content") or data.get("message")
    identity = scalar(data.get("id") or data.get("message_id"))
    return Node(scalar(author), scalar(name), _message(content, depth + 1, budget), identity)


def _forward(data: Data, depth: int, budget: _Budget) -> Segment:
    content = data.get("content")
    nodes: list[Node] = []
    if isinstance(content, list) and depth < MAX_FORWARD_DEPTH:
        for item in content:
            if budget.left <= 0:
                break
            budget.left -= 1
            if isinstance(item, dict):
                inside = item.get("data") if item.get("type") == "node" else None
                nodes.append(_node(inside if isinstance(inside, dict) else item, depth, budget))
    return Forward(tuple(nodes), scalar(data.get("id")))


def _segment(item: object, depth: int, budget: _Budget) -> Segment:
    if not isinstance(item, dict):
        return Raw(PLATFORM, "odd", bounded({"value": item}))
    kind, data = scalar(item.get("type")), item.get("data")
    if not isinstance(data, dict):
        data = {} if data is None else {"value": data}
    if kind == "forward":
        return _forward(data, depth, budget)
    if kind == "node" and depth < MAX_FORWARD_DEPTH:
        return Forward((_node(data, depth, budget),))
    reader = READERS.get(kind)
    if reader is not None:
        try:
            return reader(data)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            pass  # a segment without what it needs is kept as it came, like one that is not known
    return Raw(PLATFORM, kind, bounded(data))


def _joined(message: list[Segment]) -> Message:
    """Nodes that stand one after the other are one bundle."""
    if not any(type(segment) is Forward for segment in message):
        return tuple(message)
    joined: list[Segment] = []
    for segment in message:
        last = joined[-1] if joined else None
        if isinstance(segment, Forward) and isinstance(last, Forward) and not (segment.id or last.id):
            joined[-1] = Forward(last.nodes + segment.nodes)
        else:
            joined.append(segment)
    return tuple(joined)


def _message(value: object, depth: int, budget: _Budget) -> Message:
    if isinstance(value, str):
        value = cqcode.parse(value, budget.left)
    if isinstance(value, dict):
        value = [value]
    if not isinstance(value, list):
        return ()
    message: list[Segment] = []
    for item in value:
        if budget.left <= 0:
            message.append(Raw(PLATFORM, "omitted", {"segments": len(value) - len(message)}))
            break
        budget.left -= 1
        message.append(_segment(item, depth, budget))
    return _joined(message)


def read_message(value: object) -> Message:
    """A message in either format; () if it is in none."""
    if type(value) is list and len(value) == 1:  # by far the most messages are one piece of text
        item = value[0]
        if type(item) is dict and item.get("type") == "text":
            data = item.get("data")
            text = data.get("text") if type(data) is dict else None
            if type(text) is str:
                return (Text(text),)
    return _message(value, 0, _Budget())


def read_bundle(value: object, identity: str) -> Forward:
    """A bundle that was asked for, as the standard (``message``) or go-cqhttp and NapCat (``messages``) answer."""
    data = value if isinstance(value, dict) else {}
    content = data.get("messages") or data.get("message")
    found = _forward({"content": content, "id": identity}, 0, _Budget())
    return found if isinstance(found, Forward) else Forward(id=identity)


def read_said(value: object, identity: str) -> Node:
    """A message that was asked for, and who said it."""
    return replace(_node(value if isinstance(value, dict) else {}, 0, _Budget()), message_id=identity)
