"""Files that the hub keeps, as OneBot is sent them: their content itself, which needs no shared disk and no address."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.core.errors import DeliveryError, MediaError
from hubbub.core.messages import Audio, File, Forward, Image, Text, Video
from hubbub.markup.plain import plain

if TYPE_CHECKING:
    from hubbub.core.messages import Media, Message, Segment
    from hubbub.core.ports import Files

_KEPT = "hub:"


def has_kept(message: Message) -> bool:
    """A message has files that the hub keeps."""
    return any(
        any(has_kept(node.message) for node in each.nodes)
        if type(each) is Forward
        else isinstance(each, Image | File | Audio | Video) and each.media.url.startswith(_KEPT)
        for each in message
    )


async def brought(message: Message, files: Files) -> Message:
    """The message with the content of kept files in it. A picture that is gone is told in words, where it has some.

    Raises:
        DeliveryError: a file is not kept any more, and nothing can be said in its place.
    """
    return tuple([await _brought(each, files) for each in message])


async def _brought(segment: Segment, files: Files) -> Segment:
    if isinstance(segment, Forward):
        nodes = [replace(node, message=await brought(node.message, files)) for node in segment.nodes]
        return replace(segment, nodes=tuple(nodes))
    if not isinstance(segment, Image | File | Audio | Video) or not segment.media.url.startswith(_KEPT):
        return segment
    try:
        return replace(segment, media=await _content(segment.media, files))
    except MediaError as error:
        if isinstance(segment, Image) and segment.alt:
            return Text(plain(segment.alt), verbatim=True)
        message = f"a file cannot be sent: {error}"
        raise DeliveryError(message, certain=True, permanent=True) from error


async def _content(media: Media, files: Files) -> Media:
    found = await files.fetch(media)
    data = base64.b64encode(found.data).decode()
    return replace(media, url=f"data:{found.mime};base64,{data}")
