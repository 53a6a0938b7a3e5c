"""Slash commands and presses: heard within Discord's three seconds, answered in their own message ("Interactions").

A slash command shows that the bot thinks; its answer takes that message's place for a quarter of an hour, later it is
an ordinary one. To edit that message twice does no harm, so an answer that is sent again is still one.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from hubbub.core.errors import DeliveryError, StoreError
from hubbub.core.work import Entry, Row
from hubbub.platforms.discord.convert import COMMAND
from hubbub.platforms.discord.recent import Recent
from hubbub.platforms.discord.rest import Rest
from hubbub.platforms.discord.wire import Wire

log = logging.getLogger(__name__)

_THINKS, _NOTHING_NEW = 5, 6
"""Kinds of answers to them: it thinks and will say something; there is nothing to show."""
_VALID_SECONDS = 14.5 * 60
_ACKNOWLEDGED_SECONDS = 5.0
_FIRST_LOOK, _LONGEST_PAUSE = 0.1, 5.0
"""Seconds between looks at whether a command came to nothing."""
_MOST = 1000

Replies = Callable[[int], Awaitable[Sequence[Row] | None]]
Start = Callable[[Coroutine[object, object, object]], None]


@dataclass(slots=True)
class Asked:
    """A slash command that waits for its answer. ``until`` is of a clock that goes forward, ``row`` what answers it."""

    token: str
    room: str
    until: float
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)
    open: bool = True
    row: int = 0

    @property
    def valid(self) -> bool:
        """Whether its token still opens something."""
        return self.open and time.monotonic() < self.until


class Interactions:
    """Of one bot. ``application`` is its id as an application."""

    def __init__(self, application: str, rest: Rest, replies: Replies, start: Start) -> None:
        """``replies``: see `ports.Host`. ``start`` runs something beside the events, which do not wait for it."""
        self._application = application
        self._rest = rest
        self._replies = replies
        self._start = start
        self._asked: Recent[int, Asked] = Recent(_MOST)
        """By the entry of the inbox."""
        self._said: Recent[str, Asked] = Recent(_MOST)

    def heard(self, raw: Wire, entry: Entry | None = None) -> None:
        """Acknowledge an interaction, stored as this entry; None for one that is stored as nothing."""
        if entry is None or raw.get("type") != COMMAND:
            self._start(self._acknowledge(raw, _NOTHING_NEW))
            return
        if entry.id in self._asked:  # the session was resumed before it
            return
        asked = Asked(_token(raw), entry.event.room.key, time.monotonic() + _VALID_SECONDS)
        self._asked[entry.id] = asked
        self._start(self._attended(raw, asked, entry.id))

    async def answering(self, row: Row) -> Asked | None:
        """The slash command whose message this one may fill, once Discord knows that it was heard."""
        asked = self.of(row)
        if asked is None or asked.row not in (0, row.id):
            return None
        try:
            async with asyncio.timeout(_ACKNOWLEDGED_SECONDS):
                await asked.acknowledged.wait()
        except TimeoutError:
            return None
        return asked if asked.valid else None

    def of(self, row: Row) -> Asked | None:
        """The slash command that a message answers, while it can be answered by its token."""
        asked = self._asked.get(row.out.entry)
        return asked if asked is not None and asked.valid and asked.room == row.out.room.key else None

    def said(self, asked: Asked, message: str) -> None:
        """Know that a message was sent by a command's token."""
        self._said[message] = asked

    def by_token(self, message: str) -> str:
        """Where a message can be changed that a command's token sent; "" for others."""
        asked = self._said.get(message)
        return self.path(asked, message) if asked is not None and asked.valid else ""

    def path(self, asked: Asked, message: str = "@original") -> str:
        """Where a message of an answer is edited."""
        return f"{self.path_of_more(asked)}/messages/{quote(message, safe='@')}"

    def path_of_more(self, asked: Asked) -> str:
        """Where more messages of an answer are sent to; twice the same makes two."""
        return f"/webhooks/{self._application}/{quote(asked.token, safe='')}"

    async def _acknowledge(self, raw: Wire, kind: int) -> bool:
        path = f"/interactions/{quote(str(raw['id']), safe='')}/{quote(_token(raw), safe='')}/callback"
        try:
            await self._rest.call("POST", path, {"type": kind})
        except DeliveryError as error:
            log.info("an interaction was not acknowledged: %s", error)
            return False
        return True

    async def _attended(self, raw: Wire, asked: Asked, entry: int) -> None:
        """Acknowledge a command, and take back that the bot thinks if it has nothing to say there in the end."""
        asked.open = await self._acknowledge(raw, _THINKS)
        asked.acknowledged.set()
        if not asked.open or await self._answered(asked, entry):
            return
        asked.open = False
        try:
            await self._rest.call("DELETE", self.path(asked))
        except DeliveryError as error:
            log.info("a command without an answer goes on looking as if the bot thought: %s", error)

    async def _answered(self, asked: Asked, entry: int) -> bool:
        """Whether a command has something to say in its room, waited for as long as its message can be filled."""
        pause = _FIRST_LOOK
        while time.monotonic() + pause < asked.until:
            await asyncio.sleep(pause)
            pause = min(_LONGEST_PAUSE, pause * 2)
            rows = await self._rows(entry)
            if asked.row or rows is not None:
                return bool(asked.row) or any(row.out.room.key == asked.room for row in rows or ())
        return False

    async def _rows(self, entry: int) -> Sequence[Row] | None:
        """What an entry came to; None while it is worked on, or nobody knows."""
        try:
            return await self._replies(entry)
        except StoreError as error:
            log.info("what became of entry %d is not known yet: %s", entry, error)
            return None


def _token(raw: Wire) -> str:
    return str(raw.get("token") or "")
