"""The command room: when the bot answers in a group."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.access.gate import person_of
from hubbub.commands.arguments import choice
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.commands.access.rules import Switch
    from hubbub.core.ports import Answer

_DO: Final[dict[str, tuple[str, ...]]] = {
    "on": ("开", "开启", "打开"),
    "off": ("关", "关闭"),
    "mention": ("reply", "提及"),
    "always": ("all", "总是", "全部"),
    "prefix": ("command", "命令", "前缀"),
}
_SWITCHES: Final[tuple[Switch, ...]] = ("on", "off", "mention", "always", "prefix")


async def room(call: Call, context: CommandContext) -> Answer:
    """Show, or switch, what makes the bot answer here."""
    here = context.event.room
    if not call.argument.strip():
        found = context.hub.gate.switch(here) or "default"
        return await context.tell(Phrase(f"command.room.{found}"), Phrase("command.room.how", {"command": call.typed}))
    wanted, _ = choice(call, _DO)
    switch = next(each for each in _SWITCHES if each == wanted)
    write = context.hub.gate.set_switch(here, switch, person_of(context.event))
    return replace(await context.tell(Phrase(f"command.room.{switch}")), writes=(write,))


COMMANDS: Final = (
    Command(
        "room",
        room,
        "command.room.help",
        aliases=("群设置",),
        role=Role.ADMIN,
        rooms=("group", "channel"),
        room_admins=True,
        even_off=True,
    ),
)
