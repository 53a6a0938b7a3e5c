"""The commands link and unlink: one person's accounts on several platforms become one, and are parted again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands import confirmation
from hubbub.commands.arguments import first_word
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.conversations.people import codes, joining, ties
from hubbub.conversations.people.codes import Side
from hubbub.core.addresses import Room
from hubbub.core.errors import UserError
from hubbub.core.identities import Role, owner_of
from hubbub.core.messages import Button, Buttons, Text
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer
from hubbub.words import say

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hubbub.conversations.people.ties import Ties
    from hubbub.core.messages import Message
    from hubbub.core.work import Outgoing, Write

_YES = frozenset(("yes", "ok", "agree", "同意", "确认", "是"))
_NO = frozenset(("no", "cancel", "refuse", "拒绝", "取消", "否"))
_GROUPS = frozenset(("groups", "group", "群", "群聊"))
_ON = frozenset(("on", "yes", "开", "开启"))
_OFF = frozenset(("off", "no", "关", "关闭"))
_COPY = frozenset(("copy", "复制", "保留"))
_PRIVATE: Final = ("private", "temporary")


async def link(call: Call, context: CommandContext) -> Answer:
    """Make a code, enter one, agree to it or refuse; or say whether the joined contexts are used in groups."""
    if context.event.author.is_bot:
        raise UserError(Phrase("link.no_bots"))
    word, rest = first_word(call.argument)
    if word in _YES:
        return await _agree(context)
    if word in _NO:
        return await _refuse(context)
    if word in _GROUPS:
        return await _groups(call, rest.strip().lower(), context)
    if not word:
        return await _offer(call, context)
    consent = await confirmation.given(call, context)
    return await _enter(call, context) if consent is None else await _consented(call, consent, context)


async def _offer(call: Call, context: CommandContext) -> Answer:
    """A new code; where somebody has entered the last one, the question whether that is right."""
    conversations, me, now = context.hub.conversations, await _side(context), context.hub.clock()
    kept, offers = await joining.offers(conversations, now)
    await joining.shorten(conversations, kept, now)
    mine = offers.of_maker(me.identity)
    if mine is not None and mine.by is not None:
        _, found = await context.hub.people.read()
        return _asked(mine.by, found, call.typed, await context.asking.language())
    if offers.made.get(me.identity, 0) >= codes.AN_HOUR or len(offers.found) >= codes.AT_A_TIME:
        raise UserError(Phrase("link.too_many_codes"))
    code = codes.new_code()
    await conversations.change((codes.made(code, me, now),))
    values: dict[str, object] = {"code": code, "command": f"{call.typed} {code}", "minutes": round(codes.SECONDS / 60)}
    lines = [Phrase("link.code", values), Phrase("link.what")]
    return await context.tell(*await _joined_now(context), *lines)


async def _joined_now(context: CommandContext) -> list[Phrase]:
    """What is joined already, as the person may know it."""
    found = context.hub.people.ties
    others = [each for each in found.all_of(_identity(context)) if each != _identity(context)]
    if not others:
        return []
    shown = Phrase("link.groups_on" if _identity(context) in found.in_groups else "link.groups_off")
    return [Phrase("link.joined", {"names": _names(others)}), shown]


async def _enter(call: Call, context: CommandContext) -> Answer:
    """Somebody types a code that they were given elsewhere: they are told who made it, and asked to go on.

    Whoever is talked into typing another's code would give all conversations away, so it does nothing yet by itself:
    the word that does is told to them alone.
    """
    me, guesses, now = await _side(context), context.hub.people.guesses, context.hub.clock()
    if not guesses.may(me.identity, now):
        raise UserError(Phrase("link.too_many_tries"))
    _, offers = await joining.offers(context.hub.conversations, now)
    offer = offers.entered(call.argument)
    if offer is not None and offer.is_by(me.identity):
        return await _entered(call, offer.maker, context)
    if offer is None or offer.by is not None:
        if codes.looks_like_one(call.argument):
            guesses.wrong(me.identity, now)
        raise UserError(Phrase("link.unknown_code"))
    _, found = await context.hub.people.read()
    if found.owner(offer.maker.identity) == found.owner(me.identity):
        raise UserError(Phrase("link.already"))
    return await confirmation.ask(call, context, _what_is_given(offer.maker, me, found), offer.digest)


def _what_is_given(maker: Side, me: Side, found: Ties) -> Phrase:
    """What whoever entered a code would do by it."""
    others = [each for each in found.all_of(me.identity) if each != me.identity]
    return Phrase("link.consent_all" if others else "link.consent", {**_named(maker), "others": _names(others)})


async def _consented(call: Call, consent: tuple[str, tuple[Write, ...]], context: CommandContext) -> Answer:
    """The code is theirs from now on, and its maker is asked."""
    conversations, me, (digest, writes) = context.hub.conversations, await _side(context), consent
    for _ in range(joining.TRIES):
        now = context.hub.clock()
        kept, offers = await joining.offers(conversations, now)
        offer = offers.found.get(digest)
        if offer is None or not (offer.by is None or offer.is_by(me.identity)):
            raise UserError(Phrase("link.unknown_code"))
        # After a crash it may be theirs already, and its maker not asked yet.
        if offer.by is not None or await conversations.change((codes.entered(offer, me, now),), (kept,)):
            told = await _entered(call, offer.maker, context)
            _, found = await context.hub.people.read()
            asked = _asked(me, found, "/link", offer.maker.language)
            return replace(told, writes=writes, sends=_to(offer.maker, asked.message, context))
    raise UserError(Phrase("link.try_again"))


async def _entered(call: Call, maker: Side, context: CommandContext) -> Answer:
    """What whoever entered a code is told while its maker is asked."""
    back = Phrase("link.take_back", {"command": f"{call.typed} no"})
    return await context.tell(Phrase("link.entered", _named(maker)), back)


def _asked(by: Side, found: Ties, command: str, language: str) -> Answer:
    """The question to whoever made the code."""
    yes, no = f"{command} yes", f"{command} no"
    others = [each for each in found.all_of(by.identity) if each != by.identity]
    values = {**_named(by), "yes": yes, "no": no, "others": _names(others)}
    keys = ("link.ask", *(("link.ask_all",) if others else ()), "link.what", "link.how")
    words = "\n".join(say(Phrase(key, values), language) for key in keys)
    labels = [say(Phrase(key), language) for key in ("link.button_yes", "link.button_no")]
    buttons = Buttons(((Button(labels[0], yes), Button(labels[1], no)),), told=True)
    return Answer((Text(words, verbatim=True), buttons))


async def _agree(context: CommandContext) -> Answer:
    """The maker of a code says that it is they who entered it."""
    me = await _side(context)
    done = await joining.join(context.hub, me.identity)
    await context.hub.people.tell()
    lines = [Phrase("link.done", _named(done.by))]
    if done.brought.names:
        lines.append(Phrase("link.renamed", {"names": ", ".join(done.brought.names)}))
    if done.brought.left:
        lines.append(Phrase("link.left", {"count": done.brought.left}))
    there = Phrase("link.done_there", {"platform": _platform(me.identity)})
    return replace(await context.tell(*lines), sends=_said(there, done.by, context))


async def _refuse(context: CommandContext) -> Answer:
    """The code that one made, or entered, works no more; the other one is told."""
    conversations, me, now = context.hub.conversations, await _side(context), context.hub.clock()
    _, offers = await joining.offers(conversations, now)
    entered = next((each for each in offers.found.values() if each.is_by(me.identity)), None)
    offer = offers.of_maker(me.identity) or entered
    if offer is None:
        raise UserError(Phrase("link.nothing_open"))
    await conversations.change((codes.used_up(offer),))
    told = await context.tell(Phrase("link.refused"))
    other = offer.maker if offer.is_by(me.identity) else offer.by
    return (
        told if other is None else replace(told, sends=_said(Phrase("link.refused_there", _named(me)), other, context))
    )


async def _groups(call: Call, word: str, context: CommandContext) -> Answer:
    """Whether what is joined counts in the groups of this platform, too."""
    found, me = context.hub.people, _identity(context)
    if len(found.ties.all_of(me)) == 1:
        raise UserError(Phrase("link.alone", {"command": call.typed}))
    if word not in _ON | _OFF:
        raise UserError(Phrase("argument.choice", {"command": f"{call.typed} groups", "names": "on, off"}))
    shown = word in _ON
    await context.hub.conversations.change((ties.show(me, shown=shown),))
    await found.tell()
    return await context.tell(Phrase("link.groups_on" if shown else "link.groups_off"))


# --- parting ---------------------------------------------------------------------------------------------------------


async def unlink(call: Call, context: CommandContext) -> Answer:
    """Say what goes where, then do it."""
    hub, me = context.hub, _identity(context)
    _, found = await hub.people.read()
    if len(found.all_of(me)) == 1:
        raise UserError(Phrase("link.alone", {"command": f"{call.prefix}link"}))
    given = await confirmation.given(call, context)
    if given is None:
        copy = call.argument.strip().lower() in _COPY
        return await confirmation.ask(call, context, _what_goes_where(me, found, copy=copy), "copy" if copy else "")
    data, writes = given
    brought = await joining.part(hub, me, copy=data == "copy")
    await hub.people.tell()
    lines = [Phrase("link.parted")]
    if brought.names:
        lines.append(Phrase("link.renamed", {"names": ", ".join(brought.names)}))
    return replace(await context.tell(*lines), writes=writes)


def _what_goes_where(me: str, found: Ties, *, copy: bool) -> Phrase:
    if found.owner(me) == me:
        return Phrase("link.part_main", {"names": _names(each for each in found.all_of(me) if each != me)})
    values: dict[str, object] = {"platform": _platform(me), "main": _platform(found.owner(me))}
    return Phrase("link.part_copy" if copy else "link.part_other", values)


# --- who -------------------------------------------------------------------------------------------------------------


def _identity(context: CommandContext) -> str:
    """Whoever writes, by themselves, whatever was joined."""
    event = context.event
    return event.owner or owner_of(event.room, event.author.id)


async def _side(context: CommandContext) -> Side:
    event = context.event
    return Side(_identity(context), event.author.name[:100], event.room.key, await context.asking.language())


def _platform(identity: str) -> str:
    """Where an identity is, which says nothing of its id."""
    platform, sign, _ = identity.partition(":")
    return platform if sign else "http"


def _names(identities: Iterable[str]) -> str:
    return ", ".join(map(_platform, identities))


def _named(side: Side) -> dict[str, object]:
    """How one account is told of the other: never by its id."""
    return {"name": side.name or "?", "platform": _platform(side.identity)}


def _said(what: Phrase, side: Side, context: CommandContext) -> tuple[Outgoing, ...]:
    """A sentence for the other account."""
    return _to(side, (Text(say(what, side.language), verbatim=True),), context)


def _to(side: Side, message: Message, context: CommandContext) -> tuple[Outgoing, ...]:
    return context.hub.sends(Room.parse(side.room), message, context.entry.id)


COMMANDS: Final = (
    Command("link", link, "link.help", aliases=("绑定", "关联"), role=Role.USER, rooms=_PRIVATE, secret=True),
    Command("unlink", unlink, "link.unlink_help", aliases=("解绑", "取消关联"), role=Role.USER, rooms=_PRIVATE),
)
