"""Commands about what a model is told first: persona, prompt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.arguments import choice, first_word, number, required
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.personas_import import take_over
from hubbub.commands.pressing import MOST as MOST_BUTTONS
from hubbub.commands.pressing import with_buttons
from hubbub.conversations import library, personas, preferences, prompts
from hubbub.conversations.branches import valid_name
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Button
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    "search": ("find", "搜索", "查找"),
    "import": ("导入",),
}
PAGE = 30
_MOST_PAGES = 1000


async def persona(call: Call, context: CommandContext) -> Answer:
    """Prompts with names: the hub's, and those that the person wrote."""
    what, rest = _wish(call)
    if what in ("list", "search"):
        return await _list(call, (what, rest.strip()), context)
    if what == "import":
        return await take_over(call, rest.strip(), context)
    rest = required(call, rest, "NAME")
    if what == "new":
        return await _new(call, rest, context)
    own = await personas.names(context.hub.conversations, context.owner)
    if what == "delete":
        return await _delete(own, rest, context)
    if what == "use" and rest.lower() in _NONE:
        told = await context.tell(Phrase("command.persona.none"))
        return replace(told, writes=await _use("", context))
    name = _find((*own, *context.hub.personas, *await library.names(context.hub.conversations)), rest)
    if what == "show":
        text = await _text(name, context)
        return await context.tell(Phrase("command.persona.show", {"name": name, "text": text}))
    told = await context.tell(Phrase("command.persona.used", {"name": name}))
    return replace(told, writes=await _use(name, context))


def _wish(call: Call) -> tuple[str, str]:
    """``/persona NAME`` is short for ``/persona use NAME``."""
    word, _ = first_word(call.argument)
    known = word in _DO or any(word in names for names in _DO.values())
    return ("use", call.argument.strip()) if word and not known else choice(call, _DO, default="list")


async def _list(call: Call, wish: tuple[str, str], context: CommandContext) -> Answer:
    """A page of the list, or those whose names have some words."""
    own = await personas.names(context.hub.conversations, context.owner)
    chosen = await preferences.read(context.hub.conversations, context.owner)
    common = await library.names(context.hub.conversations)
    names = [name for name in dict.fromkeys((*context.hub.personas, *common)) if name not in own]
    names += own
    what, words = wish
    page = 1
    if what == "search":
        words = required(call, words, "search WORDS")
        names = [name for name in names if words.casefold() in name.casefold()]
    elif words:
        page = number(words, most=_MOST_PAGES)
    if not names:
        empty = Phrase("command.persona.nothing_found", {"words": words})
        return await context.tell(empty if what == "search" else Phrase("command.persona.empty"))
    pages = -(-len(names) // PAGE)
    page = min(page, pages)
    shown = names[(page - 1) * PAGE : page * PAGE]
    lines = [
        _line("command.persona.line_own" if each in own else "command.persona.line", each, chosen.persona)
        for each in shown
    ]
    found = Phrase("command.persona.found", {"count": len(names), "words": words})
    head = found if what == "search" else Phrase("command.persona.head")
    buttons = [Button(each, f"{call.typed} use {each}") for each in shown if each != chosen.persona]
    if pages > 1 and what == "list":
        lines.append(_more(call, page, pages, len(names)))
        buttons = [*buttons[: MOST_BUTTONS - 2], *await _turns(call, page, pages, context)]
    return with_buttons(await context.tell(head, *lines), buttons)


def _more(call: Call, page: int, pages: int, count: int) -> Phrase:
    values: dict[str, object] = {
        "page": page,
        "pages": pages,
        "count": count,
        "next": f"{call.typed} list {page % pages + 1}",
        "search": f"{call.typed} search",
    }
    return Phrase("command.persona.page", values)


async def _turns(call: Call, page: int, pages: int, context: CommandContext) -> list[Button]:
    """Buttons to the pages before and behind."""
    found = []
    if page > 1:
        found.append(Button(await context.say(Phrase("command.persona.before")), f"{call.typed} list {page - 1}"))
    if page < pages:
        found.append(Button(await context.say(Phrase("command.persona.next")), f"{call.typed} list {page + 1}"))
    return found


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
        if name in await library.names(context.hub.conversations):
            return await _drop_common(name, context)
        key = "command.persona.not_yours" if name in context.hub.personas else "command.persona.unknown"
        raise UserError(Phrase(key, {"name": name}))
    writes = personas.delete(await personas.branch(context.hub.conversations, context.owner, name))
    kept = await context.hub.conversations.branch(context.owner, "config", limit=1)
    if preferences.preferences_of(kept).persona == name:
        writes += (preferences.put(kept, {"persona": None}),)
    told = await context.tell(Phrase("command.persona.deleted", {"name": name}))
    return replace(told, writes=writes)


async def _drop_common(name: str, context: CommandContext) -> Answer:
    """What was taken over for everybody an admin takes away."""
    if context.role < Role.ADMIN:
        raise UserError(Phrase("command.persona.not_yours", {"name": name}))
    writes = personas.delete(await personas.branch(context.hub.conversations, library.OWNER, name))
    return replace(await context.tell(Phrase("command.persona.deleted", {"name": name})), writes=writes)


async def _use(name: str, context: CommandContext) -> tuple[Write, ...]:
    """Choose a persona; a prompt of one's own goes, for it would go first."""
    conversations, owner = context.hub.conversations, context.owner
    kept = await conversations.branch(owner, "config", limit=1)
    prompt = await conversations.branch(owner, "prompt", limit=1)
    return (preferences.put(kept, {"persona": name or None}), *prompts.put(prompt, ""))


async def _text(name: str, context: CommandContext) -> str:
    """What a persona says: one's own, the hub's, one that was taken over."""
    conversations = context.hub.conversations
    own = await personas.read(conversations, context.owner, name)
    return own or context.hub.personas.get(name, "") or await personas.read(conversations, library.OWNER, name)


def _find(names: Sequence[str], wanted: str) -> str:
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
