"""Sending through one bot."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import telegram
from telegram.constants import ParseMode
from telegram.error import BadRequest, ChatMigrated, TelegramError

from hubbub.core.errors import DeliveryError, StoreError
from hubbub.core.messages import Message
from hubbub.core.ports import Facts
from hubbub.core.presses import LongWords
from hubbub.core.work import Outgoing
from hubbub.platforms.telegram.calls import (
    Album,
    Attached,
    Card,
    Fetch,
    Kind,
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

# Telegram counts what is left of the markup, which may be more than what was written.
_UNREADABLE = ("can't parse entities", "message is too long", "caption is too long", "media_caption_too_long")
_UNFETCHED = ("failed to get http url content", "wrong file identifier/http url", "wrong type of the web page content")
_CAPTION = "there is no text in the message to edit"
_UNCHANGED = "message is not modified"
_OTHERWISE: Mapping[Kind, tuple[Kind, tuple[str, ...]]] = {
    "photo": ("document", ("photo_invalid", "photo_save", "photo_ext", "image_process_failed", "too big for a photo")),
    "voice": ("audio", ("voice_messages_forbidden",)),
}
"""As what a file goes that Telegram, or whoever it is for, does not take as what it is, and how that is told."""
_ITEMS: Mapping[str, Callable[..., Any]] = {
    "photo": telegram.InputMediaPhoto,
    "video": telegram.InputMediaVideo,
    "document": telegram.InputMediaDocument,
    "audio": telegram.InputMediaAudio,
}


@dataclass(frozen=True, slots=True)
class _Manner:
    """How files are sent: as they are, or, where that was refused, with plain words, or uploaded from here."""

    plain: bool = False
    upload: bool = False

    def written(self, words: Words) -> dict[str, Any]:
        """Words as the arguments of a caption; none where there are no words."""
        if not words.plain.strip():
            return {}
        return {"caption": words.plain} if self.plain else {"caption": words.html, "parse_mode": ParseMode.HTML}


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
            with _nothing_sent("the words of the buttons cannot be kept"):
                await self._words.keep(message)
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
            await self._rewrite(words, place)
        except TelegramError as error:
            if not _says(error, _UNCHANGED):
                raise fault(error) from error

    async def _rewrite(self, words: Words, place: dict[str, Any]) -> None:
        """Change a text, or, of a message that is a file, what stands below it."""
        below, manner = False, _Manner()
        while True:
            written = manner.written(words)
            try:
                if below:
                    await self._bot.edit_message_caption(**written, **place)
                else:
                    await self._bot.edit_message_text(written.pop("caption"), **written, **place)
            except BadRequest as error:
                if not below and _says(error, _CAPTION):
                    below = True
                elif not manner.plain and _says(error, *_UNREADABLE):
                    manner = _Manner(plain=True)
                else:
                    raise
            else:
                return

    async def now(self, chat: int) -> int:
        """The number that a chat has now. Raises DeliveryError."""
        if chat > 0:
            return chat
        if chat not in self._moved:
            with _nothing_sent("where the group moved to cannot be read"):
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
                with _nothing_sent("where the group moved to cannot be kept"):
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
            case Album():
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
            sent = await self._bot.send_message(text=words.html, parse_mode=ParseMode.HTML, **place)
        except BadRequest as error:
            if not _says(error, *_UNREADABLE):
                raise
            log.warning("Telegram could not read a text's markup, it is sent plain: %s", error)
            sent = await self._bot.send_message(text=words.plain, **place)
        return str(sent.message_id)

    async def _attached(self, file: Attached, place: dict[str, Any]) -> str:
        manner = _Manner()
        while True:
            sent = {file.kind: await content(file.media, self._fetch, upload=manner.upload)}
            caption = manner.written(file.caption) if file.kind != "sticker" else {}
            try:
                message = await getattr(self._bot, f"send_{file.kind}")(**sent, **caption, **place)
            except BadRequest as error:
                if file.kind == "sticker" and file.instead.plain:  # of another bot, or gone
                    return await self._text(file.instead, place)
                manner, (file,) = _otherwise(error, manner, (file,))
            else:
                return str(message.message_id)

    async def _album(self, album: Album, place: dict[str, Any]) -> str:
        manner, files = _Manner(), album.files
        while True:
            items = [
                _ITEMS[file.kind](
                    _bytes(await content(file.media, self._fetch, upload=manner.upload)), **manner.written(file.caption)
                )
                for file in files
            ]
            try:
                sent = await self._bot.send_media_group(media=items, **place)
            except BadRequest as error:
                manner, files = _otherwise(error, manner, files)
            else:
                return str(sent[0].message_id)


def _otherwise(error: BadRequest, manner: _Manner, files: tuple[Attached, ...]) -> tuple[_Manner, tuple[Attached, ...]]:
    """What to try when files were refused: something that was not tried before. Raises the error if nothing is left."""
    if not manner.plain and _says(error, *_UNREADABLE):
        return replace(manner, plain=True), files
    if not manner.upload and _says(error, *_UNFETCHED) and any(file.media.url for file in files):
        return replace(manner, upload=True), files
    kind, refusals = _OTHERWISE.get(files[0].kind, (files[0].kind, ()))
    if _says(error, *refusals) and all(file.kind == files[0].kind for file in files):
        return manner, tuple(replace(file, kind=kind) for file in files)
    raise error


def _bytes(file: str | telegram.InputFile) -> Any:
    """A file of an album, which the library takes as an address or as bytes."""
    return file.input_file_content if isinstance(file, telegram.InputFile) else file


def _says(error: TelegramError, *words: str) -> bool:
    return any(each in error.message.lower() for each in words)


@contextmanager
def _nothing_sent(trouble: str) -> Iterator[None]:
    """What fails of the store here fails before anything is sent."""
    try:
        yield
    except StoreError as error:
        raise DeliveryError(trouble, certain=True) from error
