"""Documents, which OneBot sends by an action of their own: the words of a message first, then each file."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hubbub.core.errors import DeliveryError
from hubbub.core.messages import File, Text
from hubbub.platforms.onebot.actions import file_of, number, send_call
from hubbub.platforms.onebot.bounds import scalar
from hubbub.platforms.onebot.wire import CallError, message_id

if TYPE_CHECKING:
    from hubbub.core.messages import Message
    from hubbub.core.work import Outgoing
    from hubbub.platforms.onebot.accounts import Line
    from hubbub.platforms.onebot.settings import OneBotSettings
    from hubbub.platforms.onebot.wire import WireObject

log = logging.getLogger(__name__)

_NAMELESS = "file"


def has_files(message: Message) -> bool:
    """A message brings documents."""
    return any(type(each) is File for each in message)


async def send_with_files(line: Line, out: Outgoing, settings: OneBotSettings) -> str:
    """Send a message and its documents; the id of the message, of the file, or "" where the implementation tells none.

    Raises:
        DeliveryError: as `Platform.send`; once something is out, it is not certain any more.
    """
    files = [_upload(out, each) for each in out.message if type(each) is File]
    rest = tuple(each for each in out.message if type(each) is not File)
    found, begun = "", False
    try:
        if rest:
            found = message_id(await line.call(*send_call(replace(out, message=rest), settings)))
            begun = True
        for params in files:
            sent = await _sent(line, out, params, settings)
            found = found or sent
            begun = True
    except DeliveryError as error:
        if not begun:
            raise
        msg = f"a part of the message is sent, the rest is not: {error}"
        raise DeliveryError(msg, certain=False) from error
    return found


def _upload(out: Outgoing, file: File) -> WireObject:
    """What uploads a document. Raises DeliveryError, before anything is sent."""
    target = "group_id" if out.room.kind == "group" else "user_id"
    return {"file": file_of(file.media), "name": file.media.name or _NAMELESS, target: number(out.room.id)}


async def _sent(line: Line, out: Outgoing, params: WireObject, settings: OneBotSettings) -> str:
    """Upload a document; its name where the implementation does not take it. The id of the message, if any."""
    room, name = out.room, params["name"]
    try:
        kind = "group" if room.kind == "group" else "private"
        answer: Any = await line.call(f"upload_{kind}_file", params)
    except CallError as error:
        if not error.certain:
            raise
        log.warning("a file to %s is not taken: %s", room.key, error)
        words = replace(out, message=(Text(f"📎 {name}", verbatim=True),), reply_to="")
        return message_id(await line.call(*send_call(words, settings)))
    return message_id(answer) or (scalar(answer.get("file_id")) if isinstance(answer, dict) else "")
