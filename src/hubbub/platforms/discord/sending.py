"""Sending through one bot, and changing what was sent ("Message")."""

from __future__ import annotations

import time
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote

from hubbub.core.addresses import Room
from hubbub.core.errors import DeliveryError, StoreError
from hubbub.core.messages import Blob, Message
from hubbub.core.ports import Files
from hubbub.core.presses import LongWords
from hubbub.core.work import Row
from hubbub.platforms.discord.attachments import lightened, loaded
from hubbub.platforms.discord.calls import Draft, answered, components, drafts, nonce
from hubbub.platforms.discord.convert import snowflake_time
from hubbub.platforms.discord.interactions import Asked, Interactions
from hubbub.platforms.discord.rest import Refused, Rest

_OLD_SECONDS = 120.0
"""A message may be older than this when the nonce of an earlier attempt at it counts no more."""
_LOOKED_BACK = 50
_TOO_LARGE = 40005
_SHUT = (10003, 50001, 50013)
"""Codes of a channel that the bot does not see, or may not write to."""


def channel_path(room: Room) -> str:
    """Where the channel of a room is in the API; a thread is a channel too."""
    return f"/channels/{quote(room.thread or room.id, safe='')}"


class Courier:
    """Sends, edits and takes back messages of the bot ``me``."""

    def __init__(self, me: str, rest: Rest, files: Files, words: LongWords, interactions: Interactions) -> None:
        """``words`` keeps what buttons cannot carry."""
        self._me = me
        self._rest = rest
        self._files = files
        self._words = words
        self._interactions = interactions
        self._since = time.time()

    async def send(self, row: Row) -> str:
        """Send a message; the id of its first part. Raises DeliveryError."""
        await self._keep(row.out.message)
        first = ""
        for place, draft in enumerate(drafts(row.out.message)):
            sent = await self._put_what_fits(row, place, draft)
            first = first or sent
        return first

    async def edit(self, room: Room, message_id: str, message: Message) -> None:
        """Give a message new words and buttons; its files stay. Raises DeliveryError."""
        await self._keep(message)
        draft = replace(drafts(message)[0], components=components(message))
        await self._change("PATCH", room, message_id, draft.edited())

    async def delete(self, room: Room, message_id: str) -> None:
        """Take a message back. Raises DeliveryError."""
        await self._change("DELETE", room, message_id)

    async def _change(self, method: str, room: Room, message_id: str, body: object = None) -> None:
        try:
            await self._rest.call(method, f"{channel_path(room)}/messages/{quote(message_id, safe='')}", body)
        except Refused as error:
            way = self._interactions.by_token(message_id) if error.code in _SHUT else ""
            if not way:
                raise
            await self._rest.call(method, way, body)

    async def _keep(self, message: Message) -> None:
        try:
            await self._words.keep(message)
        except StoreError as error:
            text = "the words of the buttons could not be kept"
            raise DeliveryError(text, certain=True) from error

    # --- one message of several ------------------------------------------------------------------------------

    async def _put_what_fits(self, row: Row, place: int, draft: Draft) -> str:
        """Send one with its files, or with words in place of those that are too large there; its id."""
        files = await loaded(draft, self._files)
        while True:
            try:
                return await self._put(row, place, draft, files)
            except Refused as error:
                if not files or not _too_large(error):
                    raise
                draft, files = lightened(draft, files)

    async def _put(self, row: Row, place: int, draft: Draft, files: tuple[Blob, ...]) -> str:
        """Send one; its id. The first answer to a slash command takes the place of what shows that the bot thinks."""
        asked = None if place else await self._interactions.answering(row)
        if asked is not None:
            asked.row = row.id
            try:
                found = await self._rest.call("PATCH", self._interactions.path(asked), draft.edited(), files)
            except Refused as error:
                if not error.permanent or _too_large(error):
                    raise
                asked.open = False
            else:
                return self._said(asked, found)
        return await self._sent_before(row, draft) or await self._posted(row, place, draft, files)

    async def _posted(self, row: Row, place: int, draft: Draft, files: tuple[Blob, ...]) -> str:
        reply_to = "" if place else answered(row.out.message, row.out.reply_to)
        body = draft.body(nonce(row.key, place), reply_to)
        try:
            found = await self._rest.call("POST", f"{channel_path(row.out.room)}/messages", body, files)
        except Refused as error:
            asked = self._interactions.of(row) if error.code in _SHUT else None
            if asked is None:
                raise
            return await self._followed_up(asked, draft, files)
        return _id(found)

    async def _followed_up(self, asked: Asked, draft: Draft, files: tuple[Blob, ...]) -> str:
        """One more answer to a slash command, in a channel that is shut to the bot otherwise."""
        try:
            found = await self._rest.call("POST", self._interactions.path_of_more(asked), draft.edited(), files)
        except DeliveryError as error:
            if error.certain:
                raise
            # Nothing makes a second one harmless, so it is left to the owner what becomes of it.
            raise DeliveryError(str(error), certain=False, permanent=True) from error
        return self._said(asked, found)

    def _said(self, asked: Asked, found: object) -> str:
        sent = _id(found)
        self._interactions.said(asked, sent)
        return sent

    async def _sent_before(self, row: Row, draft: Draft) -> str:
        """The id of an earlier attempt that got through, where its nonce may not tell.

        That is so for old messages, and for those of an earlier process, which may have answered a slash command.
        """
        if not row.created_at or row.created_at > max(self._since, time.time() - _OLD_SECONDS):
            return ""
        try:
            found = await self._rest.call("GET", f"{channel_path(row.out.room)}/messages?limit={_LOOKED_BACK}")
        except Refused as error:
            if error.code not in _SHUT:
                raise
            return ""
        for each in found if isinstance(found, list) else ():
            mine = str(each.get("author", {}).get("id")) == self._me and each.get("content") == draft.content
            if mine and snowflake_time(str(each["id"])) >= row.created_at - 1:
                return str(each["id"])
        return ""


def _id(found: object) -> str:
    return str(found.get("id", "")) if isinstance(found, dict) else ""


def _too_large(error: Refused) -> bool:
    return error.code == _TOO_LARGE or error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
