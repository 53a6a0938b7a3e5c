"""Commands about a person's settings: set, lang, timezone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.access.gate import person_of
from hubbub.commands.arguments import first_word
from hubbub.commands.command import Call, Command, CommandContext, plainly
from hubbub.commands.parse import normal
from hubbub.commands.pressing import with_buttons
from hubbub.commands.room_admins import runs_here
from hubbub.conversations import preferences
from hubbub.conversations.zones import shown, zone_of
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Button
from hubbub.core.phrases import Phrase
from hubbub.words import say

if TYPE_CHECKING:
    from hubbub.core.ports import Answer
    from hubbub.core.work import Append

_RESET = frozenset(("reset", "default", "auto", "off", "默认", "重置", "自动"))
_LANGUAGES: Final = {
    "zh": ("zh", "zh-cn", "zh-hans", "chinese", "中文", "汉语", "简体中文"),
    "en": ("en", "en-us", "en-gb", "english", "英文", "英语"),
}
_OWN_NAMES: Final = {"zh": "中文", "en": "English", "auto": "auto"}
_ROOM = frozenset(("room", "group", "群", "本群"))
_LONGEST_STOP = 100


@dataclass(frozen=True, slots=True)
class _Key:
    """A setting of requests: how its value is read, and which words describe what it may be."""

    read: Callable[[str], object]
    what: Phrase


def _between(least: float, most: float) -> _Key:
    def read(text: str) -> object:
        value = float(text)
        if not least <= value <= most:
            raise ValueError
        return value

    return _Key(read, Phrase("command.set.between", {"least": f"{least:g}", "most": f"{most:g}"}))


def _whole(most: int) -> _Key:
    def read(text: str) -> object:
        value = int(text)
        if not 1 <= value <= most:
            raise ValueError
        return value

    return _Key(read, Phrase("argument.number", {"least": 1, "most": most}))


def _stop(text: str) -> object:
    if len(text) > _LONGEST_STOP:
        raise ValueError
    return [text]


_KEYS: Final = {
    "temperature": _between(0, 2),
    "top_p": _between(0, 1),
    "max_tokens": _whole(1_000_000),
    "frequency_penalty": _between(-2, 2),
    "presence_penalty": _between(-2, 2),
    "stop": _Key(_stop, Phrase("argument.too_long", {"longest": _LONGEST_STOP})),
}
_NAMES: Final = {normal(key): key for key in _KEYS}


async def set_value(call: Call, context: CommandContext) -> Answer:
    """How a model is asked: list, change, or put back to the default."""
    word, value = first_word(call.argument)
    if not word:
        return await _list(call, context)
    key = _NAMES.get(normal(word))
    if key is None:
        raise UserError(Phrase("command.set.unknown", {"name": word, "names": ", ".join(_KEYS)}))
    value = value.strip()
    if not value:
        chosen = await preferences.read(context.hub.conversations, context.owner)
        return await context.tell(_line(key, chosen.stored.get(key)))
    if value.lower() in _RESET:
        told = await context.tell(Phrase("command.set.reset", {"name": key}))
        return replace(told, writes=(await _put(context, key, None),))
    try:
        read = _KEYS[key].read(value)
    except (ValueError, OverflowError) as error:
        raise UserError(_KEYS[key].what) from error
    told = await context.tell(_line(key, read))
    return replace(told, writes=(await _put(context, key, read),))


async def _list(call: Call, context: CommandContext) -> Answer:
    chosen = await preferences.read(context.hub.conversations, context.owner)
    lines = [_line(key, chosen.stored.get(key)) for key in _KEYS]
    return await context.tell(*lines, Phrase("command.set.how", {"command": call.typed}))


def _line(key: str, value: object) -> Phrase:
    if value is None:
        return Phrase("command.set.default", {"name": key})
    shown_value = ", ".join(map(str, value)) if isinstance(value, list) else value
    return Phrase("command.set.line", {"name": key, "value": shown_value})


async def lang(call: Call, context: CommandContext) -> Answer:
    """The language of the hub's own sentences, for oneself or for a room."""
    word, rest = first_word(call.argument)
    if word.lower() in _ROOM:
        return await _room_language(call, rest.strip().lower(), context)
    wanted = call.argument.strip().lower()
    if not wanted:
        choices = [Button(label, f"{call.typed} {language}") for language, label in _OWN_NAMES.items()]
        return with_buttons(await context.tell(Phrase("command.lang.now")), choices)
    if wanted in _RESET:
        told = await context.tell(Phrase("command.lang.auto"))
        return replace(told, writes=(await _put(context, "language", None),))
    chosen = _language(wanted)
    told = plainly(say(Phrase("command.lang.now"), chosen))
    return replace(told, writes=(await _put(context, "language", chosen),))


async def _room_language(call: Call, wanted: str, context: CommandContext) -> Answer:
    """Show, or by whoever runs the room choose, the language of everybody here who chose none."""
    event, gate = context.event, context.hub.gate
    if event.room.direct:
        raise UserError(Phrase("command.only_group", {"name": call.typed}))
    if not wanted:
        found = gate.language(event.room)
        return await context.tell(Phrase(f"command.lang.room_{found or 'none'}"))
    if context.role < Role.ADMIN and not await runs_here(context):
        raise UserError(Phrase("command.forbidden", {"name": f"{call.typed} room"}))
    chosen = "" if wanted in _RESET else _language(wanted)
    write = gate.set_language(event.room, chosen, person_of(event))
    told = await context.tell(Phrase(f"command.lang.room_{chosen or 'none'}"))
    return replace(told, writes=(write,))


def _language(wanted: str) -> str:
    chosen = next((language for language, names in _LANGUAGES.items() if wanted.replace("_", "-") in names), None)
    if chosen is None:
        raise UserError(Phrase("command.lang.unknown", {"names": ", ".join(_LANGUAGES)}))
    return chosen


async def timezone(call: Call, context: CommandContext) -> Answer:
    """The zone in which times are shown."""
    wanted = call.argument.strip()
    now = context.hub.clock()
    if not wanted:
        chosen = await preferences.read(context.hub.conversations, context.owner)
        zone = await context.zone()
        name = chosen.timezone or Phrase("command.timezone.hubs")
        return await context.tell(Phrase("command.timezone.now", {"name": name, "time": shown(now, zone)}))
    if wanted.lower() in _RESET:
        name = Phrase("command.timezone.hubs")
        told = await context.tell(Phrase("command.timezone.now", {"name": name, "time": shown(now, context.hub.zone)}))
        return replace(told, writes=(await _put(context, "timezone", None),))
    named = next((each for each in (wanted, wanted.replace(" ", "_").title()) if zone_of(each) is not None), None)
    if named is None:
        raise UserError(Phrase("command.timezone.unknown", {"name": wanted}))
    told = await context.tell(Phrase("command.timezone.now", {"name": named, "time": shown(now, zone_of(named))}))
    return replace(told, writes=(await _put(context, "timezone", named),))


async def _put(context: CommandContext, key: str, value: object) -> Append:
    kept = await context.hub.conversations.branch(context.owner, "config", limit=1)
    return preferences.put(kept, {key: value})


COMMANDS: Final = (
    Command("set", set_value, "command.set.help", aliases=("设置",), role=Role.USER),
    Command("lang", lang, "command.lang.help", aliases=("language", "语言")),
    Command("timezone", timezone, "command.timezone.help", aliases=("tz", "时区")),
)
