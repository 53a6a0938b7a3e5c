"""The command filter: words that are answered, or passed over in silence, without asking a model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.access.gate import person_of
from hubbub.commands.arguments import choice, first_word, required
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hubbub.core.addresses import Room
    from hubbub.core.ports import Answer

_DO: Final[dict[str, tuple[str, ...]]] = {
    "list": ("show", "列表", "查看"),
    "add": ("set", "添加", "增加"),
    "del": ("delete", "remove", "删除"),
}
_EVERYWHERE = frozenset(("all", "everywhere", "全部", "所有"))
_LONGEST_WORD, _LONGEST_ANSWER, _MOST = 100, 1000, 500
_EQUALS = ("=", "＝")


async def filters(call: Call, context: CommandContext) -> Answer:
    """Show, add or take away a filter: of this room, or, where it says so or in private, of all rooms."""
    word, rest = first_word(call.argument)
    direct = context.event.room.direct
    everywhere = word in _EVERYWHERE or direct
    if everywhere and context.role < Role.ADMIN:
        raise UserError(Phrase("filter.admins_only"))
    call = replace(call, argument=rest) if word in _EVERYWHERE else call
    act, what = choice(call, _DO, default="list")
    place = None if everywhere else context.event.room
    if act == "list":
        return await _listed(place, context)
    if act == "add":
        return await _added(place, required(call, what, "add WORD = ANSWER"), context)
    return await _gone(place, required(call, what, "del WORD"), context)


async def _listed(place: Room | None, context: CommandContext) -> Answer:
    board = context.hub.board
    known = {**board.filters(None), **(board.filters(place) if place is not None else {})}
    if not known:
        return await context.tell(Phrase("filter.none"))
    return await context.tell(Phrase("filter.head"), *map(_line, known.items()))


def _line(known: tuple[str, str]) -> Phrase:
    word, answer = known
    return Phrase("filter.line", {"word": word, "answer": answer or Phrase("filter.silence")})


async def _added(place: Room | None, what: str, context: CommandContext) -> Answer:
    word, answer = _parted(what)
    if not word or len(word) > _LONGEST_WORD or len(answer) > _LONGEST_ANSWER:
        raise UserError(Phrase("filter.too_long", {"word": _LONGEST_WORD, "answer": _LONGEST_ANSWER}))
    known: Mapping[str, str] = context.hub.board.filters(place)
    if word.casefold() not in known and len(known) >= _MOST:
        raise UserError(Phrase("filter.too_many", {"most": _MOST}))
    write = context.hub.board.set_filter(place, word, answer, person_of(context.event))
    told = await context.tell(_line((word, answer)))
    return replace(told, writes=(write,))


def _parted(what: str) -> tuple[str, str]:
    """A word and its answer, "" for none."""
    places = [place for sign in _EQUALS if (place := what.find(sign)) >= 0]
    if not places:
        return what.strip(), ""
    return what[: min(places)].strip(), what[min(places) + 1 :].strip()


async def _gone(place: Room | None, word: str, context: CommandContext) -> Answer:
    if word.casefold() not in context.hub.board.filters(place):
        raise UserError(Phrase("filter.unknown", {"word": word}))
    write = context.hub.board.set_filter(place, word, None, person_of(context.event))
    return replace(await context.tell(Phrase("filter.gone", {"word": word})), writes=(write,))


COMMANDS: Final = (
    Command(
        "filter",
        filters,
        "command.filter.help",
        aliases=("filters", "过滤", "关键词"),
        role=Role.ADMIN,
        room_admins=True,
    ),
)
