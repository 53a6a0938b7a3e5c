"""A summary in the place of turns that no longer fit.

It costs one model call whose size is bounded by the settings, however much there is to summarize; when that fails, the
turns are left out without one.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from hubbub.chat.budget import cut
from hubbub.chat.reply import Reply
from hubbub.core.errors import ProviderError
from hubbub.core.phrases import Phrase
from hubbub.core.turns import ChatRequest, Parameters, Turn
from hubbub.words import say

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from hubbub.chat.bill import Bill
    from hubbub.chat.settings import ChatSettings
    from hubbub.chat.sources import ModelSource
    from hubbub.core.models import ModelSpec
    from hubbub.core.turns import Delta

log = logging.getLogger(__name__)

_TOKENS_PER_WORD = 2
# What is kept besides a new summary is this part of the limit, so that not every question needs another one.
KEPT = 0.6


class Summarizer:
    """Makes summaries with the model that is asked."""

    def __init__(self, models: ModelSource, settings: ChatSettings) -> None:
        self._models = models
        self._settings = settings

    async def summarize(self, spec: ModelSpec, before: str, turns: Sequence[Turn], language: str, bill: Bill) -> str:
        """One summary of an earlier one and the turns after it, put on the bill; "" when none could be made."""
        settings = self._settings
        words = settings.summary_tokens // _TOKENS_PER_WORD
        request = ChatRequest(
            spec.name,
            (
                Turn("system", say(Phrase("prompt.summarize", {"words": words}), language)),
                Turn("user", transcript(before, turns, settings.summary_input)),
            ),
            Parameters(max_tokens=settings.summary_tokens),
        )
        reply = Reply()
        try:
            with bill.recorded(spec, request) as record:
                async with (
                    asyncio.timeout(settings.summary_seconds),
                    aclosing(cast("AsyncGenerator[Delta]", self._models.stream(request))) as stream,
                ):
                    async for delta in stream:
                        reply.add(delta)
                        if record is not None:
                            record.add(delta)
        except (ProviderError, TimeoutError) as error:
            log.warning("no summary from model %s, turns are left out without one: %s", spec.name, error or "too slow")
            return ""
        bill.add(request, reply)
        return cut(reply.content, settings.summary_tokens * 2)


def transcript(before: str, turns: Sequence[Turn], tokens: int) -> str:
    """What is to be summarized, as one text of at most ``tokens``: the earlier summary and the newest turns."""
    kept = cut(before, tokens // 3)
    lines = [f"{turn.name or turn.role}: {turn.content}" for turn in turns if turn.content]
    share = max(tokens // 4, 1)
    text = ""
    for line in reversed([cut(line, share) for line in lines[-tokens:]]):
        longer = f"{line}\n\n{text}"
        if cut(longer, tokens - tokens // 3) != longer:
            break
        text = longer
    return f"{kept}\n\n{text}".strip()
