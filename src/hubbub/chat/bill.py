"""What one question comes to: the tokens of every call that was made for it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hubbub.chat.budget import cost, estimate
from hubbub.chat.calls import CallRecord
from hubbub.core.errors import ProviderError
from hubbub.core.work import Spend

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hubbub.chat.calls import Caller
    from hubbub.chat.reply import Reply
    from hubbub.core.events import Received
    from hubbub.core.models import ModelSpec
    from hubbub.core.turns import ChatRequest, Turn
    from hubbub.core.work import LogCall

# What an answer comes to where nobody bounds it, for checks before the model is asked.
_USUAL_ANSWER = 500


class Bill:
    """Counts as providers do; what one does not count is estimated, rather too high than too low."""

    __slots__ = ("caller", "calls", "completion_tokens", "deeds", "prompt_tokens")

    def __init__(self, caller: Caller | None = None) -> None:
        """``caller``: for whom records of the calls are kept, in ``calls``; without one none are.

        ``deeds``: calls of tools that count like a message each.
        """
        self.caller = caller
        self.calls: list[LogCall] = []
        self.deeds = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0

    @contextmanager
    def recorded(self, spec: ModelSpec, request: ChatRequest, began: int = 0) -> Iterator[CallRecord | None]:
        """The record of one call, to be told its pieces; None where none is wanted."""
        if self.caller is None:
            yield None
            return
        record = CallRecord.of(self.caller, began)
        try:
            yield record
        except (ProviderError, TimeoutError, asyncio.CancelledError) as error:
            record.error = str(error) or "broken off"
            raise
        finally:
            self.calls.append(record.done(spec, request))

    def add(self, request: ChatRequest, reply: Reply) -> None:
        """Count one call."""
        usage = reply.usage
        if usage is not None and (usage.prompt_tokens or usage.completion_tokens):
            self.prompt_tokens += max(0, usage.prompt_tokens)
            self.completion_tokens += max(0, usage.completion_tokens)
        else:
            self.prompt_tokens += sum(map(cost, request.turns))
            written = sum(estimate(call.arguments) for call in reply.tool_calls)
            self.completion_tokens += estimate(reply.said) + estimate(reply.pondered) + written

    def spend(self, owner: str, event: Received, day: str, messages: int) -> Spend:
        """What is to be stored. The room is remembered where the platform named it, and one person alone is there."""
        room = event.room.key if event.room.direct and not event.owner else ""
        return Spend(owner, day, messages + self.deeds, self.prompt_tokens, self.completion_tokens, room)


def expected(question: Turn) -> int:
    """About what a question comes to, with its answer."""
    return cost(question) + _USUAL_ANSWER
