"""What the hub tells by names that people know from the Repeater: variables expanded, data as a file, who one is."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from hubbub.commands import basics, usage
from hubbub.commands.arguments import required
from hubbub.commands.command import REPEATER, Call, Command, CommandContext, plainly
from hubbub.commands.reference import reference
from hubbub.conversations import archives, preferences
from hubbub.conversations.users import plain_name
from hubbub.conversations.wishes import wish_of
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Blob, File, Media
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.core.ports import Answer


_MOST_BYTES = 8_000_000
_KEPT_SECONDS = 86_400.0


async def expand(call: Call, context: CommandContext) -> Answer:
    """A text with its variables expanded."""
    return plainly(await context.asking.expand(required(call, call.argument, "TEXT")) or "-")


async def expand_image(call: Call, context: CommandContext) -> Answer:
    """A text with its variables expanded, as a picture where pictures can be made and sent; else as text."""
    text = await context.asking.expand(required(call, call.argument, "TEXT")) or "-"
    capabilities = context.hub.capabilities(context.event.room)
    if context.hub.renderer is None or capabilities is None or not capabilities.images:
        return plainly(text)
    wish = wish_of(await preferences.read(context.hub.conversations, context.owner), "")
    return replace(plainly(text), wish=replace(wish, when="always"))


async def send_data(call: Call, context: CommandContext) -> Answer:
    """Everything that one keeps, as a zip file; ``all``: every branch."""
    every = call.argument.strip().lower() in ("all", "全部")
    pack = archives.whole if every else archives.current
    data = await pack(context.hub.conversations, context.owner)
    return await _file(context, f"{plain_name(context.owner)}.zip", "application/zip", data)


async def send_readme(call: Call, context: CommandContext) -> Answer:
    """All commands, as a file."""
    text = reference(call.listing.commands)
    return await _file(context, "commands.md", "text/markdown", text.encode())


async def _file(context: CommandContext, name: str, mime: str, data: bytes) -> Answer:
    capabilities = context.hub.capabilities(context.event.room)
    if capabilities is None or not capabilities.files:
        return await context.tell(Phrase("userdata.no_files"))
    if len(data) > _MOST_BYTES:
        raise UserError(Phrase("userdata.archive.large", {"megabytes": _MOST_BYTES // 1_000_000}))
    url = await _address(context, Blob(data, mime, name))
    told = await context.tell(Phrase("userdata.file", {"name": name}))
    file = File(Media(url=url, name=name, mime=mime, size=len(data)))
    return replace(told, sends=context.hub.sends(context.event.room, (file,), context.entry.id))


async def _address(context: CommandContext, blob: Blob) -> str:
    """Where the platform fetches it: what is large is no part of a stored message."""
    files = context.hub.files
    if files is not None:
        return await files.keep(blob, _KEPT_SECONDS, context.owner)
    return f"data:{blob.mime};base64,{(await asyncio.to_thread(base64.b64encode, blob.data)).decode()}"


_command = partial(Command, role=Role.USER, family=REPEATER)

COMMANDS: Final = (
    _command("varExpand", expand, "command.varExpand.help", aliases=("ve",)),
    _command("varExpandText", expand, "command.varExpand.help", aliases=("vet",)),
    _command("varExpandImage", expand_image, "command.varExpandImage.help", aliases=("vei",)),
    _command("sendUserDataFile", send_data, "command.sendUserDataFile.help", aliases=("sudf",)),
    _command("sendReadmeFile", send_readme, "command.sendReadmeFile.help", aliases=("srf",)),
    _command("getSessionId", basics.sid, "command.getSessionId.help", aliases=("gs",)),
    _command("getBalance", usage.usage, "command.getBalance.help", aliases=("gb",)),
)
