"""What one bot takes in: updates as events, once each; albums as one; presses answered once they are stored."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import telegram
from telegram.error import TelegramError

from hubbub.core.errors import Overloaded, StoreError, Unstorable
from hubbub.core.events import Event, Received
from hubbub.core.messages import Text, text_of
from hubbub.core.presses import LongWords, Presses
from hubbub.platforms.telegram.albums import Gathering, SaidParts
from hubbub.platforms.telegram.calls import CARRIED
from hubbub.platforms.telegram.convert import PLATFORM, album, events, joined
from hubbub.platforms.telegram.segments import Me

if TYPE_CHECKING:
    from hubbub.core.ports import Host
    from hubbub.core.work import Receipt

log = logging.getLogger(__name__)

_BUSY_SECONDS = 1.0
_ANSWERS = 100
"""Presses that are being answered at once; those beyond it go unanswered, and look so for a while."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """An update on its way into the store; ``parts``: numbers of the album that it stands for."""

    number: int
    update: telegram.Update | None
    receipts: Sequence[asyncio.Future[Receipt]]
    parts: Sequence[int]


class Intake:
    """Takes updates in, whether they were fetched or brought."""

    def __init__(self, bot: telegram.Bot, me: Me, host: Host, *, edits: bool) -> None:
        """``edits``: a message that is changed is asked anew."""
        self.me = me
        self.words = LongWords(PLATFORM, host.facts, CARRIED)
        self.said = SaidParts(me.id, host.facts)
        self._bot = bot
        self._host = host
        self._edits = edits
        self._presses = Presses()
        self._albums: dict[str, Gathering] = {}
        self._answers: set[asyncio.Task[None]] = set()

    def read(self, update: dict[str, object]) -> telegram.Update | None:
        """An update as Telegram's library reads it; None, with a line in the log, for one that it cannot read."""
        try:
            return telegram.Update.de_json(update, self._bot)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
            log.warning("Telegram, bot %s: an update could not be read: %r", self.me.id, error)
            return None

    async def close(self) -> None:
        """Answer nobody any more."""
        for task in self._answers:
            task.cancel()
        if self._answers:
            await asyncio.wait(self._answers)

    # --- fetched ---------------------------------------------------------------------------------------------

    async def take(self, updates: Sequence[tuple[int, telegram.Update | None]], stored: Callable[[int], None]) -> None:
        """Accept updates in order; ``stored`` is told the number of each once it, and all before it, are stored.

        The parts of an album are one event, in the place of the first.
        """
        taken = await self._offered(updates)
        try:
            for one in taken:
                for receipt in one.receipts:
                    await self._stored(receipt)
                if one.parts:
                    await self.said.add(one.parts)
                stored(one.number)
                self._answer(one.update)
        except StoreError as error:
            log.warning("Telegram, bot %s: an update was not stored and is fetched again: %s", self.me.id, error)
            await asyncio.gather(*(each for one in taken for each in one.receipts), return_exceptions=True)

    async def _offered(self, updates: Sequence[tuple[int, telegram.Update | None]]) -> list[_Taken]:
        """Updates whose events are on their way into the store, as far as it could be asked what they say."""
        taken: list[_Taken] = []
        albums = self._parts(update for _, update in updates if update is not None)
        for number, update in updates:
            name = album(update) if update is not None else ""
            parts = albums.pop(name, [])
            try:
                found = self._whole(parts) if name or update is None else await self._said_by(update)
            except StoreError as error:  # this one, and those behind it, are fetched again
                log.warning("Telegram, bot %s: what a button says cannot be read: %s", self.me.id, error)
                break
            receipts = [await self._accepted(event) for event in found]
            taken.append(_Taken(number, update, receipts, [part.update_id for part in parts]))
        return taken

    def _parts(self, updates: Iterable[telegram.Update]) -> dict[str, list[telegram.Update]]:
        found: dict[str, list[telegram.Update]] = {}
        for update in updates:
            if (name := album(update)) and update.update_id not in self.said:
                found.setdefault(name, []).append(update)
        return found

    def _whole(self, parts: Sequence[telegram.Update]) -> Sequence[Event]:
        """An album as one event, or none."""
        said = [event for part in parts for event in events(part, self.me)]
        return (joined(said),) if said else ()

    async def _accepted(self, event: Event) -> asyncio.Future[Receipt]:
        while True:
            try:
                return asyncio.ensure_future(self._host.accept(event))
            except Overloaded as busy:
                await asyncio.sleep(min(busy.retry_after, _BUSY_SECONDS))

    async def _stored(self, receipt: Awaitable[Receipt]) -> None:
        """Wait for an event to be stored. One that never can be (half a character) must not come for ever."""
        try:
            await asyncio.shield(receipt)
        except Unstorable as error:
            log.warning("Telegram, bot %s: a message is left out: %s", self.me.id, error)

    # --- brought ---------------------------------------------------------------------------------------------

    async def bring(self, update: telegram.Update) -> None:
        """Take in an update of the webhook; returns when it is stored.

        Raises:
            Overloaded: it must come later.
            StoreError: it is not stored, and must come again.
        """
        name = album(update)
        if name and update.update_id in self.said:
            return
        if not name:
            for event in await self._said_by(update):
                await self._stored(self._host.accept(event))
            self._answer(update)
            return
        gathering = self._albums.setdefault(name, Gathering())

        async def say() -> None:
            del self._albums[name]
            for event in self._whole(gathering.parts):
                await self._stored(self._host.accept(event))
            await self.said.add(part.update_id for part in gathering.parts)

        await gathering.join(update, say)

    # --- presses ---------------------------------------------------------------------------------------------

    async def _said_by(self, update: telegram.Update) -> Sequence[Event]:
        """The events of an update that is no part of an album; a press in its own words, if it is not one too many."""
        query = update.callback_query
        if query is None:
            return events(update, self.me, edits=self._edits)
        place = str(query.message.message_id) if query.message is not None else ""
        button = (str(query.from_user.id), place, query.data or "")
        if self._presses.repeated(query.id, button, time.monotonic()):
            return ()
        return [each for event in events(update, self.me) if (each := await self._worded(event)) is not None]

    async def _worded(self, event: Event) -> Event | None:
        """A press with the words that its button stands for; None where nobody knows them any more."""
        if not isinstance(event, Received):
            return event
        message = tuple(
            [Text(await self.words.of(each.text)) if type(each) is Text else each for each in event.message]
        )
        return replace(event, message=message) if text_of(message) else None

    def _answer(self, update: telegram.Update | None) -> None:
        """Tell Telegram that a press was heard: it shows a clock until then."""
        query = update.callback_query if update is not None else None
        if query is not None and len(self._answers) < _ANSWERS:
            task = asyncio.get_running_loop().create_task(self._answered(query.id))
            self._answers.add(task)
            task.add_done_callback(self._answers.discard)

    async def _answered(self, press: str) -> None:
        try:
            await self._bot.answer_callback_query(press)
        except TelegramError as error:
            log.debug("Telegram, bot %s: a press was not answered: %s", self.me.id, error)
