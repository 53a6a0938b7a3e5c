"""The command export: conversations as a file, or as text where the room takes no files."""

from __future__ import annotations

import asyncio
import base64
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.waiting import waiting
from hubbub.conversations import exports, shelf
from hubbub.conversations.branches import listed
from hubbub.conversations.zones import day, shown
from hubbub.core.errors import RenderError, UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Blob, File, Media, Text
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from hubbub.commands.waiting import Waiting
    from hubbub.conversations.exports import Format
    from hubbub.core.work import Branch

log = logging.getLogger(__name__)

_ALL = frozenset(("all", "全部", "所有"))
_MOST_BYTES = 8_000_000
# A room without files gets this much of the end, in as many messages as it takes.
_MOST_CHARACTERS = 40_000
# Written so, people of a corp-webot mean a document.
_DOCUMENT_SIGNS = ("@", "＠")
_AS_TEXT = ("markdown", "json")
_KEPT_SECONDS = 86_400.0
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class _Wish:
    """``which``: "" the current conversation, "*" all, else a number or a name. ``turns``: a range of them."""

    format: Format
    which: str
    turns: str


async def export(call: Call, context: CommandContext) -> Answer:
    """This conversation, some turns of it, one that was put aside, or all of them."""
    wish = _wish(call)
    capabilities = context.hub.capabilities(context.event.room)
    takes_files = capabilities is not None and capabilities.files
    if not takes_files and wish.format not in _AS_TEXT and not _linkable(context):
        raise UserError(Phrase("command.export.no_files", {"format": exports.SUFFIX[wish.format]}))
    async with waiting(context) as progress:
        found = await _wanted(wish, context, progress)
        count = await asyncio.to_thread(_count, found)
        if not count:
            return await context.tell(Phrase("command.export.nothing"))
        what = {"format": exports.SUFFIX[wish.format].upper(), "turns": count}
        progress.step(Phrase("command.export.making", dict(what)))
        try:
            data = await _written(found, wish.format, context)
        except RenderError as error:
            log.warning("no document for %s: %s", context.owner, error)
            raise UserError(Phrase("command.export.failed")) from error
    done = Phrase("command.export.done", {"conversations": len(found), "turns": count})
    if not takes_files and wish.format in _AS_TEXT:
        return await _as_text(data.decode(), done, context)
    if len(data) > _MOST_BYTES:
        return await context.tell(Phrase("command.export.too_large", {"megabytes": _MOST_BYTES // 1_000_000}))
    when = day(context.hub.clock(), await context.zone())
    name = exports.file_name(found, when, wish.format, everything=wish.which == "*")
    blob = Blob(data, exports.MIME[wish.format], name)
    return await (_as_file if takes_files else _as_link)(blob, done, context)


def _wish(call: Call) -> _Wish:
    words = call.words
    formats = [exports.FORMATS[word.lower()] for word in words if word.lower() in exports.FORMATS]
    ranges = [word for word in words if exports.is_range(word)]
    rest = " ".join(word for word in words if word.lower() not in exports.FORMATS and word not in ranges)
    usual: Format = "pdf" if call.prefix in _DOCUMENT_SIGNS else "markdown"
    return _Wish(formats[-1] if formats else usual, "*" if rest.lower() in _ALL else rest, ranges[-1] if ranges else "")


def _count(found: Sequence[Branch]) -> int:
    return sum(len(shelf.turns_of(each)) for each in found)


async def _wanted(wish: _Wish, context: CommandContext, progress: Waiting) -> Sequence[Branch]:
    """The branches, with all their nodes."""
    conversations, owner = context.hub.conversations, context.owner
    if wish.which == "*":
        names = [branch.name for branch in listed(await conversations.branches(owner, "context"))]
        return [each async for each in _all(names[::-1], context, progress)]
    kept = await shelf.read(conversations, owner, context.event.branch)
    chosen = kept.find(wish.which) if wish.which else kept.current
    if not wish.which and not chosen.head and kept.aside:
        chosen = kept.aside[0]  # one has just begun afresh: what was before is meant
    whole = await conversations.branch(owner, "context", chosen.name)
    return [await asyncio.to_thread(exports.between, whole, wish.turns) if wish.turns else whole]


async def _all(names: Sequence[str], context: CommandContext, progress: Waiting) -> AsyncIterator[Branch]:
    """The conversations of these names. Raises UserError where they would not fit into one file anyway."""
    size = 0
    for number, name in enumerate(names, 1):
        progress.step(Phrase("command.export.reading", {"number": number, "of": len(names)}))
        branch = await context.hub.conversations.branch(context.owner, "context", name)
        size += await asyncio.to_thread(exports.size_of, branch)
        if size > _MOST_BYTES:
            raise UserError(Phrase("command.export.too_large", {"megabytes": _MOST_BYTES // 1_000_000}))
        yield branch


async def _written(found: Sequence[Branch], form: Format, context: CommandContext) -> bytes:
    """The file's content. Raises RenderError."""
    now = context.hub.clock()
    if form == "json":
        return (await asyncio.to_thread(exports.as_json, context.owner, found, now)).encode()
    zone = await context.zone()
    titles = exports.Titles(
        exported=await context.say(Phrase("export.head", {"time": shown(now, zone)})),
        user=await context.say(Phrase("export.user")),
        assistant=await context.say(Phrase("export.assistant")),
        empty=await context.say(Phrase("export.empty")),
        title=await context.say(Phrase("export.title")),
    )
    if form == "pdf":
        renderer = context.hub.renderer
        if renderer is None:
            msg = "documents are not made here"
            raise RenderError(msg)
        return (await renderer.document(await asyncio.to_thread(exports.as_paper, found, titles, zone))).data
    write = exports.as_html if form == "html" else exports.as_markdown
    return (await asyncio.to_thread(write, found, titles, zone)).encode()


async def _as_text(text: str, done: Phrase, context: CommandContext) -> Answer:
    lines = [done]
    if len(text) > _MOST_CHARACTERS:
        lines.append(Phrase("command.export.cut", {"characters": _MOST_CHARACTERS}))
        text = text[-_MOST_CHARACTERS:]
    return Answer((Text(f"{await context.say(*lines)}\n\n{text}", verbatim=True),))


async def _as_file(blob: Blob, done: Phrase, context: CommandContext) -> Answer:
    file = File(Media(await _address(blob, context), name=blob.name, mime=blob.mime, size=len(blob.data)))
    told = await context.tell(done)
    return replace(told, sends=context.hub.sends(context.event.room, (file,), context.entry.id))


def _linkable(context: CommandContext) -> bool:
    return bool(context.hub.public_url) and context.hub.files is not None


async def _as_link(blob: Blob, done: Phrase, context: CommandContext) -> Answer:
    """For a room without files, where the hub can be reached from outside."""
    name = (await _address(blob, context)).removeprefix("hub:")
    url = f"{context.hub.public_url}/files/{name}"
    return await context.tell(done, Phrase("command.export.link", {"url": url, "hours": int(_KEPT_SECONDS // _HOUR)}))


async def _address(blob: Blob, context: CommandContext) -> str:
    files = context.hub.files
    if files is not None:
        return await files.keep(blob, _KEPT_SECONDS, context.owner)
    kind = blob.mime if blob.mime == exports.MIME["pdf"] else f"{blob.mime};charset=utf-8"
    return f"data:{kind};base64,{base64.b64encode(blob.data).decode()}"


COMMANDS: Final = (Command("export", export, "command.export.help", aliases=("导出",), role=Role.USER),)
