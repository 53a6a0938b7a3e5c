"""WhatsApp as a platform of the hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import aiohttp

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.errors import ConfigError, DeliveryError, MediaError, Unstorable
from hubbub.core.events import Received
from hubbub.core.messages import Blob, Media
from hubbub.core.ports import Host, Route
from hubbub.core.work import Row
from hubbub.platforms.whatsapp.calls import LONGEST
from hubbub.platforms.whatsapp.convert import BadEventError, Wire, events, failures
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
            resend_unknown=settings.resend_unknown,
        )

    @property
    def routes(self) -> Sequence[Route]:
        """One for all numbers."""
        return (Route(self._settings.path, self._webhook, "http", ("GET", "POST")),)

    def capabilities(self, room: Room) -> Capabilities:  # noqa: ARG002 - the same for everybody
        """The same for every room."""
        return self._capabilities

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
                continue
            try:
                await self._host.accept(event)
            except Unstorable as error:  # it never can be, so it must not be brought for days
                log.warning("a message of WhatsApp is left out: %s", error)
                continue
            if isinstance(event, Received):
                found.heard(event.room, event.message_id)
        for failed in failures(number, value):
            if isinstance(failed, BadEventError):
                log.warning("what became of a message could not be read: %s", failed)
                continue
            log.warning("message %s to %s did not arrive: %s", failed.message_id, failed.room.key, failed.why)
            await self._host.undelivered(failed.room, failed.message_id, failed.why)

    async def send(self, row: Row) -> str:
        """Send one message and return its id. Raises DeliveryError."""
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
