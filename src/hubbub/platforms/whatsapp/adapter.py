"""WhatsApp as a platform of the hub."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import aiohttp

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities
from hubbub.core.errors import ConfigError, DeliveryError, MediaError, StoreError
from hubbub.core.messages import Blob, Media
from hubbub.core.ports import Host, Route
from hubbub.core.presses import LongWords
from hubbub.core.work import Row
from hubbub.platforms.whatsapp.calls import LONGEST
from hubbub.platforms.whatsapp.intake import Doors, Intake
from hubbub.platforms.whatsapp.menus import CARRIED, MOST
from hubbub.platforms.whatsapp.number import Number
from hubbub.platforms.whatsapp.settings import WhatsAppSettings
from hubbub.platforms.whatsapp.webhook import Webhook
from hubbub.platforms.whatsapp.wire import PLATFORM


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
        self._words = LongWords(PLATFORM, host.facts, CARRIED)
        intake = Intake(Doors(host, self._numbers, self._words, templates=bool(settings.template)))
        self._webhook = Webhook(*secrets, intake.take)
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
            calls_per_second=settings.messages_per_second,
            resend_unknown=settings.resend_unknown,
        )
        self._in_groups = replace(self._capabilities, buttons=0)

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

    async def send(self, row: Row) -> str:
        """Send one message and return its id. Raises DeliveryError."""
        try:
            await self._words.keep(row.out.message)
            return await self._number(row.out.room).send(row)
        except StoreError as error:  # before anything is sent
            raise DeliveryError(str(error), certain=True) from error

    async def react(self, room: Room, message_id: str, emoji: str, *, removed: bool = False) -> None:
        """Set or take away the reaction. Raises DeliveryError."""
        await self._number(room).react(room, message_id, "" if removed else emoji)

    async def typing(self, room: Room) -> None:
        """Show that the last message was read and is being answered."""
        number = self._numbers.get(room.account)
        if number is not None and number.attention is not None:
            await number.attention.typing(room)

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
