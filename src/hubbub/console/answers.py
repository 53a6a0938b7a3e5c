"""The answer to a question while it is written, as server-sent events that htmx puts into the page.

Events: ``answer`` (all of it so far), ``block`` (blocks that are finished), ``tail`` (the block that is being written),
``thoughts``, ``note`` (what a person who waits should know) and ``done`` (the whole round as it stays). What a browser
missed it gets by connecting again: the first event is always the whole.
"""

from __future__ import annotations

import asyncio
import logging
import time
from html import escape
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from hubbub.console.errors import Missing
from hubbub.console.events import HEADERS, KEEP_ALIVE, RETRY, event
from hubbub.console.writing import blocks_html
from hubbub.core.errors import StoreError
from hubbub.core.phrases import Phrase

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from hubbub.console.asks import Ask, Asks
    from hubbub.console.chat import ChatPage
    from hubbub.console.desk import Desk
    from hubbub.console.looks import Look

log = logging.getLogger(__name__)

PAUSE = 0.05
SLOW_SECONDS = 8.0
LOOK_SECONDS = 0.5
KEEP_ALIVE_SECONDS = 10.0
# Rendering and sending the same text again and again must not cost more than a tenth of the time.
_SHARE = 10
_THOUGHTS_SHOWN = 600
_LONG = 20_000


class Answers:
    """The route of the events."""

    def __init__(self, desk: Desk, asks: Asks, chat: ChatPage) -> None:
        """``chat`` writes the round that stays."""
        self._desk = desk
        self._asks = asks
        self._chat = chat

    async def stream(self, request: Request) -> Response:
        """Follow the answer to one entry. Raises Missing if it is not the visitor's."""
        look, visitor = await self._desk.visit(request)
        entry = await self._desk.seals.opened(visitor.owner, request.path_params["entry"])
        if entry is None:
            raise Missing(Phrase("page.error_missing"))
        ask = self._asks.find(visitor.owner, entry)
        events = self._follow(ask, look) if ask is not None else self._await(entry)
        return StreamingResponse(events, headers=HEADERS, media_type="text/event-stream")

    async def _follow(self, ask: Ask, look: Look) -> AsyncIterator[str]:
        yield RETRY
        shown = Shown(look, self._asks)
        while not ask.done:
            version, began = ask.version, time.monotonic()
            for each in shown.changes(ask, self._desk.services.clock()):
                yield each
            spent = time.monotonic() - began
            await asyncio.sleep(max(PAUSE, spent * _SHARE))
            await ask.later_than(version, LOOK_SECONDS)
            if self._stops(ask):
                return  # the browser asks again when the hub is back
        if self._stops(ask):
            return
        try:
            yield event("done", await self._chat.finished(ask, look))
        except StoreError as error:
            log.warning("the answer to entry %d cannot be shown yet: %s", ask.entry, error)  # the browser asks again

    def _stops(self, ask: Ask) -> bool:
        """The hub ends before the answer is there."""
        return not self._desk.services.control.status().ready and (not ask.done or ask.failure is not None)

    async def _await(self, entry: int) -> AsyncIterator[str]:
        """An answer that was begun before the hub started: it is in the store when it is done."""
        yield RETRY
        services = self._desk.services
        told = time.monotonic()
        while services.control.status().ready:
            try:
                done = await services.store.inbox.replies(entry) is not None
            except StoreError:
                done = True  # it is so old that it is forgotten
            if done:
                yield event("done", '<div data-reload="1"></div>')
                return
            if time.monotonic() - told > KEEP_ALIVE_SECONDS:
                told = time.monotonic()
                yield KEEP_ALIVE
            await asyncio.sleep(LOOK_SECONDS)


class Shown:
    """What one browser has of an answer."""

    def __init__(self, look: Look, asks: Asks) -> None:
        """Nothing yet."""
        self._look = look
        self._asks = asks
        self._version = -1
        self._blocks: list[str] = []
        self._tail = ""
        self._thoughts = ""
        self._note: str | None = None
        self._changed = time.monotonic()
        self._told = time.monotonic()

    def changes(self, ask: Ask, now: float) -> list[str]:
        """The events that bring the browser to where the answer is; ``now`` in seconds since the epoch."""
        events = []
        if ask.version != self._version:
            self._changed = time.monotonic()
            events += [*self._content(ask), *self._reasoning(ask)]
            self._version = ask.version
        note = self._waiting(ask, now)
        if note != self._note:
            self._note = note
            events.append(event("note", escape(note)))
        if events:
            self._told = time.monotonic()
        elif time.monotonic() - self._told > KEEP_ALIVE_SECONDS:
            self._told = time.monotonic()
            events.append(KEEP_ALIVE)
        return events

    def _content(self, ask: Ask) -> list[str]:
        first = self._version < 0
        if not ask.content and not first:
            return []
        # Text so long is seldom meant to be looked at while it comes.
        text = ask.content if len(ask.content) <= _LONG else "…" + ask.content[-_LONG:]
        *blocks, tail = blocks_html(text, self._look.language) or [""]
        held, before = len(self._blocks), self._blocks
        self._blocks, old_tail, self._tail = blocks, self._tail, tail
        if first or blocks[:held] != before:
            return [event("answer", _whole(blocks, tail))]
        events = [event("block", "".join(blocks[held:]))] if len(blocks) > held else []
        if events or tail != old_tail:
            events.append(event("tail", tail))
        return events

    def _reasoning(self, ask: Ask) -> list[str]:
        thoughts = ask.reasoning[-_THOUGHTS_SHOWN:] if not ask.content else ""
        if thoughts == self._thoughts:
            return []
        self._thoughts = thoughts
        return [event("thoughts", escape(thoughts))]

    def _waiting(self, ask: Ask, now: float) -> str:
        """What to say to whoever waits: what is being done, or why nothing comes, if nothing does."""
        if ask.note:
            return ask.note
        if ask.began:
            stalled = time.monotonic() - self._changed > SLOW_SECONDS
            return self._look.say("page.stalled") if stalled else ""
        if now - ask.since < SLOW_SECONDS:
            return ""
        return self._look.say("page.queued" if self._asks.waits(ask) else "page.slow")


def _whole(blocks: list[str], tail: str) -> str:
    return (
        f'<div class="blocks" sse-swap="block" hx-swap="beforeend">{"".join(blocks)}</div>'
        f'<div class="tail" sse-swap="tail">{tail}</div>'
    )
