"""How much people talk to the models: of all days and of today, as one object."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hubbub.commands.command import Call, Command, CommandContext, plainly
from hubbub.core.identities import Role

if TYPE_CHECKING:
    from hubbub.core.ports import Answer

_MOST_OWNERS = 10_000


async def counted(context: CommandContext, platform: str = "") -> dict[str, object]:
    """Users and their questions, of one platform or of all."""
    hub = context.hub
    found = [each for each in await hub.usage.spenders(_MOST_OWNERS) if each.messages]
    mine = [each for each in found if not platform or each.owner.startswith(f"{platform}:")]
    today = []
    for each in mine:
        if each.last_at < hub.clock() - 86_400:
            continue
        day = hub.meter.today(each.owner)
        today.append((await hub.usage.spent(each.owner, day, day)).messages)
    return {**_of("", [each.messages for each in mine]), **_of("today_", [count for count in today if count])}


def _of(when: str, counts: Sequence[int]) -> dict[str, object]:
    users, total = (f"{when}chat_user_count", f"{when}chat_count") if when else ("total_user_count", "total_chat_count")
    return {
        users: len(counts),
        total: sum(counts),
        f"{when}max_user_chat_count": max(counts, default=0),
        f"{when}min_user_chat_count": min(counts, default=0),
        f"{when}avg_user_chat_count": round(sum(counts) / len(counts), 2) if counts else 0,
    }


def in_json(value: object) -> str:
    """An object as people read it."""
    return json.dumps(value, indent=2, ensure_ascii=False)


async def stats(call: Call, context: CommandContext) -> Answer:
    """The statistics, of all platforms or of one that is named."""
    return plainly(in_json(await counted(context, call.argument.strip())))


COMMANDS: Final = (Command("stats", stats, "command.stats.help", aliases=("stat", "统计"), role=Role.ADMIN),)
