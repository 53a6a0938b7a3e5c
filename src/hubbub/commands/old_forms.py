"""Administration by messages of three lines, as the assistant for Official Accounts had it.

    admin-command:TOKEN
    add_white_list
    ID,ID

A message that begins so is always one of these, right or wrong: what may hold a token never reaches a model.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands import administration
from hubbub.commands.access.gate import person_of
from hubbub.commands.access.log import OwnLimit
from hubbub.commands.audit import recorded
from hubbub.commands.command import Call, Command, CommandContext, Listing, plainly
from hubbub.commands.statistics import counted, in_json
from hubbub.conversations.contexts import context_of
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hubbub.core.ports import Answer
    from hubbub.core.work import Append

_FIRST: Final = frozenset("aAuUmM我微")
_ADMIN, _USER = "admin-command:", "user_command:"
_MY_ID = frozenset(("myid", "我的微信id", "微信id"))
_LINES = 3
_MOST = 1_000_000_000


class _Malformed(Exception):
    """The message cannot be done as it is."""


def call_of(text: str, listing: Listing) -> Call | None:
    """The call of a message of an old form; None where it is none. Quick for all others."""
    text = text.strip()
    if text[:1] not in _FIRST:
        return None
    head = text[: len(_ADMIN)].lower().replace("：", ":")
    if head == _ADMIN:
        return Call(_ADMINISTER, "", _ADMIN, text[len(_ADMIN) :], listing)
    if head.startswith(_USER):
        return Call(_COUNT, "", _USER, text[len(_USER) :].strip(), listing)
    if len(text) <= 12 and "".join(text.split()).lower() in _MY_ID:
        return Call(_MYID, "", text, "", listing)
    return None


async def _administer(call: Call, context: CommandContext) -> Answer:
    """Check who it is first, so that nobody else learns whether a token is right."""
    token, _, rest = call.argument.partition("\n")
    act = ""
    if context.role < Role.ADMIN or not context.hub.gate.is_admin_token(token.strip()):
        answer = await context.tell(Phrase("command.old.refused"))
        return replace(answer, writes=(_recorded(context, "admin-command", "refused"),))
    try:
        act, argument = _lines(rest)
        answer = await _ACTS[act](argument, context)
    except _Malformed as wrong:
        answer = await context.tell(Phrase("command.old.malformed", {"reason": str(wrong)}))
    except UserError as error:
        answer = await context.tell(Phrase("command.old.malformed", {"reason": await context.say(error.user_text)}))
    # Of what is malformed nobody knows which part is a token.
    detail = " ".join(rest.split("\n")[1:]) if act and act != "set_token" else "***"
    return replace(answer, writes=(*answer.writes, _recorded(context, act or "admin-command", detail)))


def _recorded(context: CommandContext, act: str, detail: str) -> Append:
    return recorded(person_of(context.event), act, detail, context.hub.clock(), context.event.room.key)


def _lines(rest: str) -> tuple[str, str]:
    """The command and its arguments. Raises _Malformed."""
    lines = [line.strip() for line in rest.split("\n") if line.strip()]
    if len(lines) != _LINES - 1:
        found = len(lines) + 1
        message = f"Must be lines to set command and args, found {found} lines (should be {_LINES})"
        raise _Malformed(message)
    if lines[0] not in _ACTS:
        message = f"Unknown command: {lines[0]}"
        raise _Malformed(message)
    return lines[0], lines[1]


async def _done(context: CommandContext, text: str = "", writes: tuple[Append, ...] = ()) -> Answer:
    said = await context.say(Phrase("command.old.done"))
    return replace(plainly(f"{said}\n\n{text}" if text else said), writes=writes)


async def _add(argument: str, context: CommandContext) -> Answer:
    return await _done(context, writes=administration.changed(context, administration.listed(argument), wanted=True))


async def _remove(argument: str, context: CommandContext) -> Answer:
    return await _done(context, writes=administration.changed(context, administration.listed(argument), wanted=False))


async def _limit(argument: str, context: CommandContext) -> Answer:
    user, _, count = argument.replace("，", ",").rpartition(",")
    user, count = user.strip(), count.strip()
    if not user or "," in user or not (count.isascii() and count.isdecimal() and int(count[:12]) <= _MOST):
        message = f"Args for set limit must be `{{user_id}}, {{count}}`, found {argument}"
        raise _Malformed(message)
    gate, owner = context.hub.gate, administration.owner_named(user, context.event.room.platform)
    limit = replace(gate.limit_of(owner) or OwnLimit(), messages=int(count))
    return await _done(context, writes=(gate.set_limit(owner, limit, person_of(context.event)),))


async def _token(argument: str, context: CommandContext) -> Answer:
    # Of any length, as it always was: it opens nothing without the account of an admin.
    token = administration.checked(argument, least=1)
    write = context.hub.gate.set_admin_token(token, person_of(context.event))
    return await _done(context, writes=(write,))


async def _config(argument: str, context: CommandContext) -> Answer:  # noqa: ARG001 - every act has the same shape
    return await _done(context, in_json(administration.in_force(context, context.event.room.platform)))


async def _stat(argument: str, context: CommandContext) -> Answer:  # noqa: ARG001 - as above
    return await _done(context, in_json(await counted(context, context.event.room.platform)))


_ACTS: Final[dict[str, Callable[[str, CommandContext], Awaitable[Answer]]]] = {
    "add_white_list": _add,
    "remove_white_list": _remove,
    "set_limit": _limit,
    "set_token": _token,
    "get_config": _config,
    "get_stat": _stat,
}


async def _count(call: Call, context: CommandContext) -> Answer:
    """How many messages the running conversation has."""
    if call.argument != "get_msg_count":
        return await context.tell(Phrase("command.old.malformed", {"reason": f"Unknown command: {call.argument[:50]}"}))
    branch = await context.hub.conversations.branch(context.owner, "context", context.event.branch)
    return await _done(context, str(len(context_of(branch).turns)))


_ADMINISTER = Command("admin-command", _administer, "command.admintoken.help")
_COUNT = Command("user_command", _count, "command.myid.help")
_MYID = Command("myid", administration.my_id, "command.myid.help")
