"""Commands about what a model is told first: persona, prompt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.arguments import choice, first_word, required
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.pressing import with_buttons
from hubbub.conversations import personas, preferences, prompts
from hubbub.conversations.branches import valid_name
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Button
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.core.ports import Answer
    from hubbub.core.work import Write

LONGEST = 8000
MOST = 50
_NONE = frozenset(("off", "none", "reset", "default", "无", "默认", "重置"))
_RESET = frozenset(("reset", "default", "off", "重置", "默认"))

_DO: Final = {
    "list": ("ls", "列表", "查看列表"),
    "use": ("switch", "使用", "切换"),
    "show": ("cat", "查看", "显示"),
    "new": ("create", "add", "新建", "添加"),
    "delete": ("rm", "remove", "删除"),
}


async def persona(call: Call, context: CommandContext) -> Answer:
    """Prompts with names: the hub's, and those that the person wrote."""
    what, rest = _wish(call)
    if what == "list":
        return await _list(call, context)
    rest = required(call, rest, "NAME")
    if what == "new":
        return await _new(call, rest, context)
    own = await personas.names(context.hub.conversations, context.owner)
    if what == "delete":
        return await _delete(own, rest, context)
    if what == "use" and rest.lower() in _NONE:
        told = await context.tell(Phrase("command.persona.none"))
        return replace(told, writes=await _use("", context))
    name = _find(own, context.hub.personas, rest)
    if what == "show":
        text = await personas.read(context.hub.conversations, context.owner, name) or context.hub.personas.get(name, "")
        return await context.tell(Phrase("command.persona.show", {"name": name, "text": text}))
    told = await context.tell(Phrase("command.persona.used", {"name": name}))
    return replace(told, writes=await _use(name, context))


def _wish(call: Call) -> tuple[str, str]:
    """``/persona NAME`` is short for ``/persona use NAME``."""
    word, _ = first_word(call.argument)
    known = word in _DO or any(word in names for names in _DO.values())
    return ("use", call.argument.strip()) if word and not known else choice(call, _DO, default="list")


async def _list(call: Call, context: CommandContext) -> Answer:
    own = await personas.names(context.hub.conversations, context.owner)
    chosen = await preferences.read(context.hub.conversations, context.owner)
    if not own and not context.hub.personas:
        return await context.tell(Phrase("command.persona.empty"))
    lines = [_line("command.persona.line", name, chosen.persona) for name in context.hub.personas if name not in own]
    lines += [_line("command.persona.line_own", name, chosen.persona) for name in own]
    told = await context.tell(Phrase("command.persona.head"), *lines)
    others = [name for name in dict.fromkeys((*context.hub.personas, *own)) if name != chosen.persona]
    return with_buttons(told, [Button(name, f"{call.typed} use {name}") for name in others])


def _line(key: str, name: str, chosen: str) -> Phrase:
    return Phrase(key, {"name": name, "mark": "→" if name == chosen else "-"})


async def _new(call: Call, rest: str, context: CommandContext) -> Answer:
    name = valid_name(rest.split(maxsplit=1)[0])
    text = _bounded(required(call, rest[len(name) :], "NAME TEXT"))
    own = await personas.names(context.hub.conversations, context.owner)
    if name not in own and len(own) >= MOST:
        raise UserError(Phrase("command.persona.too_many", {"most": MOST}))
    if name.lower() in _NONE:
        raise UserError(Phrase("command.persona.taken", {"name": name}))
    kept = await personas.branch(context.hub.conversations, context.owner, name)
    told = await context.tell(Phrase("command.persona.made", {"name": name, "command": f"{call.typed} use {name}"}))
    return replace(told, writes=personas.put(kept, text))


async def _delete(own: tuple[str, ...], name: str, context: CommandContext) -> Answer:
    if name not in own:
        key = "command.persona.not_yours" if name in context.hub.personas else "command.persona.unknown"
        raise UserError(Phrase(key, {"name": name}))
    writes = personas.delete(await personas.branch(context.hub.conversations, context.owner, name))
    kept = await context.hub.conversations.branch(context.owner, "config", limit=1)
    if preferences.preferences_of(kept).persona == name:
        writes += (preferences.put(kept, {"persona": None}),)
    told = await context.tell(Phrase("command.persona.deleted", {"name": name}))
    return replace(told, writes=writes)


async def _use(name: str, context: CommandContext) -> tuple[Write, ...]:
    """Choose a persona; a prompt of one's own goes, for it would go first."""
    conversations, owner = context.hub.conversations, context.owner
    kept = await conversations.branch(owner, "config", limit=1)
    prompt = await conversations.branch(owner, "prompt", limit=1)
    return (preferences.put(kept, {"persona": name or None}), *prompts.put(prompt, ""))


def _find(own: tuple[str, ...], hubs: Mapping[str, str], wanted: str) -> str:
    names = (*own, *hubs)
    exact = [name for name in names if name == wanted]
    loose = [name for name in names if name.casefold() == wanted.casefold()]
    if not exact and not loose:
        raise UserError(Phrase("command.persona.unknown", {"name": wanted}))
    return (exact or loose)[0]


async def prompt(call: Call, context: CommandContext) -> Answer:
    """The prompt of one's own: shown, set, or taken back."""
    conversations, owner = context.hub.conversations, context.owner
    text = call.argument.strip()
    kept = await conversations.branch(owner, "prompt", limit=1)
    if not text:
        return await _show(prompts.prompt_of(kept), context)
    if text.lower() in _RESET:
        told = await context.tell(Phrase("command.prompt.reset"))
        return replace(told, writes=prompts.put(kept, ""))
    told = await context.tell(Phrase("command.prompt.set"))
    return replace(told, writes=prompts.put(kept, _bounded(text)))


async def _show(own: str, context: CommandContext) -> Answer:
    chosen = await preferences.read(context.hub.conversations, context.owner)
    if own:
        return await context.tell(Phrase("command.prompt.own", {"text": own}))
    if chosen.persona:
        return await context.tell(Phrase("command.prompt.persona", {"name": chosen.persona}))
    return await context.tell(Phrase("command.prompt.default"))


def _bounded(text: str) -> str:
    if len(text) > LONGEST:
        raise UserError(Phrase("argument.too_long", {"longest": LONGEST}))
    return text


COMMANDS: Final = (
    Command("persona", persona, "command.persona.help", aliases=("personas", "人设", "角色"), role=Role.USER),
    Command("prompt", prompt, "command.prompt.help", aliases=("提示词",), role=Role.USER),
)
