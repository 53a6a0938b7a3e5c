"""WhatsApp as a platform of the hub."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import replace

import aiohttp

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.errors import ConfigError, DeliveryError, MediaError, StoreError, Unstorable
from hubbub.core.events import PRESSED, Event, Received
from hubbub.core.messages import Blob, Media, Quote, Text, text_of
from hubbub.core.ports import Host, Route
from hubbub.core.presses import LongWords, Presses
from hubbub.core.work import Row
from hubbub.platforms.whatsapp.calls import LONGEST
from hubbub.platforms.whatsapp.convert import PLATFORM, BadEventError, Wire, events, failures
from hubbub.platforms.whatsapp.menus import CARRIED, MOST
from hubbub.platforms.whatsapp.number import Number
from hubbub.platforms.whatsapp.settings import WhatsAppSettings
from hubbub.platforms.whatsapp.webhook import Webhook

log = logging.getLogger(__name__)


class WhatsAppAdapter:
    """All numbers of the settings."""

    name = "whatsapp"

    def __init__(self, settings: WhatsAppSettings, host: Host) -> None:
        """WhatsApp is called by `run` first.

        Raises:
            ConfigError: a key is missing without which nothing works.
        """
        if missing := settings.missing():
            message = (
                f"platforms.whatsapp: should have {', '.join(missing)} too; README.md of the platform says where from"
            )
            raise ConfigError(message)
        self._settings = settings
        self._host = host
        self._numbers = {each.phone_number_id: Number(each, settings, host) for each in settings.numbers}
        secrets = settings.app_secret.get_secret_value(), settings.verify_token.get_secret_value()
        self._webhook = Webhook(*secrets, self._take)
        self._capabilities = Capabilities(
            max_length=LONGEST,
            markdown="whatsapp",
            quotes=True,
            images=True,
            files=True,
            audio=True,
            video=True,
            locations=True,
            contacts=True,
            buttons=MOST,
            resend_unknown=settings.resend_unknown,
        )
        self._in_groups = replace(self._capabilities, buttons=0)
        self._words = LongWords(PLATFORM, host.facts, CARRIED)
        self._presses = Presses()

    @property
    def routes(self) -> Sequence[Route]:
        """One for all numbers."""
        return (Route(self._settings.path, self._webhook, "http", ("GET", "POST")),)

    def capabilities(self, room: Room) -> Capabilities:
        """The same for every room, but that groups have no buttons."""
        return self._in_groups if room.kind == "group" else self._capabilities

    async def run(self) -> None:
        """Be connected until cancelled."""
        async with aiohttp.ClientSession() as client, asyncio.TaskGroup() as group:
            for number in self._numbers.values():
                group.create_task(number.run(client))

    async def _take(self, number: str, value: Wire) -> None:
        """Accept what came for a number; one message that cannot be read harms no other."""
        found = self._numbers.get(number)
        if found is None:
            log.warning("WhatsApp brought something for number %s, which the settings do not have", number)
            return
        for event in events(number, value):
            if isinstance(event, BadEventError):
                log.warning("a message of WhatsApp could not be read: %s", event)
            else:
                await self._accept(found, event)
        for failed in failures(number, value):
            if isinstance(failed, BadEventError):
                log.warning("what became of a message could not be read: %s", failed)
                continue
            log.warning("message %s to %s did not arrive: %s", failed.message_id, failed.room.key, failed.why)
            await self._host.undelivered(failed.room, failed.message_id, failed.why)

    async def _accept(self, number: Number, said: Event) -> None:
        event = await self._meant(said)
        if event is None:
            return
        try:
            await self._host.accept(event)
        except Unstorable as error:  # it never can be, so it must not be brought for days
            log.warning("a message of WhatsApp is left out: %s", error)
            return
        if isinstance(event, Received):
            number.heard(event.room, event.message_id)

    async def _meant(self, event: Event) -> Event | None:
        """A press in the words that its button stands for; None for one too many. Raises StoreError."""
        if not isinstance(event, Received) or not event.options.get(PRESSED):
            return event
        quotes = tuple(each for each in event.message if isinstance(each, Quote))
        carries = text_of(event.message)
        button = (event.author.id, "".join(each.message_id for each in quotes), carries)
        words = await self._words.of(carries)
        if not words or self._presses.repeated(event.id, button, time.monotonic()):
            return None
        return replace(event, message=(*quotes, Text(words)))

    async def send(self, row: Row) -> str:
        """Send one message and return its id. Raises DeliveryError."""
        try:
            await self._words.keep(row.out.message)
        except StoreError as error:
            message = "the words of the buttons could not be kept"
            raise DeliveryError(message, certain=True) from error
        return await self._number(row.out.room).send(row.out)

    async def react(self, room: Room, message_id: str, emoji: str, *, removed: bool = False) -> None:
        """Set or take away the reaction. Raises DeliveryError."""
        await self._number(room).react(room, message_id, "" if removed else emoji)

    async def typing(self, room: Room) -> None:
        """Show that the last message was read and is being answered."""
        try:
            await self._number(room).typing(room)
        except DeliveryError as error:
            log.debug("typing in %s: %s", room.key, error)

    async def fetch(self, media: Media) -> Blob:
        """The content of a file that came in. Raises MediaError."""
        failed: Exception | None = None
        for number in self._numbers.values():
            try:
                return await number.fetch(media)
            except MediaError as error:
                failed = error
        message = f"no number may fetch the file: {failed}"
        raise MediaError(message)

    def _number(self, room: Room) -> Number:
        number = self._numbers.get(room.account)
        if number is None:
            message = f"the settings have no number {room.account}"
            raise DeliveryError(message, certain=True)
        return number
