"""Taking in what WhatsApp brings: messages into the inbox, what became of the hub's own into its deliveries."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from hubbub.core.errors import HubbubError, Overloaded, StoreError, Unstorable
from hubbub.core.events import PRESSED, Event, Received
from hubbub.core.messages import Quote, Text, text_of
from hubbub.core.ports import Host
from hubbub.core.presses import LongWords, Presses
from hubbub.core.work import Receipt
from hubbub.platforms.whatsapp.convert import events
from hubbub.platforms.whatsapp.number import Number
from hubbub.platforms.whatsapp.silence import Silence
from hubbub.platforms.whatsapp.statuses import Status, complaints, statuses
from hubbub.platforms.whatsapp.wire import BadEventError, Brought, Wire

log = logging.getLogger(__name__)

_AT_ONCE = 100
"""Messages that wait for the same commit; of a larger notification the next ones come after it."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Doors:
    """What the intake leads to. ``templates``: people who are silent can be written to by one."""

    host: Host
    numbers: Mapping[str, Number]
    words: LongWords
    templates: bool


class Intake:
    """For all numbers."""

    def __init__(self, doors: Doors) -> None:
        """Nothing is taken in before `take`."""
        self._doors = doors
        self._silence = Silence(doors.host.facts)
        self._presses = Presses()

    async def take(self, brought: Sequence[Brought]) -> None:
        """Store all of a notification; what cannot be read harms nothing else.

        Raises:
            Overloaded, StoreError: not all of it is stored, and it has to come again.
        """
        ours = [each for each in brought if self._is_ours(each[0])]
        said: list[Event] = []
        for change in ours:
            said += _readable(events, change)
        for start in range(0, len(said), _AT_ONCE):
            await self._accept(said[start : start + _AT_ONCE])
        for complaint in (each for change in ours for each in _readable(complaints, change)):
            log.warning(complaint)
        told = [status for change in ours for status in _readable(statuses, change)]
        if told:
            await self._report(told)

    def _is_ours(self, number: str) -> bool:
        if number not in self._doors.numbers:
            log.warning("WhatsApp brought something for number %s, which the settings do not have", number)
        return number in self._doors.numbers

    async def _accept(self, said: Sequence[Event]) -> None:
        """Store messages together, so that they share a commit."""
        meant = [event for each in said if (event := await self._meant(each)) is not None]
        calls: list[tuple[Event, Awaitable[Receipt]]] = []
        failed: HubbubError | None = None
        try:
            for event in meant:
                calls.append((event, self._doors.host.accept(event)))  # noqa: PERF401 - what was called is awaited below
        except Overloaded as error:
            failed = error
        for event, stored in calls:
            failed = await self._stored(event, stored) or failed
        if failed is not None:
            raise failed

    async def _stored(self, event: Event, stored: Awaitable[Receipt]) -> StoreError | None:
        try:
            await stored
        except Unstorable as error:  # it never can be, so it must not be brought for days
            log.warning("a message of WhatsApp is left out: %s", error)
        except StoreError as error:
            return error
        else:
            await self._heard(event)
        return None

    async def _heard(self, event: Event) -> None:
        if not isinstance(event, Received):
            return
        attention = self._doors.numbers[event.room.account].attention
        if attention is not None:
            attention.heard(event.room, event.message_id)
        if self._doors.templates:
            await self._silence.ends(event.room, event.time)

    async def _meant(self, event: Event) -> Event | None:
        """A press in the words that its button stands for; None for one too many. Raises StoreError."""
        if not isinstance(event, Received) or not event.options.get(PRESSED):
            return event
        quotes = tuple(each for each in event.message if isinstance(each, Quote))
        carries = text_of(event.message)
        button = (event.author.id, "".join(each.message_id for each in quotes), carries)
        words = await self._doors.words.of(carries)
        if not words or self._presses.repeated(event.id, button, time.monotonic()):
            return None
        return replace(event, message=(*quotes, Text(words)))

    async def _report(self, told: Sequence[Status]) -> None:
        """All in one transaction; what only a template can bring is sent once more, by one."""
        reports = []
        for status in told:
            again = status.closed and self._doors.templates
            if again:
                await self._silence.begins(status.report.room, status.report.time)
            reports.append(replace(status.report, again=again))
        await self._doors.host.report(reports)


def _readable(read: Callable[[str, Wire], Iterator[T | BadEventError]], change: Brought) -> Iterator[T]:
    """What can be read of a change; what cannot is signed by WhatsApp, so it stays so however often it comes."""
    try:
        found = list(read(*change))
    except BadEventError as error:
        found = [error]
    for each in found:
        if isinstance(each, BadEventError):
            log.warning("something that WhatsApp brought could not be read: %s", each)
        else:
            yield each
