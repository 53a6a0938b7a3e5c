"""Taking personas over in a chat: an admin sends a list of them, or answers one, or says where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.conversations import library
from hubbub.core.errors import MediaError, UserError
from hubbub.core.identities import Role
from hubbub.core.messages import File, Media, Quote
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.commands.command import Call, CommandContext
    from hubbub.core.messages import Message
    from hubbub.core.ports import Answer

# Messages of the room that are looked through for the one that is answered.
_LOOKED_BACK = 200
_SHOWN_NAMES = 20


async def take_over(call: Call, address: str, context: CommandContext) -> Answer:
    """What the list says is there for everybody."""
    if context.role < Role.ADMIN:
        raise UserError(Phrase("command.forbidden", {"name": f"{call.typed} import"}))
    media = Media(url=address) if address else await _file(context)
    if media is None:
        raise UserError(Phrase("command.persona.import_how", {"command": f"{call.typed} import"}))
    async with context.asking.busy():
        acts = await _read(media, context)
        taken = await library.take(context.hub.conversations, acts, context.hub.personas)
    lines = [Phrase("command.persona.imported", {"count": taken.new})]
    if taken.known:
        lines.append(Phrase("command.persona.import_known", {"count": taken.known}))
    if taken.renamed:
        lines.append(Phrase("command.persona.import_renamed", {"names": _some(taken.renamed)}))
    if taken.left:
        values = {"count": len(taken.left), "entries": _some(taken.left)}
        lines.append(Phrase("command.persona.import_left", values))
    if taken.full:
        lines.append(_too_large())
    return await context.tell(*lines)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN_NAMES]) + (" …" if len(names) > _SHOWN_NAMES else "")


async def _read(media: Media, context: CommandContext) -> library.Acts:
    """Raises UserError."""
    if media.size is not None and media.size > library.LARGEST:
        raise UserError(_too_large())
    try:
        blob = await context.hub.fetch(context.event.room, media)
    except MediaError as error:
        raise UserError(Phrase("command.persona.import_gone")) from error
    try:
        return library.read(blob.data)
    except ValueError as error:
        large = len(blob.data) > library.LARGEST or "entries" in str(error)
        raise UserError(_too_large() if large else Phrase("command.persona.import_broken")) from error


def _too_large() -> Phrase:
    values: dict[str, object] = {"megabytes": library.LARGEST // 1024 // 1024, "most": library.MOST}
    return Phrase("command.persona.import_large", values)


async def _file(context: CommandContext) -> Media | None:
    """A file that came with the command, or is in the message that it answers."""
    event = context.event
    if (found := _first(event.message)) is not None:
        return found
    quoted = next((each.message_id for each in event.message if type(each) is Quote), "")
    if not quoted:
        return None
    for each in await context.hub.said(event.room, context.entry.id, _LOOKED_BACK):
        if each.message_id == quoted:
            return _first(each.message)
    return None


def _first(message: Message) -> Media | None:
    return next((each.media for each in message if type(each) is File), None)
