"""The command room: when the bot answers in a group."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubbub.commands.access.gate import person_of
from hubbub.commands.arguments import choice, required
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.commands.pressing import with_buttons
from hubbub.core.errors import UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Button
from hubbub.core.phrases import Phrase
from hubbub.core.switches import KEYWORD

if TYPE_CHECKING:
    from hubbub.core.ports import Answer

_DO: Final[dict[str, tuple[str, ...]]] = {
    "on": ("default", "开", "开启", "打开", "默认"),
    "off": ("关", "关闭"),
    "mention": ("at", "提及"),
    "reply": ("replies", "回复"),
    "thread": ("threads", "话题", "子区"),
    "always": ("all", "总是", "全部"),
    "prefix": ("command", "commands", "命令", "前缀"),
    "keyword": ("word", "关键词", "唤醒词"),
    "inherit": ("channel", "继承"),
}
_LONGEST_WORD = 40


async def room(call: Call, context: CommandContext) -> Answer:
    """Show, or switch, what makes the bot answer here."""
    here = context.event.room
    if not call.argument.strip():
        told = await context.tell(
            _said(context.hub.gate.switch(here) or "default"), Phrase("command.room.how", {"command": call.typed})
        )
        return with_buttons(told, [Button(each, f"{call.typed} {each}") for each in _DO if each != "keyword"])
    wanted, rest = choice(call, _DO)
    switch = f"{KEYWORD}{_word(call, rest)}" if wanted == "keyword" else wanted
    write = context.hub.gate.set_switch(here, switch, person_of(context.event))
    return replace(await context.tell(_said(switch)), writes=(write,))


def _said(switch: str) -> Phrase:
    """What a switch means."""
    if switch.startswith(KEYWORD):
        return Phrase("command.room.keyword", {"word": switch.removeprefix(KEYWORD)})
    return Phrase(f"command.room.{switch}")


def _word(call: Call, rest: str) -> str:
    word = " ".join(required(call, rest, "keyword WORD").split())
    if len(word) > _LONGEST_WORD:
        raise UserError(Phrase("argument.too_long", {"longest": _LONGEST_WORD}))
    return word


COMMANDS: Final = (
    Command(
        "room",
        room,
        "command.room.help",
        aliases=("mode", "群设置", "模式"),
        role=Role.ADMIN,
        rooms=("group", "channel"),
        room_admins=True,
        even_off=True,
    ),
)
