"""Commands about the role of the model, as people know them who write an @ before them: @prompt-set, @clear."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.arguments import required
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.parse import normal, plain_prefix
from hubbub.conversations import preferences, prompts
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.core.ports import Answer
    from hubbub.core.work import Write

LONGEST = 8000
_SIGN, _CLEAR, _HELP = "@", "clear", "help"


def clears_role(call: Call) -> bool:
    """With its sign and name of old the command for a new conversation also takes the role back."""
    return plain_prefix(call.prefix) == _SIGN and normal(call.name) == _CLEAR


def asks_for_menu(call: Call) -> bool:
    """With its sign and name of old the help shows the few commands that had this sign."""
    return plain_prefix(call.prefix) == _SIGN and normal(call.name) == _HELP


async def without_role(context: CommandContext) -> tuple[Write, ...]:
    """What takes the owner's prompt and persona back."""
    conversations, owner = context.hub.conversations, context.owner
    writes: tuple[Write, ...] = prompts.put(await conversations.branch(owner, "prompt", limit=1), "")
    kept = await conversations.branch(owner, "config", limit=1)
    if preferences.preferences_of(kept).persona:
        writes += (preferences.put(kept, {"persona": None}),)
    return writes


async def set_prompt(call: Call, context: CommandContext) -> Answer:
    """Give the model a role."""
    text = required(call, call.argument, "TEXT")
    if len(text) > LONGEST:
        raise UserError(Phrase("argument.too_long", {"longest": LONGEST}))
    kept = await context.hub.conversations.branch(context.owner, "prompt", limit=1)
    told = await context.tell(Phrase("command.prompt_set.done"))
    return replace(told, writes=prompts.put(kept, text))


COMMANDS: Final = (
    Command(
        "prompt_set",  # menus of platforms take no hyphen; both are read as the same
        set_prompt,
        "command.prompt_set.help",
        aliases=("设置角色",),
        role=Role.USER,
        glued=True,
    ),
)
