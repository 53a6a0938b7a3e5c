"""Commands about the running conversation: new, retry, stop."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.conversations.branches import start_anew
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.core.ports import Answer


async def new(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Put the conversation aside and begin another."""
    branch = await context.conversations.branch(context.owner, "context", context.event.branch, limit=1)
    writes = start_anew(branch, context.clock())
    if not writes:
        return await context.tell(Phrase("command.new.done"))
    told = await context.tell(Phrase("command.new.kept", {"name": writes[0].name}))
    return replace(told, writes=writes)


async def retry(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Ask the last question again."""
    return await context.retry()


async def stop(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """End the answer that is being written; it is sent as far as it came."""
    stopped = context.control.stop(context.owner)
    return await context.tell(Phrase("command.stop.done" if stopped else "command.stop.nothing"))


COMMANDS: Final = (
    Command("new", new, "command.new.help", aliases=("reset", "clear", "新对话", "重置", "清空"), role=Role.USER),
    Command("retry", retry, "command.retry.help", aliases=("重试",), role=Role.USER),
    Command("stop", stop, "command.stop.help", aliases=("停止", "停"), role=Role.USER, urgent=True),
)
