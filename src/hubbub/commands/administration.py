"""Commands about who has no limits, what holds, and tokens: whitelist, policy, usermodel, admintoken, myid."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.access.gate import person_of
from hubbub.commands.arguments import choice, required
from hubbub.commands.command import Call, Command, CommandContext, plainly
from hubbub.commands.statistics import in_json
from hubbub.conversations import preferences
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.core.ports import Answer
    from hubbub.core.work import Append

SHORTEST_TOKEN = 8
_PRIVATE = ":private:"
_ACTS: Final = {"list": ("查看",), "add": ("添加", "+"), "remove": ("delete", "移除", "删除", "-")}
_DEFAULT = frozenset(("default", "reset", "默认", "重置"))


def listed(text: str) -> list[str]:
    """Ids that are written with commas or blanks between them."""
    return text.replace("，", ",").replace(",", " ").split()


def owner_named(name: str, platform: str) -> str:
    """Whose private conversations a name means; one without a platform is of the one where it is said."""
    if _PRIVATE in name:
        return name
    head, sign, rest = name.partition(":")
    return f"{head}{_PRIVATE}{rest}" if sign and rest else f"{platform}{_PRIVATE}{name}"


def changed(context: CommandContext, names: Sequence[str], *, wanted: bool) -> tuple[Append, ...]:
    """Put people on the white list, or take them away; of joined accounts the main one is meant."""
    gate, event = context.hub.gate, context.event
    owners = [context.hub.people.owner(owner_named(name, event.room.platform)) for name in names]
    return tuple(gate.set_unlimited(owner, person_of(event), wanted=wanted) for owner in owners)


def in_force(context: CommandContext, platform: str = "") -> dict[str, object]:
    """Who may do what, and how much; of one platform with its ids alone."""
    gate, limits = context.hub.gate, context.hub.meter.limits_of(owner_named("", platform) if platform else "")
    own = {owner: limit.messages for owner, limit in gate.own_limits.items() if limit.messages is not None}
    return {
        "admin_users": _named(gate.admins, f"{platform}:"),
        "user_white_list": _named(gate.unlimited, f"{platform}{_PRIVATE}"),
        "user_chat_count_per_day": {
            name: own[owner] for owner in own for name in _named([owner], f"{platform}{_PRIVATE}")
        },
        "default_user_chat_count_per_day": limits.messages_per_day,
    }


def _named(names: Sequence[str], start: str) -> list[str]:
    """Those of a platform without it; all as they are where none is asked for."""
    if start.startswith(":"):
        return list(names)
    return [name.removeprefix(start) for name in names if name.startswith(start)]


async def whitelist(call: Call, context: CommandContext) -> Answer:
    """Who has no limits: listed, added, removed."""
    act, rest = choice(call, _ACTS, "list")
    if act == "list":
        known = ", ".join(context.hub.gate.unlimited)
        return await context.tell(Phrase("command.whitelist.list", {"names": known or Phrase("limit.none_listed")}))
    names = listed(required(call, rest, f"{act} PLATFORM:ID"))
    writes = changed(context, names, wanted=act == "add")
    said = "command.whitelist.add" if act == "add" else "command.whitelist.remove"
    return replace(await context.tell(Phrase(said, {"names": ", ".join(names)})), writes=writes)


async def policy(call: Call, context: CommandContext) -> Answer:
    """What holds, as one object."""
    return plainly(in_json(in_force(context, call.argument.strip())))


async def admin_token(call: Call, context: CommandContext) -> Answer:
    """Let another token count for messages of the old form."""
    token = required(call, call.argument, "TOKEN")
    write = context.hub.gate.set_admin_token(checked(token), person_of(context.event))
    return replace(await context.tell(Phrase("command.admintoken.done")), writes=(write,))


def checked(token: str, least: int = SHORTEST_TOKEN) -> str:
    """A token that can be one. Raises UserError."""
    if len(token) < least or token.split() != [token]:
        raise UserError(Phrase("command.admintoken.short", {"least": least}))
    return token


async def user_model(call: Call, context: CommandContext) -> Answer:
    """Choose the model of somebody else; "default" takes the choice away."""
    words = required(call, call.argument, "PLATFORM:ID MODEL").split()
    named, chosen = owner_named(words[0], context.event.room.platform), " ".join(words[1:])
    owner = context.hub.people.owner(named)
    kept = await context.hub.conversations.branch(owner, "config", limit=1)
    if not chosen:
        raise UserError(Phrase("argument.missing", {"command": call.typed, "usage": "PLATFORM:ID MODEL"}))
    if chosen.lower() in _DEFAULT:
        write = preferences.put(kept, {"model": None})
        return replace(await context.tell(Phrase("command.usermodel.default", {"owner": owner})), writes=(write,))
    spec = (await context.asking.models()).find(chosen)
    if spec is None:
        raise UserError(Phrase("chat.unknown_model", {"name": chosen}))
    told = await context.tell(Phrase("command.usermodel.done", {"owner": owner, "model": spec.name}))
    return replace(told, writes=(preferences.put(kept, {"model": spec.name}),))


async def my_id(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """The id of the person as their platform has it, and nothing else."""
    return plainly(context.event.author.id)


COMMANDS: Final = (
    Command("myid", my_id, "command.myid.help", aliases=("我的微信ID", "微信ID")),
    Command("whitelist", whitelist, "command.whitelist.help", aliases=("白名单",), role=Role.ADMIN),
    Command("policy", policy, "command.policy.help", aliases=("策略",), role=Role.ADMIN),
    Command("usermodel", user_model, "command.usermodel.help", aliases=("用户模型",), role=Role.ADMIN),
    Command(
        "admintoken",
        admin_token,
        "command.admintoken.help",
        aliases=("管理令牌",),
        role=Role.ADMIN,
        rooms=("private", "temporary"),
        secret=True,
    ),
)
