"""Settings of one's own by the names that people know from the Repeater: how the model writes, what it is told."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from hubbub.commands.arguments import number, required
from hubbub.commands.command import REPEATER, Call, Command, CommandContext
from hubbub.conversations import branches, preferences, prompts
from hubbub.conversations.values import typed
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubbub.commands.command import Handler
    from hubbub.core.ports import Answer

_MOST_TOKENS = 8192
_LONGEST = 8000
_FARTHEST_WEST, _FARTHEST_EAST = -12.0, 12.0
_MOST_TURNS = 10_000


def between(text: str, least: float, most: float, percent: Callable[[float], float]) -> float:
    """A number, or a percentage that stands for one.

    Raises:
        UserError: it is none, or out of bounds.
    """
    text = text.strip().replace("％", "%")
    try:
        value = percent(float(text[:-1])) if text.endswith("%") else float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise UserError(Phrase("command.set.between", {"least": f"{least:g}", "most": f"{most:g}"}))
    return round(value, 6)


def temperature_of(text: str) -> float:
    """A temperature: 0 to 2, or -100% to 100%. Raises UserError."""
    return between(text, 0, 2, lambda percent: percent / 100 + 1)


def _penalty(text: str) -> float:
    return between(text, -2, 2, lambda percent: percent / 100)


def _share(text: str) -> float:
    return between(text, 0, 1, lambda percent: percent / 100)


def _hours(text: str) -> float:
    return between(text, _FARTHEST_WEST, _FARTHEST_EAST, lambda percent: math.nan * percent)


def _tokens(text: str) -> int:
    return number(text, most=_MOST_TOKENS)


def _turns(text: str) -> int:
    return number(text, most=_MOST_TURNS)


def _switch(text: str) -> bool:
    return typed("bool", text.strip() or "true") is True


def _text(text: str) -> str:
    if len(text) > _LONGEST:
        raise UserError(Phrase("argument.too_long", {"longest": _LONGEST}))
    return text.strip()


def _set(key: str, read: Callable[[str], object], usage: str) -> Handler:
    """A command that sets one key to what its argument says."""

    async def handler(call: Call, context: CommandContext) -> Answer:
        value = read(required(call, call.argument, usage))
        return await _put(context, key, value)

    return handler


def _fixed(key: str, value: object) -> Handler:
    """A command that sets one key to one value."""

    async def handler(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
        return await _put(context, key, value)

    return handler


async def _put(context: CommandContext, key: str, value: object) -> Answer:
    kept = await context.hub.conversations.branch(context.owner, "config", limit=1)
    told = await context.tell(Phrase("command.set.line", {"name": key, "value": value}))
    return replace(told, writes=(preferences.put(kept, {key: value}),))


async def default_model(call: Call, context: CommandContext) -> Answer:
    """Choose the model by its name or its type."""
    wanted = required(call, call.argument, "MODEL")
    if (await context.asking.models()).find(wanted) is None:
        raise UserError(Phrase("chat.unknown_model", {"name": wanted}))
    return await _put(context, "model_type", wanted)


async def personality(call: Call, context: CommandContext) -> Answer:
    """Choose the prompt that one begins with; a prompt of one's own goes, for it would go first."""
    name = required(call, call.argument, "NAME")
    if name not in context.hub.personas:
        raise UserError(Phrase("command.persona.unknown", {"name": name}))
    kept = await context.hub.conversations.branch(context.owner, "prompt", limit=1)
    told = await _put(context, "parset_prompt_name", name)
    return replace(told, writes=(*told.writes, *prompts.put(kept, "")))


async def set_prompt(call: Call, context: CommandContext) -> Answer:
    """Write the prompt."""
    text = _text(required(call, call.argument, "TEXT"))
    kept = await context.hub.conversations.branch(context.owner, "prompt", limit=1)
    return replace(await context.tell(Phrase("command.prompt.set")), writes=prompts.put(kept, text))


