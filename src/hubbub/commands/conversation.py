"""Commands about the running conversation: new, retry, edit, undo, compact, stop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.arguments import number, required
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.roles import clears_role, without_role
from hubbub.conversations import unanswered
from hubbub.conversations.branches import start_anew, withdraw
from hubbub.conversations.contexts import turn_of
from hubbub.conversations.shelf import excerpt
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.core.ports import Answer
    from hubbub.core.turns import Turn
    from hubbub.core.work import Branch, Write

_MOST_UNDONE = 100


async def new(call: Call, context: CommandContext) -> Answer:
    """Put the conversation aside and begin another."""
    conversations = context.hub.conversations
    branch = await conversations.branch(context.owner, "context", context.event.branch, limit=1)
    taken = {each.name for each in await conversations.branches(context.owner, "context")} if branch.head else set()
    writes = start_anew(branch, context.hub.clock(), taken)
    if clears_role(call):
        told = await context.tell(Phrase("command.clear.done"))
        return replace(told, writes=(*writes, *await without_role(context)))
    if not writes:
        return await context.tell(Phrase("command.new.done"))
    told = await context.tell(Phrase("command.new.kept", {"name": writes[0].name}))
    return replace(told, writes=writes)


async def retry(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Ask the last question again."""
    return await context.asking.retry()


async def edit(call: Call, context: CommandContext) -> Answer:
    """Ask something else in place of the last question."""
    return await context.asking.edit(required(call, call.argument, "TEXT"))


async def undo(call: Call, context: CommandContext) -> Answer:
    """Take back the last questions with what was answered, and say which they were."""
    count = number(call.argument or "1", most=_MOST_UNDONE)
    conversations = context.hub.conversations
    branch = await conversations.branch(context.owner, "context", context.event.branch)
    aside = await conversations.branch(context.owner, "context", unanswered.UNANSWERED, limit=1)
    left = unanswered.left_over(branch, aside)
    writes: tuple[Write, ...] = unanswered.drop(aside) if left else ()
    rounds = _rounds(branch)[-(count - bool(left)) :] if count > bool(left) else []
    if rounds:
        writes += withdraw(branch, len(branch.nodes) - rounds[0][0])
    if not writes:
        return await context.tell(Phrase("command.undo.nothing"))
    gone = [turn for _, turn in rounds] + ([left] if left else [])
    told = await context.tell(*(Phrase("command.undo.done", {"words": _words(turn)}) for turn in gone))
    return replace(told, writes=writes)


def _rounds(branch: Branch) -> list[tuple[int, Turn]]:
    """Every question of a branch, and where it stands there."""
    turns = ((position, turn_of(node.body)) for position, node in enumerate(branch.nodes))
    return [(position, turn) for position, turn in turns if turn is not None and turn.role == "user"]


def _words(turn: Turn) -> object:
    return excerpt(turn.content) or Phrase("command.undo.picture")


async def compact(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Make a long conversation short, so that questions cost less."""
    return await context.asking.compact()


async def stop(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """End the answer that is being written; it is sent as far as it came."""
    stopped = await context.hub.control.stop(context.owner)
    return await context.tell(Phrase("command.stop.done" if stopped else "command.stop.nothing"))


COMMANDS: Final = (
    Command("new", new, "command.new.help", aliases=("reset", "clear", "新对话", "重置", "清空"), role=Role.USER),
    Command("retry", retry, "command.retry.help", aliases=("重试",), role=Role.USER),
    Command("edit", edit, "command.edit.help", aliases=("修改",), role=Role.USER),
    Command("undo", undo, "command.undo.help", aliases=("撤回", "撤销"), role=Role.USER),
    Command("compact", compact, "command.compact.help", aliases=("compress", "压缩", "总结"), role=Role.USER),
    Command("stop", stop, "command.stop.help", aliases=("停止", "停"), role=Role.USER, urgent=True),
)
