"""Questions with wishes of their own: another model, no prompt, nothing kept, the group's or another's context."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from hubbub.commands.arguments import first_word, required
from hubbub.commands.command import REPEATER, Call, Command, CommandContext
from hubbub.commands.steering import temperature_of
from hubbub.conversations import branches
from hubbub.conversations.completions import Completion
from hubbub.conversations.users import owner_of_user
from hubbub.conversations.wishes import RENDER
from hubbub.core.identities import Role, owner_of
from hubbub.core.messages import Text
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.commands.command import Handler
    from hubbub.core.addresses import RoomKind
    from hubbub.core.ports import Answer

_PLAIN = Completion(stream=False)
_GROUPS: tuple[RoomKind, ...] = ("group", "channel")


def _ask(wishes: Completion, *, words: bool = True) -> Handler:
    """A command that asks with these wishes; without ``words`` the model goes on with what is there."""

    async def handler(call: Call, context: CommandContext) -> Answer:
        if words and all(type(each) is Text for each in context.event.message):
            required(call, call.argument, "TEXT")
        return await context.asking.complete(call.argument if words else "", wishes)

    return handler


async def temperature_chat(call: Call, context: CommandContext) -> Answer:
    """One question at another temperature."""
    number, rest = first_word(call.argument)
    wishes = replace(_PLAIN, settings={"temperature": temperature_of(required(call, number, "0.7 TEXT"))})
    return await context.asking.complete(required(call, rest, "0.7 TEXT"), wishes)


async def reference(call: Call, context: CommandContext) -> Answer:
    """Go on from another owner's context; only who may read it gives this."""
    user, rest = first_word(call.argument)
    named = call.argument.strip()[: len(user)]
    wishes = replace(_PLAIN, reference=owner_of_user(required(call, named, "USER TEXT")))
    return await context.asking.complete(rest, wishes)


def _public(context: CommandContext) -> str:
    """The owner that the whole group is."""
    return owner_of(context.event.room, context.event.author.id, shared=True)


async def public_chat(call: Call, context: CommandContext) -> Answer:
    """A question in the context that the whole group shares."""
    name = context.event.author.name or context.event.author.id
    return await context.asking.complete(
        required(call, call.argument, "TEXT"), replace(_PLAIN, name=name), _public(context)
    )


async def public_delete(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Empty the context that the whole group shares."""
    found = await context.hub.conversations.branch(_public(context), "context", limit=1)
    told = await context.tell(Phrase("userdata.context.deleted", {"name": found.name}))
    return replace(told, writes=branches.delete(found))


async def again(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Ask the last question again."""
    return await context.asking.retry()


_command = partial(Command, role=Role.USER, family=REPEATER)

COMMANDS: Final = (
    _command("chat", _ask(_PLAIN), "command.chat.help", aliases=("c", "聊天")),
    _command("raw", _ask(replace(_PLAIN, settings={RENDER: "never"})), "command.raw.help"),
    _command(
        "renderChat",
        _ask(replace(_PLAIN, settings={RENDER: "always"})),
        "command.renderChat.help",
        aliases=("rc",),
    ),
    _command(
        "keepAnswering", _ask(replace(_PLAIN, proceed=True), words=False), "command.keepAnswering.help", aliases=("ka",)
    ),
    _command(
        "keepReasoning",
        _ask(replace(_PLAIN, proceed=True, model="reasoner"), words=False),
        "command.keepReasoning.help",
        aliases=("kr",),
    ),
    _command("npChat", _ask(replace(_PLAIN, load_prompt=False)), "command.npChat.help", aliases=("np", "NoPromptChat")),
    _command("prover", _ask(replace(_PLAIN, load_prompt=False, model="prover")), "command.prover.help", aliases=("p",)),
    _command("reason", _ask(replace(_PLAIN, model="reasoner")), "command.reason.help", aliases=("r", "推理")),
    _command("noSaveChat", _ask(replace(_PLAIN, save_context=False)), "command.noSaveChat.help", aliases=("nsc",)),
    _command("temperatureChat", temperature_chat, "command.temperatureChat.help", aliases=("tc",)),
    _command("recomplete", again, "command.recomplete.help", aliases=("rcm", "rec")),
    Command("reference", reference, "command.reference.help", aliases=("ref",), role=Role.ADMIN, family=REPEATER),
    _command("publicSpaceChat", public_chat, "command.publicSpaceChat.help", aliases=("psc",), rooms=_GROUPS),
    Command(
        "deletePublicSpaceContext",
        public_delete,
        "command.deletePublicSpaceContext.help",
        aliases=("dpsc",),
        role=Role.ADMIN,
        rooms=_GROUPS,
        room_admins=True,
        family=REPEATER,
    ),
)
