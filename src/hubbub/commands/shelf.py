"""Commands about conversations that were put aside: history, resume, branch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.arguments import choice, number, required
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.conversations import branches, shelf
from hubbub.conversations.zones import shown
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from datetime import tzinfo

    from hubbub.conversations.shelf import Shelf
    from hubbub.core.ports import Answer
    from hubbub.core.work import Branch, Write

_PAGE = 10
_MOST_PAGES = 10_000

_DO: Final = {
    "list": ("ls", "列表", "查看"),
    "new": ("create", "新建"),
    "use": ("switch", "切换", "使用"),
    "rename": ("mv", "重命名"),
    "delete": ("rm", "remove", "删除"),
    "fork": ("copy", "复制", "分叉"),
}


async def history(call: Call, context: CommandContext) -> Answer:
    """The conversations that were put aside, a page at a time: number, time, first words, name."""
    page = number(call.argument or "1", most=_MOST_PAGES)
    found = await _shelf(context)
    begin = (page - 1) * _PAGE
    part = found.aside[begin : begin + _PAGE]
    if not part:
        return await context.tell(Phrase("command.history.none"))
    zone = await context.zone()
    lines = [await _line(context, branch, begin + place, zone) for place, branch in enumerate(part, 1)]
    if len(found.aside) > begin + _PAGE:
        lines.append(Phrase("command.history.more", {"command": f"{call.typed} {page + 1}"}))
    resume = call.listing.named("resume")
    if resume is not None:
        lines.append(Phrase("command.history.resume", {"command": f"{call.prefix}{resume.name}"}))
    return await context.tell(Phrase("command.history.head"), *lines)


async def resume(call: Call, context: CommandContext) -> Answer:
    """Go on with a conversation that was put aside; the current one is put aside instead."""
    same_client(context)
    found = await _shelf(context)
    return await _go_on(found.find(required(call, call.argument, "N")), context)


async def branch(call: Call, context: CommandContext) -> Answer:
    """Conversations as branches with names of the person's own."""
    what, rest = choice(call, _DO, default="list")
    found = await _shelf(context)
    if what == "list":
        return await _list(found, context)
    if what != "delete":
        same_client(context)
    rest = required(call, rest, "NAME")
    if what in ("new", "fork"):
        return await _begin(found, rest, context, fork=what == "fork")
    if what == "rename":
        return await _rename(found, rest, context)
    target = found.find(rest)
    if what == "use":
        return await _go_on(target, context)
    if target.name == found.current.name:
        raise UserError(Phrase("branch.in_use", {"name": target.name}))
    told = await context.tell(Phrase("branch.deleted", {"name": target.name}))
    return replace(told, writes=branches.delete(target))


async def _list(found: Shelf, context: CommandContext) -> Answer:
    zone = await context.zone()
    current = await context.hub.conversations.branch(context.owner, "context", found.current.name)
    lines = [Phrase("branch.current", {"name": current.name, "words": shelf.first_words(current)})]
    lines += [await _line(context, each, place, zone) for place, each in enumerate(found.aside[:_PAGE], 1)]
    if len(found.aside) > _PAGE:
        lines.append(Phrase("branch.more", {"count": len(found.aside) - _PAGE}))
    return await context.tell(*lines)


async def _begin(found: Shelf, name: str, context: CommandContext, *, fork: bool) -> Answer:
    """A new branch: empty, or with all that the current one holds."""
    _is_free(found, name)
    if fork:
        current = await context.hub.conversations.branch(context.owner, "context", found.current.name)
        writes: tuple[Write, ...] = branches.fork(current, name)
    else:
        writes = branches.switch(replace(found.current, name=name, head=0, nodes=()))
    told = await context.tell(Phrase("branch.forked" if fork else "branch.new", {"name": name.strip()}))
    return replace(told, writes=writes)


async def _rename(found: Shelf, name: str, context: CommandContext) -> Answer:
    """The current branch gets another name."""
    _is_free(found, name)
    old = found.current
    # The name itself makes a branch current; that it is empty yet is no hindrance.
    writes = (*branches.rename(old, name), *branches.switch(replace(old, name=name, head=0, nodes=())))
    told = await context.tell(Phrase("branch.renamed", {"old": old.name, "name": name.strip()}))
    return replace(told, writes=writes if old.head else writes[1:])


async def _go_on(target: Branch, context: CommandContext) -> Answer:
    whole = await context.hub.conversations.branch(context.owner, "context", target.name)
    told = await context.tell(Phrase("branch.used", {"name": target.name, "words": shelf.first_words(whole)}))
    return replace(told, writes=branches.switch(whole))


def same_client(context: CommandContext) -> None:
    """Where the sender names the conversation in every message, only they can choose another."""
    if context.event.branch:
        raise UserError(Phrase("branch.chosen_by_sender", {"name": context.event.branch}))


def _is_free(found: Shelf, name: str) -> None:
    name = branches.valid_name(name)
    if any(each.name == name for each in found.aside) or (found.current.name == name and found.current.head):
        raise UserError(Phrase("branch.exists", {"name": name}))
    if name.isdecimal():
        raise UserError(Phrase("branch.numeric"))


async def _shelf(context: CommandContext) -> Shelf:
    return await shelf.read(context.hub.conversations, context.owner, context.event.branch)


async def _line(context: CommandContext, branch: Branch, place: int, zone: tzinfo | None) -> Phrase:
    whole = await context.hub.conversations.branch(context.owner, "context", branch.name)
    values = {
        "number": place,
        "time": shown(branch.updated_at, zone),
        "words": shelf.first_words(whole),
        "name": branch.name,
    }
    return Phrase("command.history.line", values)


COMMANDS: Final = (
    Command("history", history, "command.history.help", aliases=("历史", "历史记录"), role=Role.USER),
    Command("resume", resume, "command.resume.help", aliases=("恢复", "继续对话"), role=Role.USER),
    Command("branch", branch, "command.branch.help", aliases=("branches", "分支"), role=Role.USER),
)
