"""Commands about how answers are shown: render, style, stream."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.conversations import preferences
from hubbub.conversations.wishes import RENDER, STREAM, STYLE
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.core.ports import Answer
    from hubbub.core.work import Append

_WHEN: Final = {
    "always": ("on", "always", "yes", "开", "开启", "打开", "总是"),
    "never": ("off", "never", "no", "关", "关闭", "从不"),
    "auto": ("auto", "automatic", "自动"),
}
_SAID: Final = {
    "always": "command.render.always",
    "never": "command.render.never",
    "auto": "command.render.auto",
    "": "command.render.reset",
}
_NAMES: Final = {name: when for when, names in _WHEN.items() for name in names}
_RESET = frozenset(("reset", "default", "重置", "默认"))


async def render(call: Call, context: CommandContext) -> Answer:
    """Whether answers become pictures: show or choose."""
    wanted = call.argument.strip().lower()
    how = Phrase("command.render.how", {"command": call.typed})
    if not wanted:
        chosen = await preferences.read(context.hub.conversations, context.owner)
        now = chosen.stored.get(RENDER)
        return await context.tell(Phrase(_SAID.get(now if isinstance(now, str) else "", _SAID[""])), how)
    if wanted in _RESET:
        told = await context.tell(Phrase("command.render.reset"))
        return replace(told, writes=(await _put(context, RENDER, None),))
    when = _NAMES.get(wanted)
    if when is None:
        raise UserError(how)
    lines = [Phrase(_SAID[when])]
    room = context.hub.capabilities(context.event.room)
    if when != "never" and (room is None or not room.images):
        lines.append(Phrase("command.render.no_images"))
    told = await context.tell(*lines)
    return replace(told, writes=(await _put(context, RENDER, when),))


async def style(call: Call, context: CommandContext) -> Answer:
    """The style of pictures: show or choose."""
    wanted = call.argument.strip().lower()
    styles = context.hub.styles
    names = ", ".join(styles)
    if not wanted:
        chosen = await preferences.read(context.hub.conversations, context.owner)
        now = chosen.stored.get(STYLE)
        now = now if isinstance(now, str) and now in styles else styles[0]
        which = Phrase("command.style.all", {"names": names, "command": call.typed, "name": styles[-1]})
        return await context.tell(Phrase("command.style.now", {"name": now}), which)
    if wanted in _RESET:
        told = await context.tell(Phrase("command.style.reset"))
        return replace(told, writes=(await _put(context, STYLE, None),))
    if wanted not in styles:
        raise UserError(Phrase("command.style.unknown", {"name": wanted[:40], "names": names}))
    told = await context.tell(Phrase("command.style.now", {"name": wanted}))
    return replace(told, writes=(await _put(context, STYLE, wanted),))


async def stream(call: Call, context: CommandContext) -> Answer:
    """Whether answers are shown while they are written: show or choose."""
    wanted = call.argument.strip().lower()
    how = Phrase("command.stream.how", {"command": call.typed})
    if not wanted:
        chosen = await preferences.read(context.hub.conversations, context.owner)
        return await context.tell(*_streams(context, wanted=chosen.stored.get(STREAM) is not False), how)
    if wanted in _RESET or wanted in _WHEN["auto"]:
        told = await context.tell(*_streams(context, wanted=True))
        return replace(told, writes=(await _put(context, STREAM, None),))
    when = _NAMES.get(wanted)
    if when is None:
        raise UserError(how)
    told = await context.tell(*_streams(context, wanted=when == "always"))
    return replace(told, writes=(await _put(context, STREAM, when == "always"),))


def _streams(context: CommandContext, *, wanted: bool) -> list[Phrase]:
    if not wanted:
        return [Phrase("command.stream.off")]
    room = context.hub.capabilities(context.event.room)
    unable = [] if room is not None and room.streams else [Phrase("command.stream.unable")]
    return [Phrase("command.stream.on"), *unable]


async def _put(context: CommandContext, key: str, value: object) -> Append:
    branch = await context.hub.conversations.branch(context.owner, "config", limit=1)
    return preferences.put(branch, {key: value})


COMMANDS: Final = (
    Command("render", render, "command.render.help", aliases=("渲染", "图片"), role=Role.USER),
    Command("style", style, "command.style.help", aliases=("风格", "样式"), role=Role.USER),
    Command("stream", stream, "command.stream.help", aliases=("流式", "边写边看"), role=Role.USER),
)
