"""The command pic: a random picture by tags."""

from __future__ import annotations

import logging
import re
import secrets
from typing import TYPE_CHECKING, Final

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.core.errors import MediaError, ProviderError, StoreError, UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Forward, Image, Media, Node, Text
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.core.capabilities import Capabilities
    from hubbub.core.messages import Message
    from hubbub.core.pictures import Illustration
    from hubbub.core.ports import Files

log = logging.getLogger(__name__)

NAME: Final = "pic"
_BETWEEN = re.compile("[，,]")
_MOST_TAGS, _LONGEST_TAG = 20, 50
_KEPT_SECONDS = 7 * 86_400.0


async def picture(call: Call, context: CommandContext) -> Answer:
    """A picture that has all the tags, as a bundle where the room has bundles."""
    album, files = context.hub.album, context.hub.files
    capabilities = context.hub.capabilities(context.event.room)
    if album is None or files is None or capabilities is None or not capabilities.images:
        raise UserError(Phrase("album.not_here"))
    tags = _tags(call.argument)
    async with context.asking.busy():
        try:
            found = await album.pick(tags)
        except ProviderError as error:
            raise UserError(Phrase("album.failed", {"id": _noted(context, error)})) from error
        if found is None:
            return await context.tell(Phrase("album.nothing"))
        try:
            image = await _fetched(found, files, context)
        except (MediaError, StoreError) as error:
            values = _called(found) | {"id": _noted(context, error)}
            return await context.tell(Phrase("album.unreachable", values))
    return Answer(shown(image, await _words(tags, found, context), capabilities, context.event.room.account))


def _tags(argument: str) -> list[str]:
    return [tag for part in _BETWEEN.split(argument) if (tag := part.strip()[:_LONGEST_TAG])][:_MOST_TAGS]


async def _fetched(found: Illustration, files: Files, context: CommandContext) -> Image:
    """The picture, kept by the hub. Raises MediaError, StoreError."""
    blob = await context.hub.fetch(context.event.room, Media(found.url))
    if not blob.mime.startswith("image/"):
        msg = f"what is there is no picture but {blob.mime[:100]}"
        raise MediaError(msg)
    url = await files.keep(blob, _KEPT_SECONDS, context.owner)
    return Image(Media(url, name=blob.name, mime=blob.mime, size=len(blob.data)), alt=found.title)


async def _words(tags: Sequence[str], found: Illustration, context: CommandContext) -> str:
    return await context.say(Phrase("album.words", _called(found) | {"tags": ", ".join(tags or found.tags)}))


def _called(found: Illustration) -> dict[str, object]:
    return {"title": found.title or "-", "author": found.author or "-"}


def shown(image: Image, words: str, capabilities: Capabilities, account: str) -> Message:
    """Words and picture, as a bundle of two messages where the room has bundles."""
    text = Text(words, verbatim=True)
    if not capabilities.forwards:
        return (text, image)
    return (Forward((Node(account, "", (text,)), Node(account, "", (image,)))),)


def _noted(context: CommandContext, error: Exception) -> str:
    number = secrets.token_hex(4)
    log.warning("error %s: no picture by tags for %s: %s", number, context.owner, error)
    return number


COMMANDS: Final = (Command(NAME, picture, "command.pic.help", aliases=("图", "涩图", "色图", "setu"), role=Role.USER),)
