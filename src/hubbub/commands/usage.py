"""The command usage: what somebody used today, this month and on each of the last days, and what is left."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hubbub.commands.arguments import choice
from hubbub.commands.command import Call, Command, CommandContext
from hubbub.conversations import charts, preferences
from hubbub.conversations.limits import Limits
from hubbub.conversations.shortages import EVERYBODY, duration, scope_of_group, shown
from hubbub.conversations.wishes import wish_of
from hubbub.core.errors import RenderError, StoreError, UserError
from hubbub.core.identities import Role
from hubbub.core.messages import Image, Media, Text
from hubbub.core.phrases import Phrase
from hubbub.core.pictures import Look
from hubbub.core.ports import Answer

if TYPE_CHECKING:
    from hubbub.core.pictures import Chart
    from hubbub.core.work import Spent

log = logging.getLogger(__name__)

DAYS = 30
_KEPT_SECONDS = 86_400.0
_WHOSE: Final = {"me": ("mine", "我"), "group": ("群", "本群", "群聊"), "all": ("everybody", "全部", "所有人")}


@dataclass(frozen=True, slots=True)
class _Account:
    """Whose use is told: a scope, its limits, and the sentence that says whose it is (None: the person's own)."""

    scope: str
    limits: Limits
    head: Phrase | None = None


async def usage(call: Call, context: CommandContext) -> Answer:
    """Messages, tokens and money, by the days and months in which limits are counted."""
    account, used = _account(call, context), context.hub.usage
    today = context.hub.meter.today(context.owner)
    month, days = f"{today[:8]}01", charts.days_until(today, DAYS)
    found = await used.days(account.scope, min(days[0], month), today)
    now, since = await used.spent(account.scope, today, today), await used.spent(account.scope, month, today)
    lines = [account.head] if account.head is not None else []
    lines += [_line("command.usage.today", now), _line("command.usage.month", since)]
    words = await context.say(*lines, *_left(account.limits, now, context), *_money(now, since, context))
    tokens = charts.values_of({day: each.tokens for day, each in found.items()}, days)
    messages = charts.values_of({day: each.messages for day, each in found.items()}, days)
    key, values = ("command.usage.chart_tokens", tokens) if any(tokens) else ("command.usage.chart_messages", messages)
    if not any(values):
        return Answer((Text(words, verbatim=True),))
    title = await context.say(Phrase(key, {"days": DAYS, "most": f"{max(values):,}"}))
    image = await _picture(title, charts.chart(values, days), context)
    if image is None:
        return Answer((Text(f"{words}\n{title}\n{charts.line(values)}", verbatim=True),))
    return Answer((Text(words, verbatim=True), image))


def _account(call: Call, context: CommandContext) -> _Account:
    """Whose use the argument means. Raises UserError."""
    whose, _ = choice(call, _WHOSE, default="me")
    meter, room = context.hub.meter, context.event.room
    if whose == "group":
        if room.direct:
            raise UserError(Phrase("command.usage.no_group"))
        group = meter.group_of(room)
        return _Account(scope_of_group(group), meter.limits_of_group(group), Phrase("command.usage.of_group"))
    if whose == "all":
        if context.role < Role.ADMIN:
            raise UserError(Phrase("command.forbidden", {"name": f"{call.typed} all"}))
        return _Account(EVERYBODY, meter.common.hub, Phrase("command.usage.of_all"))
    return _Account(context.owner, meter.limits_of(context.owner))


async def _picture(title: str, chart: Chart, context: CommandContext) -> Image | None:
    """A chart as a picture; None where none is made or can be sent."""
    hub = context.hub
    room = hub.capabilities(context.event.room)
    if hub.renderer is None or hub.files is None or room is None or not room.images:
        return None
    style = wish_of(await preferences.read(hub.conversations, context.owner), "").style
    try:
        async with context.asking.busy():
            blob = (await hub.renderer.pictures(title, Look(style, chart=chart, whole=True)))[0]
        url = await hub.files.keep(blob, _KEPT_SECONDS, context.owner)
    except (RenderError, StoreError) as error:
        log.warning("no chart for %s: %s", context.owner, error)
        return None
    return Image(Media(url, name=blob.name, mime=blob.mime, size=len(blob.data)), title)


def _left(limits: Limits, now: Spent, context: CommandContext) -> list[Phrase]:
    """What is left of the day's limits."""
    counted = (
        ("command.usage.messages_left", limits.messages_per_day, now.messages),
        ("command.usage.tokens_left", limits.tokens_per_day, now.tokens),
    )
    lines = [
        Phrase(key, {"left": f"{max(0, most - used):,}", "limit": f"{most:,}"}) for key, most, used in counted if most
    ]
    if limits.cost_per_day:
        values = {"left": shown(max(0, limits.cost_per_day - now.cost)), "limit": shown(limits.cost_per_day)}
        lines.append(Phrase("command.usage.cost_left", {**values, "currency": context.hub.meter.currency}))
    if lines:
        lines.append(Phrase("command.usage.anew", {"when": duration(context.hub.meter.left_of_today(context.owner))}))
    return lines


def _money(now: Spent, month: Spent, context: CommandContext) -> list[Phrase]:
    """What it cost, where anything did."""
    values = {"today": shown(now.cost), "month": shown(month.cost), "currency": context.hub.meter.currency}
    return [Phrase("command.usage.spent", dict(values))] if month.cost else []


def _line(key: str, spent: Spent) -> Phrase:
    values = {
        "messages": f"{spent.messages:,}",
        "tokens": f"{spent.tokens:,}",
        "prompt": f"{spent.prompt_tokens:,}",
        "completion": f"{spent.completion_tokens:,}",
    }
    return Phrase(key, dict(values))


COMMANDS: Final = (Command("usage", usage, "command.usage.help", aliases=("用量",), role=Role.USER),)
