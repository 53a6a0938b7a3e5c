"""Making a conversation short at a person's wish: a summary stands for all but the last round.

The one model call is bounded by the settings, however long the conversation is; where none is made, a short extract of
the conversation takes the summary's place.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubbub.chat.bill import Bill
from hubbub.chat.budget import last_round
from hubbub.chat.summary import transcript
from hubbub.conversations.contexts import Summary, compacted
from hubbub.conversations.holds import Stake
from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer

if TYPE_CHECKING:
    from hubbub.chat.asking import Asking
    from hubbub.chat.settings import ChatSettings
    from hubbub.chat.speech import Speech
    from hubbub.chat.stop import StopSignal
    from hubbub.conversations.contexts import Context
    from hubbub.conversations.limits import Meter
    from hubbub.conversations.preferences import Preferences
    from hubbub.core.events import Received
    from hubbub.core.work import Branch, Write


@dataclass(frozen=True, slots=True)
class Long:
    """What is to become shorter, for whom."""

    owner: str
    event: Received
    preferences: Preferences
    branch: Branch
    context: Context


class Compacting:
    """Knows nothing of its own."""

    def __init__(self, asking: Asking, speech: Speech, settings: ChatSettings, meter: Meter) -> None:
        self._asking = asking
        self._speech = speech
        self._settings = settings
        self._meter = meter

    async def compact(self, long: Long, stop: StopSignal) -> Answer:
        """What it comes to; nothing changes when it is stopped."""
        context = long.context
        count = last_round(context.turns)
        if not any(turn.content for turn in context.turns[:count]):
            return self._speech.tell(Phrase("chat.nothing_to_compact"), long.preferences, long.event)
        bill = Bill(self._asking.caller(long.owner, long.event))
        bill.named = self._asking.named
        with stop:
            try:
                made = await self._summary(long, count, bill)
            except asyncio.CancelledError:
                if not stop.absorb():
                    raise
                owed = (bill.spend(long.owner, long.event, self._meter.today(long.owner), 0),) if bill.owed else ()
                stopped = self._speech.tell(Phrase("chat.stopped"), long.preferences, long.event)
                return Answer(writes=owed) if stop.reason == "recall" else replace(stopped, writes=owed)
        told = Phrase("chat.compacted" if made else "chat.compacted_without", {"count": count})
        text = made or transcript(_before(context), context.turns[:count], self._settings.summary_tokens)
        writes = self._writes(long, count, text, bill)
        return replace(self._speech.tell(told, long.preferences, long.event), writes=writes)

    async def _summary(self, long: Long, count: int, bill: Bill) -> str:
        """The model's; "" where none is made, also because the day's limit is reached."""
        old = long.context.turns[:count]
        try:
            stake = Stake(self._meter.group_of(long.event.room), kept=True)
            async with self._meter.hold(long.owner, 0, stake) as bill.held:
                before = _before(long.context)
                return await self._asking.summarize(long.preferences, long.event, before, old, bill)
        except UserError:
            return ""

    def _writes(self, long: Long, count: int, text: str, bill: Bill) -> tuple[Write, ...]:
        nodes = long.context.nodes
        position = next(at for at, node in enumerate(long.branch.nodes) if node.id == nodes[count])
        write = compacted(long.branch, position, Summary(text, nodes[count - 1]))
        spend = bill.spend(long.owner, long.event, self._meter.today(long.owner), 0)
        return (write, *((spend,) if bill.owed else ()), *bill.calls)


def _before(context: Context) -> str:
    return context.summary.text if context.summary else ""
