"""Whether a message is for the bot, and what is in the way of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from hubbub.bridge.triggers import is_for_bot
from hubbub.conversations.completions import OPTION
from hubbub.core.identities import Role
from hubbub.core.messages import Text, text_of
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer
from hubbub.dispatch.manners import filtered
from hubbub.words import choose, guess, say

if TYPE_CHECKING:
    from hubbub.bridge.triggers import RoomRules
    from hubbub.commands.command import Call
    from hubbub.core.events import Received
    from hubbub.core.phrases import Sentence
    from hubbub.dispatch.ways import Ways


def heard(ways: Ways, event: Received, rules: RoomRules, switch: str) -> tuple[bool, str, Call | None]:
    """Whether a message is for the bot, its words, and the command that it gives.

    One that asks for a completion is a question, whatever its words are. Other bots of a group are not answered: two
    that answer each other would never come to an end.
    """
    if OPTION in event.options:
        return True, text_of(event.message), None
    if event.author.is_bot and not event.room.direct:
        return False, "", None
    for_bot, text = is_for_bot(event, rules)
    call = ways.commands.find(event, text) if for_bot or rules.prefix or switch == "off" else None
    return for_bot, text, call


async def hindrance(
    ways: Ways, event: Received, who: tuple[str, Role], call: Call | None
) -> Sentence | Literal[False] | None:
    """What is said instead of an answer, False for nothing at all; None where nothing is in the way.

    ``who``: the owner, and what whoever wrote may do. Raises StoreError.
    """
    owner, role = who
    if call is None and role < Role.USER:
        return Phrase("access.guest") if event.room.direct else False
    if (said := filtered(ways.means.board, event, call)) is not None:
        return said
    meter = ways.means.meter
    if (call is not None and call.command.urgent) or not meter.paced(owner, group=not event.room.direct):
        return None
    return await meter.pace(owner, meter.group_of(event.room))


def turned_away(ways: Ways, event: Received) -> Answer:
    """Nobody is answered who is not let in; a stranger may be given a code."""
    language = choose(ways.language, event.locale, guess(text_of(event.message)))
    found = ways.means.gate.offer(event, language)
    if found is None:
        return Answer()
    stranger, writes = found
    sentence = say(Phrase("access.code", {"code": stranger.code, "minutes": 60}), language)
    return Answer((Text(sentence, verbatim=True),), writes=writes)
