"""Who runs a chat, and silencing members of it ("restrictChatMember", "getChatAdministrators")."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence

import telegram
from telegram.error import BadRequest, Forbidden, TelegramError

from hubbub.core.acts import Decision
from hubbub.core.errors import UserError
from hubbub.core.identities import Author
from hubbub.core.phrases import Phrase
from hubbub.platforms.telegram.faults import fault

log = logging.getLogger(__name__)

_SHORTEST = 35
"""Telegram takes what is shorter than 30 s for ever; such a silence is lifted by the hub, and by this at the latest."""
_KEPT_SECONDS = 60.0
_KEPT = 500
_SILENT = telegram.ChatPermissions.no_permissions()
_FREE = telegram.ChatPermissions.all_permissions()
_ADMIN = ("user is an administrator", "can't remove chat owner", "can't restrict self")
_NO_GROUP = ("supergroup", "there are no administrators in the private chat", "chats only")


class Members:
    """The members of one bot's chats."""

    def __init__(self, bot: telegram.Bot) -> None:
        """Nothing is asked yet."""
        self._bot = bot
        self._admins: OrderedDict[int, tuple[float, tuple[Author, ...]]] = OrderedDict()
        self._lifting: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Lift nothing any more: Telegram does, a little later."""
        for task in self._lifting:
            task.cancel()
        if self._lifting:
            await asyncio.wait(self._lifting)

    async def admins(self, chat: int) -> Sequence[Author]:
        """Owner and admins of a chat; known for a minute. Raises DeliveryError, UserError."""
        kept = self._admins.get(chat)
        if kept is not None and time.monotonic() - kept[0] < _KEPT_SECONDS:
            return kept[1]
        try:
            found = await self._bot.get_chat_administrators(chat)
        except TelegramError as error:
            raise _refused(error) from error
        people = tuple(
            Author(
                str(each.user.id),
                each.user.full_name,
                "owner" if isinstance(each, telegram.ChatMemberOwner) else "admin",
                each.user.is_bot,
            )
            for each in found
        )
        self._admins[chat] = (time.monotonic(), people)
        self._admins.move_to_end(chat)
        if len(self._admins) > _KEPT:
            self._admins.popitem(last=False)
        return people

    async def decide(self, chat: int, user: int, decision: Decision) -> None:
        """See `ports.CanDecide.decide`."""
        try:
            if decision.approve:
                await self._bot.approve_chat_join_request(chat, user)
            else:
                await self._bot.decline_chat_join_request(chat, user)
        except TelegramError as error:
            raise fault(error) from error

    async def mute(self, chat: int, user: int, seconds: int) -> None:
        """See `ports.CanMute.mute`."""
        try:
            if seconds <= 0:
                await self._bot.restrict_chat_member(chat, user, _FREE)
                return
            until = int(time.time()) + max(seconds, _SHORTEST)
            await self._bot.restrict_chat_member(chat, user, _SILENT, until_date=until)
        except TelegramError as error:
            raise _refused(error) from error
        if seconds < _SHORTEST:
            task = asyncio.get_running_loop().create_task(self._lift(chat, user, seconds))
            self._lifting.add(task)
            task.add_done_callback(self._lifting.discard)

    async def _lift(self, chat: int, user: int, seconds: int) -> None:
        await asyncio.sleep(seconds)
        try:
            await self._bot.restrict_chat_member(chat, user, _FREE)
        except TelegramError as error:
            log.info("Telegram lifts the silence of %d in %d itself: %s", user, chat, error)


def _refused(error: TelegramError) -> Exception:
    """What a refusal means for whoever asked."""
    text = error.message.lower()
    if isinstance(error, (BadRequest, Forbidden)):
        if any(each in text for each in _ADMIN):
            return UserError(Phrase("act.mute.admin"))
        if "not enough rights" in text or "need administrator rights" in text or "administrator rights in" in text:
            return UserError(Phrase("act.mute.no_right"))
        if any(each in text for each in _NO_GROUP):
            return UserError(Phrase("act.mute.only_groups"))
    return fault(error)
