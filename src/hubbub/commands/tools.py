"""The command tools: which tools models may use for one, and what they may do without asking."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.arguments import first_word
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.parse import normal
from hubbub.commands.permissions import runs_room
from hubbub.conversations import preferences, toolwishes
from hubbub.core.errors import UserError
from hubbub.core.identities import Role, owner_of
from hubbub.core.phrases import Phrase
from hubbub.skills.permission import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hubbub.core.ports import Answer
    from hubbub.core.skills import SkillCard
    from hubbub.skills.calling import Skills

_ACTS: Final = {
    "on": ("on", "enable", "开", "开启", "打开"),
    "off": ("off", "disable", "关", "关闭"),
    "allow": ("allow", "允许"),
    "ask": ("ask", "询问"),
}
_NAMES: Final = {name: act for act, names in _ACTS.items() for name in names}
_STATES: Final = {Verdict.YES: "command.tools.on", Verdict.ASK: "command.tools.asks", Verdict.NO: "command.tools.off"}

Change = dict[str, object]


async def tools(call: Call, context: CommandContext) -> Answer:
    """List the tools, or change what is wanted of them."""
    skills = context.hub.skills
    if skills is None:
        return await context.tell(Phrase("command.tools.none"))
    word, rest = first_word(call.argument)
    act = _NAMES.get(word.lower())
    branch = await context.hub.conversations.branch(context.owner, "config", limit=1)
    stored = preferences.preferences_of(branch).stored
    if not word:
        return await context.tell(*_listed(call, skills, stored, context))
    if act is None or (act in ("allow", "ask") and not rest.strip()):
        raise UserError(Phrase("command.tools.how", {"command": call.typed}))
    _may_change(call, context)
    names = _named(rest, skills.cards)
    changes = _changes(act, names, stored)
    told = await context.tell(*_listed(call, skills, {**stored, **changes}, context))
    return replace(told, writes=(preferences.put(branch, changes),))


def _may_change(call: Call, context: CommandContext) -> None:
    """What a whole group shares is changed by whoever runs the group. Raises UserError."""
    event = context.event
    shared = not event.room.direct and context.owner == owner_of(event.room, event.author.id, shared=True)
    if shared and context.role < Role.ADMIN and not runs_room(event):
        raise UserError(Phrase("command.forbidden", {"name": call.typed}))


def _named(text: str, cards: Sequence[SkillCard]) -> list[str]:
    """The tools that are meant. Raises UserError where one is not there."""
    known = {normal(card.name): card.name for card in cards}
    words = text.replace(",", " ").replace("，", " ").split()
    for word in words:
        if normal(word) not in known:
            names = ", ".join(known.values())
            raise UserError(Phrase("command.tools.unknown", {"name": word[:64], "names": names}))
    return [known[normal(word)] for word in words]


def _changes(act: str, names: Sequence[str], stored: Mapping[str, object]) -> Change:
    if not names:
        return {toolwishes.USE: False} if act == "off" else {toolwishes.USE: None, toolwishes.OFF: None}
    key = toolwishes.OFF if act in ("on", "off") else toolwishes.ALLOWED
    step: Callable[[Mapping[str, object], str, str], list[str] | None] = (
        toolwishes.with_name if act in ("off", "allow") else toolwishes.without_name
    )
    now: Mapping[str, object] = stored
    for name in names:
        now = {**now, key: step(now, key, name)}
    switched_on: Change = {toolwishes.USE: None} if act == "on" else {}
    return {key: now[key], **switched_on}


def _listed(call: Call, skills: Skills, stored: Mapping[str, object], context: CommandContext) -> list[Phrase]:
    """A line for each tool, and how to change it."""
    lines = [Phrase("command.tools.head")]
    for card in skills.cards:
        found = skills.verdict(card, context.event, stored)
        state = Phrase(_STATES[found], {"command": f"{call.typed} allow {card.name}"})
        lines.append(Phrase("command.tools.line", {"name": card.name, "title": card.title, "state": state}))
    return [*lines, Phrase("command.tools.how", {"command": call.typed})]


COMMANDS: Final = (Command("tools", tools, "command.tools.help", aliases=("skills", "工具"), role=Role.USER),)
