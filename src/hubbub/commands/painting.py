"""The command image: a picture by description, or a picture that is there made into another."""

from __future__ import annotations

import base64
import logging
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.arguments import first_word, required
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.conversations.holds import Stake
from hubbub.conversations.shelf import turns_of
from hubbub.core.errors import MediaError, ProviderError, StoreError, UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Blob, Image, Media
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer
from hubbub.core.work import Spend

if TYPE_CHECKING:
    from hubbub.core.ports import Painter

log = logging.getLogger(__name__)

_KEPT_SECONDS = 7 * 86_400.0
_EDIT = frozenset(("edit", "改图", "修改"))
_LOOKED_BACK = 20
_LONGEST_NAME = 100
_TOKENS = 1000
"""What a picture holds of the day's tokens while it is painted."""


async def image(call: Call, context: CommandContext) -> Answer:
    """Paint what is described; with "edit", or sent with a picture, change that picture."""
    painter = context.hub.painter
    if painter is None:
        raise UserError(Phrase("command.image.none"))
    capabilities = context.hub.capabilities(context.event.room)
    if capabilities is None or not capabilities.images:
        raise UserError(Phrase("command.image.no_room"))
    word, rest = first_word(call.argument)
    sent = [each.media for each in context.event.message if type(each) is Image]
    changes = word in _EDIT or bool(sent)
    wish = required(call, rest if word in _EDIT else call.argument, "TEXT")
    if too_long := context.hub.meter.too_long(context.owner, wish):
        raise UserError(too_long)
    meter, entry = context.hub.meter, context.entry
    stake = Stake(meter.group_of(context.event.room), painter.price, f"entry:{entry.id}", entry.attempts > 0, kept=True)
    async with meter.hold(context.owner, _TOKENS, stake) as held, context.asking.busy():
        blob = await _painted(painter, wish, (sent or [await _last(context)]) if changes else [], context)
    spend = held.on(Spend(context.owner, meter.today(context.owner), messages=1, cost=painter.price))
    try:
        url = await _address(blob, context)
    except UserError as error:  # it was painted at a price all the same
        return replace(await context.tell(error.user_text), writes=(spend,))
    shown = Image(Media(url, name=blob.name, mime=blob.mime, size=len(blob.data)), alt=wish[:_LONGEST_NAME])
    return Answer((shown,), writes=(spend,))


async def _painted(painter: Painter, wish: str, pictures: list[Media], context: CommandContext) -> Blob:
    try:
        if not pictures:
            return await painter.paint(wish)
        return await painter.repaint(wish, await context.hub.fetch(context.event.room, pictures[0]))
    except (ProviderError, MediaError) as error:
        number = secrets.token_hex(4)
        log.warning("error %s: no picture for %s: %s", number, context.owner, error)
        raise UserError(Phrase("command.image.failed", {"id": number})) from error


async def _last(context: CommandContext) -> Media:
    """The newest picture of the conversation. Raises UserError where there is none."""
    branch = await context.hub.conversations.branch(context.owner, "context", context.event.branch, limit=_LOOKED_BACK)
    pictures = (media for turn in reversed(turns_of(branch)) for media in reversed(turn.images))
    found = next(pictures, None)
    if found is None:
        raise UserError(Phrase("command.image.which"))
    return replace(found)


async def _address(blob: Blob, context: CommandContext) -> str:
    """Where the picture is from now on. Raises UserError where it cannot be kept: it is not to be painted again."""
    files = context.hub.files
    if files is not None:
        try:
            return await files.keep(blob, _KEPT_SECONDS, context.owner)
        except StoreError as error:
            number = secrets.token_hex(4)
            log.warning("error %s: a picture for %s is not kept: %s", number, context.owner, error)
            raise UserError(Phrase("command.image.not_kept", {"id": number})) from error
    return f"data:{blob.mime};base64,{base64.b64encode(blob.data).decode()}"


COMMANDS: Final = (
    Command(
        "image",
        image,
        "command.image.help",
        aliases=("paint", "画图", "画", "生成图片"),
        role=Role.USER,
        glued=True,
    ),
)
