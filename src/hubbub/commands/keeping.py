"""What a person keeps, by names that people know from the Repeater: branches of three kinds, units of a context."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from hubbub.commands import conversation
from hubbub.commands.arguments import required
from hubbub.commands.command import REPEATER, Call, Command, CommandContext
from hubbub.commands.shelf import same_client
from hubbub.conversations import branches, trees, undoing, units
from hubbub.conversations.users import branch_of_user
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase
from hubbub.core.work import MoveHead, Switch

if TYPE_CHECKING:
    from hubbub.commands.command import Handler
    from hubbub.core.ports import Answer
    from hubbub.core.work import BranchKind

_MOST_DIGITS = 6
_KINDS: Final[dict[str, BranchKind]] = {
    "context": "context",
    "上下文": "context",
    "prompt": "prompt",
    "提示词": "prompt",
    "config": "config",
    "配置": "config",
}


def _change(kind: BranchKind) -> Handler:
    async def handler(call: Call, context: CommandContext) -> Answer:
        """Make a branch the current one; one that there is not begins empty. Without a name: list them."""
        if not call.argument.strip():
            return await _list(kind, context)
        if kind == "context":
            same_client(context)
        name = branch_of_user(call.argument)
        told = await context.tell(Phrase(f"userdata.{kind}.changed", {"name": name}))
        return replace(told, writes=(Switch(context.owner, kind, name),))

    return handler


async def _list(kind: BranchKind, context: CommandContext) -> Answer:
    current = (await context.hub.conversations.branch(context.owner, kind, limit=1)).name
    found = branches.listed(await context.hub.conversations.branches(context.owner, kind))
    names = sorted({current, *(each.name for each in found)})
    lines = [Phrase("userdata.line", {"mark": "→" if name == current else "-", "name": name}) for name in names]
    return await context.tell(*lines)


def _delete(kind: BranchKind) -> Handler:
    async def handler(call: Call, context: CommandContext) -> Answer:
        """Empty the current branch, or the one that is named."""
        name = branch_of_user(call.argument) if call.argument.strip() else _here(kind, context)
        found = await context.hub.conversations.branch(context.owner, kind, name, limit=1)
        told = await context.tell(Phrase(f"userdata.{kind}.deleted", {"name": found.name}))
        return replace(told, writes=branches.delete(found))

    return handler


def _clone(kind: BranchKind) -> Handler:
    async def handler(call: Call, context: CommandContext) -> Answer:
        """Let another branch begin with what the current one holds, or its first units; one stays where one is."""
        words, count = _counted(required(call, call.argument, "NAME"), kind)
        name = branch_of_user(words)
        conversations = context.hub.conversations
        source = units.begin(await conversations.branch(context.owner, kind, _here(kind, context)), count)
        if (await conversations.branch(context.owner, kind, name, limit=1)).head:
            raise UserError(Phrase("branch.exists", {"name": name}))
        told = await context.tell(Phrase(f"userdata.{kind}.cloned", {"name": name}))
        return replace(told, writes=(MoveHead(context.owner, kind, name, source.head, "clone"),) if source.head else ())

    return handler


def _here(kind: BranchKind, context: CommandContext) -> str:
    """The conversation that a thread, or whoever sent the message, names; "" for the current branch."""
    return context.event.branch if kind == "context" else ""


def _counted(argument: str, kind: BranchKind) -> tuple[str, int | None]:
    """A name and, behind it, how many units of a context are meant (None: all)."""
    name, _, last = argument.strip().rpartition(" ")
    counted = kind == "context" and name and last.isdecimal() and len(last) <= _MOST_DIGITS
    return (name, int(last)) if counted else (argument, None)


async def undo_change(call: Call, context: CommandContext) -> Answer:
    """Take back the newest withdrawing, rewriting or deleting."""
    word = call.argument.strip().lower() or "context"
    kind = _KINDS.get(word)
    if kind is None:
        raise UserError(Phrase("argument.choice", {"command": call.typed, "names": "context, prompt, config"}))
    conversations, now = context.hub.conversations, context.hub.clock()
    found = await conversations.branch(context.owner, kind, _here(kind, context), limit=1)
    steps = await conversations.trail(context.owner, kind, now - undoing.KEPT_SECONDS)
    told = await context.tell(Phrase("userdata.undone", {"name": found.name}))
    return replace(told, writes=undoing.undo(found, steps, now))


async def tree(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """How the conversations go off from one another."""
    lines = trees.drawn(await trees.read(context.hub.conversations, context.owner))
    if not lines:
        return await context.tell(Phrase("command.history.none"))
    return await context.tell(*(Phrase("userdata.text", {"text": line}) for line in lines))


async def length(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """How long the context is."""
    found = units.length_of(await context.hub.conversations.branch(context.owner, "context", context.event.branch))
    return await context.tell(Phrase("userdata.length", {"units": found.units, "characters": found.characters}))


async def inject(call: Call, context: CommandContext) -> Answer:
    """Put a unit into the context: ``role:text``."""
    role, sign, text = required(call, call.argument, "user:TEXT").replace("：", ":", 1).partition(":")
    if not sign:
        raise UserError(Phrase("argument.missing", {"command": call.typed, "usage": "user:TEXT"}))
    found = await context.hub.conversations.branch(context.owner, "context", context.event.branch, limit=1)
    writes = units.inject(found, role.strip().lower(), text.strip(), time=context.hub.clock())
    return replace(await context.tell(Phrase("userdata.injected", {"role": role.strip().lower()})), writes=writes)


_command = partial(Command, role=Role.USER, family=REPEATER)

COMMANDS: Final = (
    _command("changeSession", _change("context"), "command.changeSession.help", aliases=("cs",)),
    _command("changeSubSession", _change("context"), "command.changeSession.help", aliases=("css",)),
    _command("changeContextBranch", _change("context"), "command.changeSession.help", aliases=("ccb",)),
    _command("changeSubPrompt", _change("prompt"), "command.changePrompt.help", aliases=("csp",)),
    _command("changePromptBranch", _change("prompt"), "command.changePrompt.help", aliases=("cppb",)),
    _command("changeSubConfig", _change("config"), "command.changeConfig.help", aliases=("csc",)),
    _command("changeConfigBranch", _change("config"), "command.changeConfig.help", aliases=("ccfgb",)),
    _command("deleteContext", _delete("context"), "command.deleteContext.help", aliases=("dc",)),
    _command("deleteSession", _delete("context"), "command.deleteContext.help", aliases=("ds",)),
    _command("delSubSession", _delete("context"), "command.deleteContext.help", aliases=("dss",)),
    _command("delSubPrompt", _delete("prompt"), "command.delSubPrompt.help", aliases=("dsp",)),
    _command("delSubConfig", _delete("config"), "command.delSubConfig.help", aliases=("dsc",)),
    _command("cloneSession", _clone("context"), "command.cloneSession.help", aliases=("cs",)),
    _command("clonePrompt", _clone("prompt"), "command.clonePrompt.help", aliases=("cp",)),
    _command("cloneConfig", _clone("config"), "command.cloneConfig.help", aliases=("cs",)),
    _command("getContextTotalLength", length, "command.getContextTotalLength.help", aliases=("gctl",)),
    _command("injectContext", inject, "command.injectContext.help", aliases=("ic",)),
    _command("withdraw", conversation.undo, "command.withdraw.help", aliases=("w",)),
    Command("takeback", undo_change, "command.takeback.help", aliases=("undoChange", "恢复更改"), role=Role.USER),
    Command("tree", tree, "command.tree.help", aliases=("对话树",), role=Role.USER),
)
