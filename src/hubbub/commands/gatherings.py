"""What a group did lately, by names that people know from the Repeater: who wrote, one of them by chance, in short.

It is read from the messages that are kept anyway, when somebody asks.
"""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from hubbub.commands.arguments import number
from hubbub.commands.command import REPEATER, Call, Command, CommandContext
from hubbub.conversations.completions import Completion
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.messages import text_of
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.core.addresses import RoomKind
    from hubbub.core.events import Received
    from hubbub.core.ports import Answer

_GROUPS: tuple[RoomKind, ...] = ("group", "channel")
_MOST = 500
_MOST_PLACES = 50
_PLACES, _MESSAGES = "10", "100"
# Of what is to be summed up, the newest so many characters; of one message, so many.
_LONGEST, _LONGEST_MESSAGE = 6000, 500
_ALONE = Completion(load_prompt=False, load_context=False, save_context=False, stream=False)


async def choose(call: Call, context: CommandContext) -> Answer:
    """One of those who wrote lately, each as likely as any other; the argument says what for."""
    names = _names(await _said(context))
    name = secrets.choice(sorted(names.items()))[1]
    what = call.argument.strip()
    return await context.tell(
        Phrase("gathering.chosen_for", {"what": what, "name": name})
        if what
        else Phrase("gathering.chosen", {"name": name})
    )


async def ranking(call: Call, context: CommandContext) -> Answer:
    """Who wrote most of the last messages; the argument is how many people are named."""
    places = number(call.argument.strip() or _PLACES, most=_MOST_PLACES)
    said = await _said(context)
    names = _names(said)
    first = Counter(each.author.id for each in reversed(said)).most_common(places)
    lines = [
        Phrase("gathering.line", {"place": place, "name": names[author], "count": count})
        for place, (author, count) in enumerate(first, 1)
    ]
    return await context.tell(Phrase("gathering.ranking", {"count": len(said)}), *lines)


async def summary(call: Call, context: CommandContext) -> Answer:
    """What was said lately, summed up by the model; the argument is how many messages. Nothing of it is kept."""
    count = number(call.argument.strip() or _MESSAGES, most=_MOST)
    said = [each for each in await _said(context, count) if text_of(each.message).strip()]
    lines: list[str] = []
    room = _LONGEST
    for each in said:
        line = f"{each.author.name or each.author.id}: {text_of(each.message).strip()[:_LONGEST_MESSAGE]}"
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    if not lines:
        raise UserError(Phrase("gathering.nobody"))
    wish = await context.say(Phrase("gathering.summarize"))
    return replace(await context.asking.complete("\n".join((wish, "", *reversed(lines))), _ALONE), quote=True)


async def _said(context: CommandContext, limit: int = _MOST) -> Sequence[Received]:
    """Messages of the group, newest first. Raises UserError where there are none."""
    found = await context.hub.said(context.event.room, context.entry.id, limit)
    if not found:
        raise UserError(Phrase("gathering.nobody"))
    return found


def _names(said: Sequence[Received]) -> dict[str, str]:
    """Who wrote, each by the newest name."""
    return {each.author.id: each.author.name or each.author.id for each in reversed(said)}


_command = partial(Command, role=Role.USER, family=REPEATER, rooms=_GROUPS)

COMMANDS: Final = (
    _command("chooseGroupMember", choose, "command.chooseGroupMember.help", aliases=("cgm",)),
    _command("recentSpeakingRanking", ranking, "command.recentSpeakingRanking.help", aliases=("rsr",)),
    _command("summaryChatRecord", summary, "command.summaryChatRecord.help", aliases=("scr",)),
)
