"""What a Discord message shows, as the hub's segments. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from hubbub.core.messages import (
    Audio,
    Face,
    File,
    Forward,
    Image,
    Media,
    Mention,
    Message,
    Node,
    Quote,
    Segment,
    Text,
    Video,
)

_EXCERPT = 100
_TOKEN = re.compile(r"<@!?(?P<user>\d+)>|<@&(?P<role>\d+)>|<a?:(?P<emoji>\w+):(?P<id>\d+)>|@(?P<all>everyone|here)")
_VOICE = 1 << 13
_FORWARDED = 1

Wire = Mapping[str, Any]


def read(raw: Wire, roles: Mapping[str, str] = MappingProxyType({})) -> Message:
    """Quote, words, files and stickers of a message, in this order.

    ``roles``: whom a mention of a role means, where that is one person.
    """
    return (*_quote(raw), *words(raw, roles), *_files(raw), *_stickers(raw), *_forwarded(raw))


def name_of(user: Wire, member: Wire | None = None) -> str:
    """What people call somebody."""
    nick = member.get("nick") if member else None
    return str(nick or user.get("global_name") or user.get("username", ""))


def words(raw: Wire, roles: Mapping[str, str] = MappingProxyType({})) -> Sequence[Segment]:
    """The text with its mentions and emoji apart."""
    content = str(raw.get("content") or "")
    people = {str(each["id"]): name_of(each) for each in raw.get("mentions") or ()}
    found: list[Segment] = []
    at = 0
    for match in _TOKEN.finditer(content):
        segment = _token(match, people, roles, everyone=bool(raw.get("mention_everyone")))
        if segment is None:
            continue
        if match.start() > at:
            found.append(Text(content[at : match.start()]))
        found.append(segment)
        at = match.end()
    return (*found, Text(content[at:])) if content[at:] else found


def _token(
    match: re.Match[str], people: Mapping[str, str], roles: Mapping[str, str], *, everyone: bool
) -> Segment | None:
    if match["user"]:
        return Mention(match["user"], people.get(match["user"], ""))
    if match["role"]:
        return Mention(roles[match["role"]]) if match["role"] in roles else None
    if match["emoji"]:
        return Face(match["id"], f":{match['emoji']}:")
    return Mention("all", match["all"], everyone=True) if everyone else None


def _quote(raw: Wire) -> Iterator[Segment]:
    reference = raw.get("message_reference") or {}
    if not reference.get("message_id") or reference.get("type") == _FORWARDED:
        return
    answered = raw.get("referenced_message") or {}
    author = str((answered.get("author") or {}).get("id", ""))
    yield Quote(str(reference["message_id"]), author, str(answered.get("content") or "")[:_EXCERPT])


def _files(raw: Wire) -> Iterator[Segment]:
    for each in raw.get("attachments") or ():
        mime = str(each.get("content_type") or "").partition(";")[0]
        media = Media(url=str(each["url"]), name=str(each.get("filename", "")), mime=mime, size=each.get("size"))
        match mime.partition("/")[0]:
            case "image":
                yield Image(media, alt=str(each.get("description") or ""))
            case "video":
                yield Video(media, each.get("duration_secs"))
            case "audio":
                spoken = bool(int(raw.get("flags") or 0) & _VOICE)
                yield Audio(media, voice=spoken, seconds=each.get("duration_secs"))
            case _:
                yield File(media)


def _stickers(raw: Wire) -> Iterator[Segment]:
    for each in raw.get("sticker_items") or ():
        yield Face(str(each["id"]), f":{each.get('name', '')}:")


def _forwarded(raw: Wire) -> Iterator[Segment]:
    nodes = [Node("", "", read(each["message"])) for each in raw.get("message_snapshots") or ()]
    if nodes:
        yield Forward(tuple(nodes))
