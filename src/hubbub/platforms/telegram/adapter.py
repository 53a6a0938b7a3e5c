"""Telegram as a platform of the hub."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

import telegram
from telegram.error import TelegramError

from hubbub.core.acts import Decision
from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities, Delivery
from hubbub.core.errors import DeliveryError, UserError
from hubbub.core.identities import Author
from hubbub.core.messages import Blob, Media, Message
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Host, Route
from hubbub.core.work import Row
from hubbub.platforms.telegram.account import BotAccount
from hubbub.platforms.telegram.calls import BUTTONS
from hubbub.platforms.telegram.faults import fault
from hubbub.platforms.telegram.files import download
from hubbub.platforms.telegram.settings import TelegramSettings
from hubbub.platforms.telegram.webhook import Webhook

log = logging.getLogger(__name__)

# Bots FAQ, "My bot is hitting limits": a message a second in a chat, 20 a minute in a group, 30 a second in all. Edits
# count as messages; some of each is left for what is no edit.
_EVERY, _EVERY_IN_GROUPS, _CALLS = 1.1, 4.0, 25.0


class TelegramAdapter:
    """All bots of the settings."""

    name = "telegram"

    def __init__(self, settings: TelegramSettings, host: Host) -> None:
        """Telegram is called by `run` first."""
        self._settings = settings
        self._bots = {bot.id: bot for bot in (BotAccount(given, settings, host) for given in settings.bots)}
        self._capabilities = Capabilities(
            delivery=Delivery.EDITABLE,
            max_length=settings.max_length,
            length_unit="utf16",
            markdown="telegram",
            mentions=True,
            quotes=True,
            quotes_call=True,
            images=True,
            image_side=2560,
            files=True,
            audio=True,
            video=True,
            locations=True,
            contacts=True,
            buttons=BUTTONS,
            streams=True,
            edit_every=_EVERY,
            calls_per_second=_CALLS,
            resend_unknown=settings.resend_unknown,
        )
        self._in_groups = replace(self._capabilities, edit_every=_EVERY_IN_GROUPS)

    @property
    def routes(self) -> Sequence[Route]:
        """One for each bot that is told by webhook."""
        told = [bot for bot in self._bots.values() if bot.by_webhook]
        return [Route(f"/tgbot/{bot.token}", Webhook(bot), "http", ("POST",)) for bot in told]

    def capabilities(self, room: Room) -> Capabilities:
        """The same for every room, but that groups are written to less often."""
        return self._capabilities if room.direct else self._in_groups

    async def run(self) -> None:
        """Hold the connections until cancelled."""
        async with asyncio.TaskGroup() as group:
            for bot in self._bots.values():
                group.create_task(bot.run())

    async def send(self, row: Row) -> str:
        """Send one message and return its id. Raises DeliveryError."""
        return await self._bot(row.out.room).courier.send(row.out)

    async def edit(self, room: Room, message_id: str, message: Message) -> None:
        """Give a message new words and buttons; its files stay. Raises DeliveryError."""
        await self._bot(room).courier.edit(await self._chat(room), _number(message_id), message)

    async def delete(self, room: Room, message_id: str) -> None:
        """Take a message back. Raises DeliveryError."""
        try:
            await self._bot(room).bot.delete_message(await self._chat(room), _number(message_id))
        except TelegramError as error:
            raise fault(error) from error

    async def react(self, room: Room, message_id: str, emoji: str, *, removed: bool = False) -> None:
        """Set or take away the bot's reaction; Telegram knows some emoji only. Raises DeliveryError."""
        reactions = [] if removed else [telegram.ReactionTypeEmoji(emoji)]
        try:
            await self._bot(room).bot.set_message_reaction(await self._chat(room), _number(message_id), reactions)
        except TelegramError as error:
            raise fault(error) from error

    async def mute(self, room: Room, user: str, seconds: int) -> None:
        """Let a member of a supergroup write nothing for a while. Raises DeliveryError, UserError."""
        if room.kind != "group":
            raise UserError(Phrase("act.mute.only_groups"))
        await self._bot(room).members.mute(await self._chat(room), _number(user), seconds)

    async def decide(self, room: Room, decision: Decision) -> None:
        """Let in, or turn away, who asks to join a group or channel. Raises DeliveryError."""
        await self._bot(room).members.decide(await self._chat(room), _number(decision.user), decision)

    async def admins(self, room: Room) -> Sequence[Author]:
        """Owner and admins of a group or channel. Raises DeliveryError, UserError."""
        return await self._bot(room).members.admins(await self._chat(room))

    async def typing(self, room: Room) -> None:
        """Show that an answer is being written."""
        thread = int(room.thread) if room.thread.isdecimal() else None
        try:
            await self._bot(room).bot.send_chat_action(await self._chat(room), "typing", message_thread_id=thread)
        except (TelegramError, DeliveryError) as error:
            log.debug("typing in %s: %s", room.key, error)

    async def fetch(self, media: Media) -> Blob:
        """The content of a file that came in. Raises MediaError."""
        data = await download([bot.bot for bot in self._bots.values()], media, self._settings)
        return Blob(data, media.mime or "application/octet-stream", media.name)

    def _bot(self, room: Room) -> BotAccount:
        bot = self._bots.get(room.account)
        if bot is None or not bot.running:
            message = f"bot {room.account} is not connected"
            raise DeliveryError(message, certain=True)
        return bot

    async def _chat(self, room: Room) -> int:
        """The number that a room's chat has now. Raises DeliveryError."""
        return await self._bot(room).courier.now(_number(room.id))


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        message = f"{text!r} is no number of Telegram's"
        raise DeliveryError(message, certain=True, permanent=True) from error
