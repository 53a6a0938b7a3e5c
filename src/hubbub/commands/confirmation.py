"""Asking once more before something that cannot be taken back: a word that the person repeats within some minutes.

It is kept with the owner's settings, so that it holds across a restart, and only the same person can give it.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.commands.pressing import with_buttons
from hubbub.conversations.branches import HIDDEN, clear
from hubbub.core.messages import Button
from hubbub.core.phrases import Phrase
from hubbub.core.work import Append

if TYPE_CHECKING:
    from hubbub.commands.command import Call, CommandContext
    from hubbub.core.ports import Answer
    from hubbub.core.work import Write

BRANCH = f"{HIDDEN}confirm"
MINUTES = 5
_CONSONANTS, _VOWELS, _SYLLABLES = "bdfgkmnprstvz", "aiou", 3


def word() -> str:
    """A word that nobody says by chance and everybody can type."""
    return "".join(secrets.choice(_CONSONANTS) + secrets.choice(_VOWELS) for _ in range(_SYLLABLES))


async def ask(call: Call, context: CommandContext, what: Phrase, data: str = "") -> Answer:
    """Say what would be done, and which word does it; ``data`` comes back from `given`."""
    code = word()
    body = {
        "command": call.command.name,
        "word": code,
        "person": _person(context),
        "until": context.hub.clock() + MINUTES * 60,
        "data": data,
    }
    command = f"{call.typed} {code}"
    how = Phrase("confirm.how", {"command": command, "minutes": MINUTES})
    told = with_buttons(await context.tell(what, how), [Button(await context.say(Phrase("confirm.yes")), command)])
    return replace(told, writes=(Append(context.owner, "config", BRANCH, (body,), onto=0),))


async def given(call: Call, context: CommandContext) -> tuple[str, tuple[Write, ...]] | None:
    """The data of `ask`, and what takes the question away, if the argument is its word; else None."""
    branch = await context.hub.conversations.branch(context.owner, "config", BRANCH, limit=1)
    body = branch.nodes[-1].body if branch.nodes else None
    if not isinstance(body, dict) or call.argument.strip().lower() != body.get("word"):
        return None
    same = (body.get("command"), body.get("person")) == (call.command.name, _person(context))
    until = body.get("until")
    if not same or not isinstance(until, int | float) or context.hub.clock() > until:
        return None
    data = body.get("data")
    return data if isinstance(data, str) else "", clear(branch)


def _person(context: CommandContext) -> str:
    return f"{context.event.room.platform}:{context.event.author.id}"
