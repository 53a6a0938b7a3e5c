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
    from collections.abc import Callable, Iterator

    from hubbub.chat.calls import Caller
    from hubbub.chat.reply import Reply
    from hubbub.conversations.holds import Hold
    from hubbub.core.events import Received
    from hubbub.core.models import ModelSpec
    from hubbub.core.turns import ChatRequest, Turn
    from hubbub.core.work import LogCall

# What an answer comes to where nobody bounds it, for checks before the model is asked.
USUAL_ANSWER = 500
_BILLIONTHS = 1000


class Bill:
    """Counts as providers do; what one does not count is estimated, rather too high than too low."""

    __slots__ = ("caller", "calls", "completion_tokens", "cost", "deeds", "held", "named", "prompt_tokens")

    def __init__(self, caller: Caller | None = None) -> None:
        """``caller``: for whom records of the calls are kept, in ``calls``; without one none are.

        ``deeds``: calls of tools that count like a message each. ``named`` finds the prices of a model; ``held`` is
        what was reserved before it was asked; ``cost`` in billionths of what prices are in.
        """
        self.caller = caller
        self.calls: list[LogCall] = []
        self.deeds = 0
        self.cost = 0
        self.named: Callable[[str], ModelSpec | None] = _unknown
        self.held: Hold | None = None
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
        asked, answered = self.prompt_tokens, self.completion_tokens
        usage = reply.usage
        if usage is not None and (usage.prompt_tokens or usage.completion_tokens):
            self.prompt_tokens += max(0, usage.prompt_tokens)
            self.completion_tokens += max(0, usage.completion_tokens)
        else:
            self.prompt_tokens += sum(map(cost, request.turns))
            written = sum(estimate(call.arguments) for call in reply.tool_calls)
            self.completion_tokens += estimate(reply.said) + estimate(reply.pondered) + written
        spec = self.named(reply.model or request.model) or self.named(request.model)
        if spec is not None:
            self.cost += price(spec, self.prompt_tokens - asked, self.completion_tokens - answered)

    def spend(self, owner: str, event: Received, day: str, messages: int) -> Spend:
        """What is to be stored. The room is remembered where the platform named it, and one person alone is there."""
        room = event.room.key if event.room.direct and not event.owner else ""
        tokens = (self.prompt_tokens, self.completion_tokens)
        spend = Spend(owner, day, messages + self.deeds, *tokens, room, self.cost)
        return spend if self.held is None else self.held.on(spend)

    @property
    def owed(self) -> bool:
        """Something was used, or reserved, that is to be counted though nothing came of it."""
        return bool(self.prompt_tokens or self.deeds or (self.held is not None and self.held.reserved))


def price(spec: ModelSpec, asked: int, answered: int) -> int:
    """What tokens of a model cost, in billionths of what prices are in; those are per million tokens."""
    return round((asked * spec.price_in + answered * spec.price_out) * _BILLIONTHS)


def _unknown(name: str) -> ModelSpec | None:  # noqa: ARG001 - nobody knows prices
    return None


def expected(question: Turn) -> int:
    """About what a question comes to, with its answer."""
    return cost(question) + USUAL_ANSWER
