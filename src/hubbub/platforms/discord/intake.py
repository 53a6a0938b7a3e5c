"""What comes in through one bot's connections: read, accepted in order, acknowledged once it is stored."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from hubbub.core.errors import Overloaded, Unstorable
from hubbub.core.events import PRESSED, Event, Received
from hubbub.core.messages import Quote, Text, text_of
from hubbub.core.ports import Host
from hubbub.core.presses import LongWords, Presses
from hubbub.core.work import Receipt
from hubbub.platforms.discord.convert import Around, events
from hubbub.platforms.discord.gateway import Stored
from hubbub.platforms.discord.interactions import Interactions
from hubbub.platforms.discord.members import Members
from hubbub.platforms.discord.servers import Servers
from hubbub.platforms.discord.wire import BadFrameError, Frame, Wire

log = logging.getLogger(__name__)

_BUSY_SECONDS = 0.05
_INTERACTION = "INTERACTION_CREATE"
_TOLD = ("MESSAGE_", "GUILD_MEMBER_", _INTERACTION)
"""How events begin that may be the hub's, too."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known around a bot's events."""

    servers: Servers
    members: Members
    interactions: Interactions
    words: LongWords


class Intake:
    """Of the bot ``me``. ``members``: Discord tells of members by events of their own."""

    def __init__(self, me: str, host: Host, known: Known, *, members: bool) -> None:
        """Nothing came yet."""
        self._me = me
        self._host = host
        self._known = known
        self._members = members
        self._presses = Presses()

    async def take(self, frame: Frame, session: str) -> Stored | None:
        """Take in an event of a session (`gateway.Take`). Raises StoreError."""
        try:
            self._known.servers.learn(frame)
            found = await self._events(frame, session) if frame.name.startswith(_TOLD) else ()
        except BadFrameError as error:
            log.warning("Discord, bot %s: %s", self._me, error)
            return None
        meant = [event for each in found if (event := await self._meant(each)) is not None]
        receipts = [await self._accepted(event) for event in meant]
        if frame.name == _INTERACTION and found:
            self._answer_for(frame.data, receipts)
        return partial(self._stored, receipts) if receipts else None

    def _answer_for(self, raw: Wire, receipts: Sequence[asyncio.Future[Receipt]]) -> None:
        """Let an interaction be acknowledged, as soon as it is stored."""
        if receipts:
            receipts[0].add_done_callback(partial(self._heard, raw))
        else:
            self._known.interactions.heard(raw)

    def _heard(self, raw: Wire, receipt: asyncio.Future[Receipt]) -> None:
        if not receipt.cancelled() and receipt.exception() is None:
            self._known.interactions.heard(raw, receipt.result().entry)

    async def _events(self, frame: Frame, session: str) -> Sequence[Event]:
        raw, servers = frame.data, self._known.servers
        if not isinstance(raw, dict):
            message = f"{frame.name} {frame.number} has no content"
            raise BadFrameError(message)
        server, thread = await servers.server(raw), await servers.thread(raw)
        found = events(frame, Around(self._me, session, time.time(), server, thread, self._members))
        if server is not None:
            for event in found:
                self._known.members.heard(server.id, event.author)
        return found

    async def _meant(self, event: Event) -> Event | None:
        """A press in the words that its button stands for; None for one too many. Raises StoreError."""
        if not isinstance(event, Received) or not event.options.get(PRESSED):
            return event
        quote, carries = event.message[0], text_of(event.message)
        button = (event.author.id, quote.message_id if isinstance(quote, Quote) else "", carries)
        words = await self._known.words.of(carries)
        if not words or self._presses.repeated(event.id, button, time.monotonic()):
            return None
        return replace(event, message=(quote, Text(words)))

    async def _accepted(self, event: Event) -> asyncio.Future[Receipt]:
        while True:
            try:
                return asyncio.ensure_future(self._host.accept(event))
            except Overloaded as busy:
                await asyncio.sleep(min(busy.retry_after, _BUSY_SECONDS))

    async def _stored(self, receipts: Sequence[asyncio.Future[Receipt]]) -> None:
        for each in receipts:
            await asyncio.wait((each,))
            try:
                each.result()
            except Unstorable as error:  # it never can be, so the session must not stop before it for ever
                log.warning("Discord, bot %s: an event is left out: %s", self._me, error)
