"""The command model: which models there are, and which one answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.pressing import with_buttons
from hubbub.conversations import preferences
from hubbub.core.errors import ProviderError, UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Button
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.commands.command import KnownModels
    from hubbub.core.phrases import Sentence
    from hubbub.core.ports import Answer
    from hubbub.core.turns import ModelInfo

_RESET = frozenset(("reset", "default", "auto", "默认", "重置"))
_MOST_LISTED = 50
_NUMBER = 4


async def model(call: Call, context: CommandContext) -> Answer:
    """List the models, or choose one by its number or name."""
    models = await context.asking.models()
    wanted = call.argument.strip()
    if not wanted:
        return await _list(models, call, context)
    kept = await context.hub.conversations.branch(context.owner, "config", limit=1)
    if wanted.lower() in _RESET:
        told = await context.tell(Phrase("command.model.reset", {"name": _default(models)}))
        return replace(told, writes=(preferences.put(kept, {"model": None}),))
    name = _named(models, wanted)
    told = await context.tell(Phrase("command.model.chosen", {"name": name}))
    return replace(told, writes=(preferences.put(kept, {"model": name}),))


async def _list(models: KnownModels, call: Call, context: CommandContext) -> Answer:
    infos = models.infos
    if not infos:
        return await context.tell(Phrase("command.model.none", {"reason": models.reason}))
    chosen = await preferences.read(context.hub.conversations, context.owner)
    found = models.find(chosen.model) if chosen.model else None
    default = _default(models)
    current = found.name if found else default
    lines = [_line(number, info, current, default) for number, info in enumerate(infos[:_MOST_LISTED], 1)]
    how = Phrase("command.model.how", {"command": call.typed})
    told = await context.tell(Phrase("command.model.head", {"name": current}), *lines, how)
    names = [info.name for info in infos if info.name != current]
    return with_buttons(told, [Button(name, f"{call.typed} {name}") for name in names])


def _line(number: int, info: ModelInfo, current: str, default: str) -> Phrase:
    mark = "→ " if info.name == current else ""
    values: dict[str, object] = {"number": number, "mark": mark, "name": info.name, "about": _about(info)}
    return Phrase("command.model.line_default" if info.name == default else "command.model.line", dict(values))


def _about(info: ModelInfo) -> Sentence:
    shown = info.id if info.id != info.name else ""
    if shown and info.note:
        return Phrase("command.model.about_both", {"id": shown, "note": info.note})
    return Phrase("command.model.about", {"what": shown or info.note}) if shown or info.note else ""


def _named(models: KnownModels, wanted: str) -> str:
    found = models.find(wanted)
    if found is not None:
        return found.name
    infos = models.infos
    if wanted.isdecimal() and len(wanted) < _NUMBER and 0 < int(wanted) <= len(infos):
        return infos[int(wanted) - 1].name
    raise UserError(Phrase("chat.unknown_model", {"name": wanted}))


def _default(models: KnownModels) -> str:
    try:
        return models.default().name
    except ProviderError:
        return "-"


COMMANDS: Final = (Command("model", model, "command.model.help", aliases=("models", "模型"), role=Role.USER),)