async def delete_prompt(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Take the prompt away."""
    kept = await context.hub.conversations.branch(context.owner, "prompt", limit=1)
    return replace(await context.tell(Phrase("command.prompt.reset")), writes=branches.delete(kept))


async def delete_config(call: Call, context: CommandContext) -> Answer:
    """Put one setting, or all of them, back."""
    kept = await context.hub.conversations.branch(context.owner, "config", limit=1)
    key = call.argument.strip()
    if key:
        told = await context.tell(Phrase("command.set.reset", {"name": key}))
        return replace(told, writes=(preferences.drop(kept, key),))
    return replace(await context.tell(Phrase("userdata.config.deleted")), writes=branches.delete(kept))


_command = partial(Command, role=Role.USER, family=REPEATER)

COMMANDS: Final = (
    _command(
        "setTemperature", _set("temperature", temperature_of, "0.7"), "command.setTemperature.help", aliases=("st",)
    ),
    _command("setTopP", _set("top_p", _share, "0.9"), "command.setTopP.help", aliases=("stp",)),
    _command(
        "setFrequencyPenalty",
        _set("frequency_penalty", _penalty, "0.5"),
        "command.setFrequencyPenalty.help",
        aliases=("sfp",),
    ),
    _command(
        "setPresencePenalty",
        _set("presence_penalty", _penalty, "0.5"),
        "command.setPresencePenalty.help",
        aliases=("spp",),
    ),
    _command("setMaxTokens", _set("max_tokens", _tokens, "1024"), "command.setMaxTokens.help", aliases=("stm", "smt")),
    _command("setDefaultModel", default_model, "command.setDefaultModel.help", aliases=("sdm",)),
    _command("setTimeZone", _set("timezone", _hours, "8"), "command.setTimeZone.help", aliases=("stz",)),
    _command("setRenderStyle", _set("render_style", _text, "light"), "command.setRenderStyle.help", aliases=("srs",)),
    _command("setRenderTitle", _set("render_title", _text, "TEXT"), "command.setRenderTitle.help", aliases=("srt",)),
    _command("setHtmlTemplate", _set("html_template", _text, "NAME"), "command.setHtmlTemplate.help", aliases=("sht",)),
    _command("changeDefaultPersonality", personality, "command.changeDefaultPersonality.help", aliases=("cdp",)),
    _command("setPrompt", set_prompt, "command.setPrompt.help", aliases=("sp",)),
    _command("deletePrompt", delete_prompt, "command.deletePrompt.help", aliases=("dp",)),
    _command("delConfig", delete_config, "command.delConfig.help", aliases=("dcfg",)),
    _command("enableMemory", _fixed("load_memory", True), "command.enableMemory.help", aliases=("enm",)),
    _command("disableMemory", _fixed("load_memory", False), "command.disableMemory.help", aliases=("dim",)),
    _command(
        "setAutoShrinkLength",
        _set("auto_shrink_length", _turns, "100"),
        "command.setAutoShrinkLength.help",
        aliases=("sasl",),
    ),
    _command(
        "setAutoLoadPrompt",
        _set("auto_load_prompt", _switch, "true"),
        "command.setAutoLoadPrompt.help",
        aliases=("salp",),
    ),
    _command(
        "setAutoSaveContext",
        _set("auto_save_context", _switch, "true"),
        "command.setAutoSaveContext.help",
        aliases=("sasc",),
    ),
    _command(
        "writeUserProfile", _set("user_profile", _text, "TEXT"), "command.writeUserProfile.help", aliases=("wup",)
    ),
    _command(
        "setNicknameMappingFromUsername",
        _set("nickname", _text, "NAME"),
        "command.setNicknameMappingFromUsername.help",
        aliases=("snmu",),
    ),
    _command(
        "setNicknameMappingFromSessionID",
        _set("nickname", _text, "NAME"),
        "command.setNicknameMappingFromSessionID.help",
        aliases=("snms",),
    ),
)
