"""The command export: conversations as a file, or as text where the room takes no files."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.conversations import exports, shelf
from hubbub.conversations.branches import listed
from hubbub.conversations.zones import day, shown
from hubbub.core.identities import Role
from hubbub.core.messages import File, Media, Text
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.conversations.exports import Format
    from hubbub.core.work import Branch

_FORMATS: Final[dict[str, Format]] = {"md": "markdown", "markdown": "markdown", "json": "json"}
_ALL = frozenset(("all", "全部", "所有"))
_MOST_BYTES = 8_000_000
# A room without files gets this much of the end, in as many messages as it takes.
_MOST_CHARACTERS = 40_000
_NOT_IN_NAMES = re.compile(r"[^\w.-]+")


@dataclass(frozen=True, slots=True)
class _Wish:
    """``which``: "" the current conversation, "*" all, else a number or a name."""

    format: Format
    which: str


async def export(call: Call, context: CommandContext) -> Answer:
    """This conversation, one that was put aside, or all of them."""
    wish = _wish(call.words)
    found = await _wanted(wish, context)
    count = sum(len(shelf.turns_of(each)) for each in found)
    if not count:
        return await context.tell(Phrase("command.export.nothing"))
    text = await _written(found, wish.format, context)
    done = Phrase("command.export.done", {"conversations": len(found), "turns": count})
    capabilities = context.hub.capabilities(context.event.room)
    if capabilities is None or not capabilities.files:
        return await _as_text(text, done, context)
    data = text.encode()
    if len(data) > _MOST_BYTES:
        return await context.tell(Phrase("command.export.too_large", {"megabytes": _MOST_BYTES // 1_000_000}))
    name = await _name(found, wish, context)
    file = File(Media(url=_data_url(data, wish.format), name=name, mime=exports.MIME[wish.format], size=len(data)))
    told = await context.tell(done)
    return replace(told, sends=context.hub.sends(context.event.room, (file,), context.entry.id))


def _wish(words: Sequence[str]) -> _Wish:
    formats = [_FORMATS[word.lower()] for word in words if word.lower() in _FORMATS]
    rest = " ".join(word for word in words if word.lower() not in _FORMATS)
    return _Wish(formats[-1] if formats else "markdown", "*" if rest.lower() in _ALL else rest)


async def _wanted(wish: _Wish, context: CommandContext) -> Sequence[Branch]:
    """The branches, with all their nodes."""
    conversations, owner = context.hub.conversations, context.owner
    if wish.which == "*":
        names = [branch.name for branch in listed(await conversations.branches(owner, "context"))]
        return [await conversations.branch(owner, "context", name) for name in reversed(names)]
    kept = await shelf.read(conversations, owner, context.event.branch)
    chosen = kept.find(wish.which) if wish.which else kept.current
    return [await conversations.branch(owner, "context", chosen.name)]


async def _written(found: Sequence[Branch], form: Format, context: CommandContext) -> str:
    now = context.hub.clock()
    if form == "json":
        return exports.as_json(context.owner, found, now)
    zone = await context.zone()
    titles = exports.Titles(
        exported=await context.say(Phrase("export.head", {"time": shown(now, zone)})),
        user=await context.say(Phrase("export.user")),
        assistant=await context.say(Phrase("export.assistant")),
        empty=await context.say(Phrase("export.empty")),
    )
    return exports.as_markdown(found, titles, zone)


async def _as_text(text: str, done: Phrase, context: CommandContext) -> Answer:
    lines = [done]
    if len(text) > _MOST_CHARACTERS:
        lines.append(Phrase("command.export.cut", {"characters": _MOST_CHARACTERS}))
        text = text[-_MOST_CHARACTERS:]
    return Answer((Text(f"{await context.say(*lines)}\n\n{text}", verbatim=True),))


async def _name(found: Sequence[Branch], wish: _Wish, context: CommandContext) -> str:
    about = "all" if wish.which == "*" else _NOT_IN_NAMES.sub("-", found[0].name).strip("-.")[:40] or "chat"
    return f"hubbub-{about}-{day(context.hub.clock(), await context.zone())}.{exports.SUFFIX[wish.format]}"


def _data_url(data: bytes, form: Format) -> str:
    return f"data:{exports.MIME[form]};charset=utf-8;base64,{base64.b64encode(data).decode()}"


COMMANDS: Final = (Command("export", export, "command.export.help", aliases=("导出",), role=Role.USER),)
