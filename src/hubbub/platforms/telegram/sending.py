"""Sending through one bot."""

from __future__ import annotations

import logging
from typing import Any

import telegram
from telegram.error import BadRequest, ChatMigrated, TelegramError

from hubbub.core.errors import DeliveryError, StoreError
from hubbub.core.messages import Message
from hubbub.core.ports import Facts
from hubbub.core.presses import LongWords
from hubbub.core.work import Outgoing
from hubbub.platforms.telegram.calls import (
    Attached,
    Card,
    Fetch,
    Pictures,
    Spot,
    Step,
    Words,
    content,
    keyboard,
    steps,
    whereto,
)
from hubbub.platforms.telegram.faults import fault

log = logging.getLogger(__name__)

_UNREADABLE = "can't parse entities"
_UNFETCHED = ("failed to get http url content", "wrong file identifier/http url", "wrong type of the web page content")
_CAPTION = "there is no text in the message to edit"
_UNCHANGED = "message is not modified"
HTML = "HTML"


class Courier:
    """Sends what `calls.steps` says. A group that became a supergroup is found at its new number."""

    def __init__(self, bot: telegram.Bot, fetch: Fetch, facts: Facts, words: LongWords) -> None:
        """``fetch`` gives the content of files, ``facts`` keeps new numbers of groups, ``words`` what buttons say."""
        self._bot = bot
        self._fetch = fetch
        self._facts = facts
        self._words = words
        self._moved: dict[int, int] = {}

    async def send(self, out: Outgoing) -> str:
        """Send a message; the id of its text, or of its last part. Raises DeliveryError."""
        place = whereto(out)
        place["chat_id"] = await self.now(place["chat_id"])
        sent, todo, buttons = "", steps(out.message), await self._buttons(out.message)
        for at, step in enumerate(todo, 1):
            if buttons is not None and at == len(todo):
                place["reply_markup"] = buttons
            try:
                sent = await self._step(step, place)
            except DeliveryError as error:
                if sent:  # a part is there already: the whole must not be sent again
                    raise DeliveryError(str(error), certain=False) from error
                raise
            place.pop("reply_parameters", None)
        return sent

    async def _buttons(self, message: Message) -> telegram.InlineKeyboardMarkup | None:
        found = keyboard(message)
        if found is not None:
            try:
                await self._words.keep(message)
            except StoreError as error:
                text = "the words of the buttons could not be kept"
                raise DeliveryError(text, certain=True) from error
        return found

    async def edit(self, chat: int, message_id: int, message: Message) -> None:
        """Give a message another text, and other buttons; its files stay. Raises DeliveryError."""
        words = next((step for step in steps(message) if isinstance(step, Words)), None)
        if words is None:
            text = "there are no words to put in the place of the old ones"
            raise DeliveryError(text, certain=True, permanent=True)
        place: dict[str, Any] = {"chat_id": await self.now(chat), "message_id": message_id}
        place["reply_markup"] = await self._buttons(message)
        try:
            try:
                await self._bot.edit_message_text(words.html, parse_mode=HTML, **place)
            except BadRequest as error:
                if _says(error, _CAPTION):
                    await self._bot.edit_message_caption(caption=words.html, parse_mode=HTML, **place)
                    return
                if not _says(error, _UNREADABLE):
                    raise
                await self._bot.edit_message_text(words.plain, **place)
        except TelegramError as error:
            if not _says(error, _UNCHANGED):
                raise fault(error) from error

    async def now(self, chat: int) -> int:
        """The number that a chat has now."""
        if chat > 0:
            return chat
        if chat not in self._moved:
            found = await self._facts.get(f"telegram/moved/{chat}")
            self._moved[chat] = int(found) if found else chat
        return self._moved[chat]

    async def _step(self, step: Step, place: dict[str, Any]) -> str:
        try:
            try:
                return await self._do(step, place)
            except ChatMigrated as moved:
                old, place["chat_id"] = place["chat_id"], moved.new_chat_id
                self._moved[old] = moved.new_chat_id
                await self._facts.put(f"telegram/moved/{old}", str(moved.new_chat_id))
                return await self._do(step, place)
        except TelegramError as error:
            raise fault(error) from error

    async def _do(self, step: Step, place: dict[str, Any]) -> str:
        match step:
            case Words():
                return await self._text(step, place)
            case Attached():
                return await self._attached(step, place)
            case Pictures():
                return await self._album(step, place)
            case Spot(where):
                position: dict[str, Any] = {"latitude": where.latitude, "longitude": where.longitude}
                if where.title or where.address:
                    named: dict[str, Any] = {
                        "title": where.title or where.address,
                        "address": where.address or where.title,
                    }
                    return str((await self._bot.send_venue(**position, **named, **place)).message_id)
                return str((await self._bot.send_location(**position, **place)).message_id)
            case Card(phone, name, vcard):
                card: dict[str, Any] = {"phone_number": phone, "first_name": name, "vcard": vcard or None}
                return str((await self._bot.send_contact(**card, **place)).message_id)

    async def _text(self, words: Words, place: dict[str, Any]) -> str:
        try:
            sent = await self._bot.send_message(text=words.html, parse_mode=HTML, **place)
        except BadRequest as error:
            if not _says(error, _UNREADABLE):
                raise
            log.warning("Telegram could not read a text's markup, it is sent plain: %s", error)
            sent = await self._bot.send_message(text=words.plain, **place)
        return str(sent.message_id)

    async def _attached(self, step: Attached, place: dict[str, Any]) -> str:
        send = getattr(self._bot, f"send_{step.kind}")
        caption: dict[str, Any] = {}
        if step.caption.plain.strip() and step.kind != "sticker":
            caption = {"caption": step.caption.html, "parse_mode": HTML}
        file: dict[str, Any] = {step.kind: await content(step.media, self._fetch)}
        try:
            sent = await send(**file, **caption, **place)
        except BadRequest as error:
            if step.kind == "sticker" and step.instead.plain:  # of another bot, or gone
                return await self._text(step.instead, place)
            if _says(error, _UNREADABLE):
                caption = {"caption": step.caption.plain}
            elif _says(error, *_UNFETCHED) and step.media.url:
                file = {step.kind: await content(step.media, self._fetch, upload=True)}
            else:
                raise
            sent = await send(**file, **caption, **place)
        return str(sent.message_id)

    async def _album(self, step: Pictures, place: dict[str, Any]) -> str:
        files = [await content(media, self._fetch) for media in step.media]
        caption: dict[str, Any] = {"caption": step.caption.html, "parse_mode": HTML} if step.caption.plain else {}
        pictures = [
            telegram.InputMediaPhoto(_bytes(file), **(caption if not at else {})) for at, file in enumerate(files)
        ]
        sent = await self._bot.send_media_group(media=pictures, **place)
        return str(sent[0].message_id)


def _bytes(file: str | telegram.InputFile) -> Any:
    """A file of an album, which the library takes as an address or as bytes."""
    return file.input_file_content if isinstance(file, telegram.InputFile) else file


def _says(error: TelegramError, *words: str) -> bool:
    return any(each in error.message.lower() for each in words)
