"""The command usage: what a person used today and this month, and what is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.core.calls import CallQuery
from hubbub.core.identities import Role
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from hubbub.core.ports import Answer
    from hubbub.core.work import Spent


_MOST_PAGES = 20


async def usage(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Messages and tokens, by day and month of the hub's time zone, in which limits are counted."""
    today = context.hub.meter.today(context.owner)
    kept = context.hub.usage
    spent = await kept.spent(context.owner, today, today)
    month = await kept.spent(context.owner, f"{today[:8]}01", today)
    lines = [_line("command.usage.today", spent), _line("command.usage.month", month)]
    limits = context.hub.meter.limits_of(context.owner)
    if limits.messages_per_day:
        left = max(0, limits.messages_per_day - spent.messages)
        lines.append(Phrase("command.usage.messages_left", {"left": left, "limit": limits.messages_per_day}))
    if limits.tokens_per_day:
        left = max(0, limits.tokens_per_day - spent.tokens)
        lines.append(Phrase("command.usage.tokens_left", {"left": left, "limit": limits.tokens_per_day}))
    cost = await _cost(context, today)
    if cost:
        lines.append(Phrase("command.usage.cost", {"cost": f"{cost:.4f}"}))
    return await context.tell(*lines)


async def _cost(context: CommandContext, today: str) -> float:
    """What the calls of this month came to, by the prices that the settings had; only of those that are still kept."""
    begin = datetime.fromisoformat(f"{today[:8]}01").replace(tzinfo=context.hub.zone).timestamp()
    query = CallQuery(owner=context.owner, since=begin)
    total = 0.0
    for _ in range(_MOST_PAGES):
        found = await context.hub.calls.find(query)
        costs = (each.call.record.get("cost") for each in found)
        total += sum(cost for cost in costs if isinstance(cost, float | int))
        if len(found) < query.limit:
            break
        query = replace(query, after=found[-1].place)
    return total


def _line(key: str, spent: Spent) -> Phrase:
    values = {
        "messages": spent.messages,
        "tokens": spent.tokens,
        "prompt": spent.prompt_tokens,
        "completion": spent.completion_tokens,
    }
    return Phrase(key, dict(values))


COMMANDS: Final = (Command("usage", usage, "command.usage.help", aliases=("用量",), role=Role.USER),)
