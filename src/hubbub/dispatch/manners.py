"""What the bot's manners change on the road of a message: filtered words, and answers that mention who asked. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hubbub.core.events import Received
from hubbub.core.identities import Role
from hubbub.core.messages import Forward, Mention, Text, text_of

if TYPE_CHECKING:
    from hubbub.commands.command import Call
    from hubbub.commands.manners.board import Board
    from hubbub.core.capabilities import Capabilities
    from hubbub.core.events import Event
    from hubbub.core.messages import Message


def filtered(board: Board, event: Received, call: Call | None) -> str | Literal[False] | None:
    """What a filter says to a message, False for nothing at all; None where none concerns it.

    Commands of admins are not filtered: by one of them filters are changed.
    """
    if not board.filters_at_all or (call is not None and call.command.role > Role.USER):
        return None
    found = board.filtered(event.room, text_of(event.message))
    return None if found is None else found or False


def overheard(board: Board, event: Received) -> str:
    """What a filter says to a message that is not for the bot; "" for nothing."""
    if not board.filters_at_all or not board.rules.overhear or event.author.is_bot:
        return ""
    return board.filtered(event.room, text_of(event.message)) or ""


def mentioning(message: Message, event: Event, capabilities: Capabilities, *, quoting: bool) -> Message:
    """An answer in a group that begins with a mention of who asked, where mentions can be shown.

    Who is called by being quoted is not mentioned besides. A bundle stays as it is: a mention in it would be one more
    of its messages, and call nobody.
    """
    if quoting and capabilities.quotes_call:
        return message
    if type(event) is not Received or event.room.direct or not capabilities.mentions or ":" in event.author.id:
        return message  # whoever is anonymous has no number to mention
    if any(type(each) is Forward for each in message):
        return message
    return (Mention(event.author.id, event.author.name), Text(" ", verbatim=True), *message)
