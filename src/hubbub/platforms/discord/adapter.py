"""Discord as a platform of the hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from urllib.parse import quote

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.errors import DeliveryError
from hubbub.core.messages import Message
from hubbub.core.ports import Host, Route
from hubbub.core.work import Row
from hubbub.platforms.discord.account import BotAccount
from hubbub.platforms.discord.calls import ROWS, WIDE, components, drafts
from hubbub.platforms.discord.members import mute
from hubbub.platforms.discord.settings import DiscordSettings

log = logging.getLogger(__name__)

# Five edits in five seconds are taken in a channel, 50 calls a second of a bot (API reference, "Rate Limits"); some are
# left for what is no edit.
_EVERY, _CALLS = 1.25, 40.0


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
        return await self._bot(row.out.room).send(row)

    async def edit(self, room: Room, message_id: str, message: Message) -> None:
        """Give a message new words and buttons; its files stay. Raises DeliveryError."""
        await self._bot(room).keep(message)
        body = {"content": drafts(message)[0].content, "allowed_mentions": {"parse": []}}
        await self._message(room, message_id, "PATCH", body | {"components": components(message)})

    async def delete(self, room: Room, message_id: str) -> None:
        """Take a message back. Raises DeliveryError."""
        await self._message(room, message_id, "DELETE")

    async def react(self, room: Room, message_id: str, emoji: str, *, removed: bool = False) -> None:
        """Set or take away the bot's reaction; a server's own emoji is ``name:id``. Raises DeliveryError."""
        path = f"{_path(room)}/messages/{quote(message_id, safe='')}/reactions"
        method = "DELETE" if removed else "PUT"
        await self._bot(room).rest.call(
            method, f"{path}/{quote(emoji, safe=':')}/@me", bucket=f"{_path(room)}/reactions"
        )

    async def mute(self, room: Room, user: str, seconds: int) -> None:
        """Let a member of a server write nothing for a while. Raises DeliveryError, UserError."""
        await mute(self._bot(room).rest, room, user, seconds)

    async def typing(self, room: Room) -> None:
        """Show that an answer is being written."""
        try:
            await self._bot(room).rest.call("POST", f"{_path(room)}/typing")
        except DeliveryError as error:
            log.debug("typing in %s: %s", room.key, error)

    async def _message(self, room: Room, message_id: str, method: str, body: object = None) -> None:
        path = f"{_path(room)}/messages"
        await self._bot(room).rest.call(method, f"{path}/{quote(message_id, safe='')}", body, bucket=f"{path}/{method}")

    def _bot(self, room: Room) -> BotAccount:
        bot = self._bots.get(room.account)
        if bot is None:
            message = f"the settings have no bot {room.account}"
            raise DeliveryError(message, certain=True)
        return bot


def _path(room: Room) -> str:
    return f"/channels/{quote(room.id, safe='')}"
