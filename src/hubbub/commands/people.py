"""Commands about who may use the hub, and how much: users, pair, allow, block, limit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.access.gate import person_of
from hubbub.commands.access.log import OwnLimit
from hubbub.commands.arguments import number, required
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.conversations.shortages import group_of_scope, scope_of_group
from hubbub.conversations.shortages import shown as amount_shown
from hubbub.conversations.zones import shown
from hubbub.core.addresses import Room
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Mention, Text
from hubbub.core.phrases import Phrase
from hubbub.core.quotas import BILLION
from hubbub.words import say

if TYPE_CHECKING:
    from hubbub.commands.access.pairing import Pending
    from hubbub.core.ports import Answer
    from hubbub.core.work import Outgoing

_LISTED = 20
_MOST = 1_000_000_000
_OFF, _RESET = frozenset(("off", "none", "无限", "关闭")), frozenset(("default", "reset", "默认", "重置"))
_ROLES: Final = {"user": Role.USER, "guest": Role.GUEST, "admin": Role.ADMIN, "用户": Role.USER, "访客": Role.GUEST}
_MONEY = frozenset(("money", "cost", "钱", "费用", "金额"))
_MINUTE = frozenset(("minute", "min", "分钟", "每分钟"))
_GROUP = frozenset(("group", "群", "本群", "群聊"))
_MOST_MONEY = 1_000_000
_NOBODY = frozenset(("nobody", "none", "reset", "default", "取消"))


async def users(call: Call, context: CommandContext) -> Answer:
    """Who wrote to the bot, last first."""
    most = number(call.argument or str(_LISTED), most=1000)
    found = await context.hub.usage.spenders(most)
    if not found:
        return await context.tell(Phrase("command.users.none"))
    zone = await context.zone()
    lines = []
    for each in found:
        values = {"owner": each.owner, "time": shown(each.last_at, zone), "messages": each.messages}
        lines.append(Phrase("command.users.line", {**values, "tokens": each.tokens}))
    return await context.tell(Phrase("command.users.head"), *lines)


# --- roles -------------------------------------------------------------------------------------------------------


async def pair(call: Call, context: CommandContext) -> Answer:
    """Let in the stranger who was given a code; without one, list who waits."""
    code = call.argument.strip()
    waiting = context.hub.gate.waiting(code)
    if not code:
        return await context.tell(*map(_waiting, waiting)) if waiting else await context.tell(Phrase("access.nobody"))
    if not waiting:
        raise UserError(Phrase("access.unknown_code", {"code": code}))
    stranger = waiting[0]
    write = context.hub.gate.set_role(stranger.person, Role.USER, person_of(context.event))
    told = await context.tell(Phrase("access.let_in", {"person": stranger.person, "name": stranger.name}))
    return replace(told, writes=(write,), sends=_welcome(stranger, context))


def _waiting(each: Pending) -> Phrase:
    return Phrase("access.waiting", {"code": each.code, "person": each.person, "name": each.name})


def _welcome(stranger: Pending, context: CommandContext) -> tuple[Outgoing, ...]:
    """Tell the stranger, where they wrote."""
    words = say(Phrase("access.welcome"), stranger.language)
    return context.hub.sends(Room.parse(stranger.room), (Text(words, verbatim=True),), context.entry.id)


async def allow(call: Call, context: CommandContext) -> Answer:
    """Let a person in, also one that was blocked; with a role, as that."""
    person, rest = _person(call, context)
    role = _ROLES.get(rest.lower()) if rest else Role.USER
    if rest.lower() in _NOBODY:
        return await _set(person, None, context)
    if role is None:
        raise UserError(Phrase("argument.choice", {"command": call.typed, "names": "user, guest, admin, nobody"}))
    return await _set(person, role, context)


async def block(call: Call, context: CommandContext) -> Answer:
    """Answer a person no more."""
    person, _ = _person(call, context)
    return await _set(person, Role.BLOCKED, context)


async def _set(person: str, role: Role | None, context: CommandContext) -> Answer:
    gate = context.hub.gate
    if gate.fixed(person):
        raise UserError(Phrase("access.fixed", {"person": person}))
    if person == person_of(context.event):
        raise UserError(Phrase("access.yourself"))
    before = gate.role_of(person)
    # Admins are made, and unmade, by owners only.
    if Role.ADMIN in (role, before) and context.role < Role.OWNER:
        raise UserError(Phrase("access.owners_only"))
    write = gate.set_role(person, role, person_of(context.event))
    what = Phrase(f"role.{role.name.lower()}") if role is not None else Phrase("access.nobody_special")
    told = await context.tell(Phrase("access.set", {"person": person, "role": what}))
    return replace(told, writes=(write,))


def _person(call: Call, context: CommandContext) -> tuple[str, str]:
    """Whom a command is about, by a mention or as ``platform:id``, and the rest of the argument."""
    event = context.event
    for segment in event.message:
        if type(segment) is Mention and segment.user != event.room.account and not segment.everyone:
            words = [word for word in call.words if not word.startswith("@")]
            return f"{event.room.platform}:{segment.user}", words[0] if words else ""
    words = required(call, call.argument, "PLATFORM:ID").split()
    platform, _, number_there = words[0].partition(":")
    if not platform or not number_there:
        raise UserError(Phrase("access.no_person", {"person": words[0]}))
    return words[0], words[1] if len(words) > 1 else ""


# --- limits ------------------------------------------------------------------------------------------------------


async def limit(call: Call, context: CommandContext) -> Answer:
    """Limits of one owner's own, or of the group that it is said in: by the day or the minute, none, or the hub's."""
    words = required(call, call.argument, "OWNER|group N|off|default [minute|tokens|money]").split()
    owner, gate = _limited(words[0], context), context.hub.gate
    if len(words) == 1:
        return await context.tell(*_limits(owner, context))
    new = _changed(gate.limit_of(owner) or OwnLimit(), words[1].lower(), words[2].lower() if len(words) > 2 else "")
    write = gate.set_limit(owner, new, person_of(context.event))
    return replace(await context.tell(*_limits(owner, context)), writes=(write,))


def _limited(named: str, context: CommandContext) -> str:
    """Whose limits are meant. Raises UserError."""
    if named.lower() not in _GROUP:
        return context.hub.people.owner(_owner(named))
    if context.event.room.direct:
        raise UserError(Phrase("command.usage.no_group"))
    return scope_of_group(context.hub.meter.group_of(context.event.room))


def _changed(known: OwnLimit, wanted: str, unit: str) -> OwnLimit:
    """What is wanted, over what is known. Raises UserError."""
    if wanted in _OFF:
        return OwnLimit(off=True)
    if wanted in _RESET:
        return OwnLimit()
    if unit.startswith("token"):
        return replace(known, tokens=number(wanted, least=0, most=_MOST), off=False)
    if unit in _MONEY:
        return replace(known, cost=_amount(wanted), off=False)
    if unit in _MINUTE:
        return replace(known, minute=number(wanted, least=0, most=_MOST), off=False)
    return replace(known, messages=number(wanted, least=0, most=_MOST), off=False)


def _owner(named: str) -> str:
    """A person (``platform:id``) stands for their private conversations; anything else is an owner as `/sid` says."""
    platform, _, rest = named.partition(":")
    return f"{platform}:private:{rest}" if rest and ":" not in rest else named


def _amount(text: str) -> int:
    """An amount of money. Raises UserError."""
    try:
        amount = float(text)
    except ValueError:
        amount = -1.0
    if not 0 <= amount <= _MOST_MONEY:
        raise UserError(Phrase("argument.number", {"least": 0, "most": _MOST_MONEY}))
    return round(amount * BILLION)


def _limits(owner: str, context: CommandContext) -> tuple[Phrase, ...]:
    meter, group = context.hub.meter, group_of_scope(owner)
    found = meter.limits_of_group(group) if group else meter.limits_of(owner)
    none = Phrase("limit.none")
    values = {"messages": found.messages_per_day or none, "tokens": found.tokens_per_day or none}
    whose = Phrase("command.limit.group") if group else owner
    lines = [Phrase("command.limit.now", {"owner": whose, **values})]
    if found.messages_per_minute:
        lines.append(Phrase("command.limit.minute", {"messages": found.messages_per_minute}))
    if found.cost_per_day:
        money: dict[str, object] = {"money": amount_shown(found.cost_per_day), "currency": meter.currency}
        lines.append(Phrase("command.limit.money", money))
    return tuple(lines)


COMMANDS: Final = (
    Command("users", users, "command.users.help", aliases=("用户",), role=Role.ADMIN),
    Command("pair", pair, "command.pair.help", aliases=("配对",), role=Role.ADMIN),
    Command("allow", allow, "command.allow.help", aliases=("unblock", "允许"), role=Role.ADMIN),
    Command("block", block, "command.block.help", aliases=("ban", "屏蔽", "拉黑"), role=Role.ADMIN),
    Command("limit", limit, "command.limit.help", aliases=("limits", "限额"), role=Role.ADMIN),
)
