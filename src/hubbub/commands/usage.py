"""The command usage: what a person used today, this month and on each of the last days, and what is left."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from hubbub.commands.command import Call, Command, CommandContext
from hubbub.conversations import charts, preferences
from hubbub.conversations.shortages import shown
from hubbub.conversations.wishes import wish_of
from hubbub.core.calls import CallQuery
from hubbub.core.errors import RenderError, StoreError
from hubbub.core.identities import Role
from hubbub.core.messages import Image, Media, Text
from hubbub.core.phrases import Phrase
from hubbub.core.pictures import Look
from hubbub.core.ports import Answer

if TYPE_CHECKING:
    from hubbub.core.work import Spent

log = logging.getLogger(__name__)

DAYS = 30
_MOST_PAGES = 20
_KEPT_SECONDS = 86_400.0


async def usage(call: Call, context: CommandContext) -> Answer:  # noqa: ARG001 - every handler has the same shape
    """Messages, tokens and money, by day and month of the hub's time zone, in which limits are counted."""
    today = context.hub.meter.today(context.owner)
    days = charts.days_until(today, DAYS)
    found = await context.hub.usage.days(context.owner, min(days[0], f"{today[:8]}01"), today)
    spent = await context.hub.usage.spent(context.owner, today, today)
    month = await context.hub.usage.spent(context.owner, f"{today[:8]}01", today)
    lines = [_line("command.usage.today", spent), _line("command.usage.month", month)]
    lines += [*_left(context, spent), *await _money(context, today, spent, month)]
    tokens = charts.values_of({day: each.tokens for day, each in found.items()}, days)
    messages = charts.values_of({day: each.messages for day, each in found.items()}, days)
    if not any(tokens) and not any(messages):
        return await context.tell(*lines)
    what, values = ("messages", messages) if not any(tokens) else ("tokens", tokens)
    heading = Phrase("command.usage.chart_messages" if what == "messages" else "command.usage.chart_tokens")
    title = await context.say(Phrase("command.usage.chart", {"days": DAYS}))
    named = await context.say(replace(heading, values={"most": max(values)}))
    words = await context.say(*lines)
    image = await _picture(
        f"**{title}** · {named}\n\n```\n{charts.bars(values, days)}\n```", f"{title}: {named}", context
    )
    if image is None:
        return Answer((Text(f"{words}\n{title}: {named}\n{charts.line(values)}", verbatim=True),))
    return Answer((Text(words, verbatim=True), image))


async def _picture(markdown: str, alt: str, context: CommandContext) -> Image | None:
    """A chart as a picture; None where none is made or can be sent."""
    hub = context.hub
    room = hub.capabilities(context.event.room)
    if hub.renderer is None or hub.files is None or room is None or not room.images:
        return None
    style = wish_of(await preferences.read(hub.conversations, context.owner), "").style
    try:
        async with context.asking.busy():
            blob = (await hub.renderer.pictures(markdown, Look(style, whole=True)))[0]
        url = await hub.files.keep(blob, _KEPT_SECONDS, context.owner)
    except (RenderError, StoreError) as error:
        log.warning("no chart for %s: %s", context.owner, error)
        return None
    return Image(Media(url, name=blob.name, mime=blob.mime, size=len(blob.data)), alt)


def _left(context: CommandContext, spent: Spent) -> list[Phrase]:
    """What is left of the day's limits."""
    limits, lines = context.hub.meter.limits_of(context.owner), []
    if limits.messages_per_day:
        left = max(0, limits.messages_per_day - spent.messages)
        lines.append(Phrase("command.usage.messages_left", {"left": left, "limit": limits.messages_per_day}))
    if limits.tokens_per_day:
        left = max(0, limits.tokens_per_day - spent.tokens)
        lines.append(Phrase("command.usage.tokens_left", {"left": left, "limit": limits.tokens_per_day}))
    if limits.cost_per_day:
        values = {"left": shown(max(0, limits.cost_per_day - spent.cost)), "limit": shown(limits.cost_per_day)}
        lines.append(Phrase("command.usage.cost_left", {**values, "currency": context.hub.meter.currency}))
    return lines


async def _money(context: CommandContext, today: str, spent: Spent, month: Spent) -> list[Phrase]:
    """What it cost; where nothing was counted, what records of calls say."""
    if month.cost:
        values = {"today": shown(spent.cost), "month": shown(month.cost), "currency": context.hub.meter.currency}
        return [Phrase("command.usage.spent", dict(values))]
    cost = await _logged(context, today)
    return [Phrase("command.usage.cost", {"cost": f"{cost:.4f}"})] if cost else []


async def _logged(context: CommandContext, today: str) -> float:
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
