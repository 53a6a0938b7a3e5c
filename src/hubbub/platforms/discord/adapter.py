"""Discord as a platform of the hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from urllib.parse import quote

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.errors import DeliveryError
from hubbub.core.identities import Author
from hubbub.core.messages import Message
from hubbub.core.ports import Host, Route
from hubbub.core.work import Row
from hubbub.platforms.discord.account import BotAccount, Running
from hubbub.platforms.discord.calls import ROWS, WIDE
from hubbub.platforms.discord.sending import channel_path
from hubbub.platforms.discord.settings import DiscordSettings

log = logging.getLogger(__name__)

# Five edits in five seconds are taken in a channel, 50 calls a second of a bot (API reference, "Rate Limits"); some are
# left for what is no edit.
_EVERY, _CALLS = 1.25, 40.0
_TYPING_SECONDS = 0.5
"""So long what is a courtesy waits for a used-up limit."""


class DiscordAdapter:
    """All bots of the settings."""

    name = "discord"

    def __init__(self, settings: DiscordSettings, host: Host) -> None:
        """Discord is called by `run` first."""
        self._bots = {bot.id: bot for bot in (BotAccount(token, settings, host) for token in settings.tokens)}
        self._capabilities = Capabilities(
            delivery=Delivery.IDEMPOTENT,
            max_length=settings.max_length,
            markdown="discord",
            mentions=True,
            quotes=True,
            quotes_call=True,
            images=True,
            files=True,
            audio=True,
            video=True,
            buttons=ROWS * WIDE,
            streams=True,
            edit_every=_EVERY,
            calls_per_second=_CALLS,
        )

    @property
    def routes(self) -> Sequence[Route]:
        """None: the hub connects to Discord."""
        return ()

    def capabilities(self, room: Room) -> Capabilities:  # noqa: ARG002 - the same in every channel
        """The same for every room."""
        return self._capabilities

    async def run(self) -> None:
        """Hold the connections until cancelled."""
        async with asyncio.TaskGroup() as group:
            for bot in self._bots.values():
                group.create_task(bot.run())

    async def send(self, row: Row) -> str:
        """Send one message and return its id. Raises DeliveryError."""
        return await self._bot(row.out.room).courier.send(row)

    async def edit(self, room: Room, message_id: str, message: Message) -> None:
        """Give a message new words and buttons; its files stay. Raises DeliveryError."""
        await self._bot(room).courier.edit(room, message_id, message)

    async def delete(self, room: Room, message_id: str) -> None:
        """Take a message back. Raises DeliveryError."""
        await self._bot(room).courier.delete(room, message_id)

    async def react(self, room: Room, message_id: str, emoji: str, *, removed: bool = False) -> None:
        """Set or take away the bot's reaction; a server's own emoji is ``name:id``. Raises DeliveryError."""
        path = f"{channel_path(room)}/messages/{quote(message_id, safe='')}/reactions/{quote(emoji, safe=':')}/@me"
        await self._bot(room).rest.call("DELETE" if removed else "PUT", path)

    async def mute(self, room: Room, user: str, seconds: int) -> None:
        """Let a member of a server write nothing for a while. Raises DeliveryError, UserError."""
        await self._bot(room).members.mute(room, user, seconds)

    async def admins(self, room: Room) -> Sequence[Author]:
        """Who runs the server of a channel. Raises DeliveryError, UserError."""
        return await self._bot(room).members.admins(room)

    async def typing(self, room: Room) -> None:
        """Show that an answer is being written."""
        try:
            await self._bot(room).rest.call("POST", f"{channel_path(room)}/typing", patience=_TYPING_SECONDS)
        except DeliveryError as error:
            log.debug("typing in %s: %s", room.key, error)

    def _bot(self, room: Room) -> Running:
        bot = self._bots.get(room.account)
        if bot is None:
            message = f"the settings have no bot {room.account}"
            raise DeliveryError(message, certain=True)
        return bot.running
