"""The commands welcome and farewell: what a room says to who comes, and of who leaves."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from hubbub.commands.access.gate import person_of
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.manners.rules import OFF, ON
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.commands.manners.rules import Occasion
    from hubbub.core.addresses import RoomKind
    from hubbub.core.ports import Answer

_LONGEST = 1000
_SWITCHES: Final = {"off": OFF, "关": OFF, "关闭": OFF, "on": ON, "开": ON, "开启": ON, "打开": ON}
_SAID: Final = {OFF: "happening.words.off", ON: "happening.words.on"}
_GROUPS: tuple[RoomKind, ...] = ("group", "channel")


async def _words(occasion: Occasion, call: Call, context: CommandContext) -> Answer:
    """Show, set or switch off the words of an occasion."""
    here, board = context.event.room, context.hub.board
    given = call.argument.strip()
    if not given:
        return await context.tell(_shown(board.words(occasion, here)), _how(call))
    if len(given) > _LONGEST:
        raise UserError(Phrase("happening.too_long", {"most": _LONGEST}))
    words = _SWITCHES.get(given.lower(), given)
    write = board.set_words(occasion, here, words, person_of(context.event))
    return replace(await context.tell(_shown(words)), writes=(write,))


def _shown(words: str) -> Phrase:
    if words in _SAID:
        return Phrase(_SAID[words])
    return Phrase("happening.words.text", {"text": words})


def _how(call: Call) -> Phrase:
    # The marks stay as they are: they are what people write.
    return Phrase("happening.words.how", {"command": call.typed, "marks": "{at} {name} {user}"})


_command = partial(Command, role=Role.ADMIN, rooms=_GROUPS, room_admins=True)

COMMANDS: Final = (
    _command("welcome", partial(_words, "welcome"), "command.welcome.help", aliases=("欢迎词", "迎新")),
    _command("farewell", partial(_words, "farewell"), "command.farewell.help", aliases=("送别词",)),
)
