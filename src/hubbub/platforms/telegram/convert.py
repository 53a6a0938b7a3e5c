"""Telegram's updates as the hub's events. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import telegram

from hubbub.core.addresses import Room, RoomKind
from hubbub.core.events import PRESSED, QUOTED, USERNAME, Edited, Event, Joined, Left, Reacted, Received, Requested
from hubbub.core.identities import Author, RoomRole
from hubbub.core.messages import Image, Message, Quote, Text
from hubbub.platforms.telegram.segments import Me, files, read

PLATFORM = "telegram"
# What the hub asks Telegram for; reactions come only where the bot is an admin.
UPDATES = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "callback_query",
    "message_reaction",
    "chat_join_request",
)
_KINDS: dict[str, RoomKind] = {"private": "private", "group": "group", "supergroup": "group", "channel": "channel"}


def events(update: telegram.Update, me: Me, *, edits: bool = False) -> Sequence[Event]:
    """The events of an update; none for one that the hub has no word for. Each has an id of its own.

    ``edits``: a message that is changed is a new one.
    """
    number = str(update.update_id)
    if (new := update.message or update.channel_post) is not None:
        return tuple(_message(new, number, me))
    if (changed := update.edited_message or update.edited_channel_post) is not None:
        return tuple(_message(changed, number, me)) if edits else (_edited(changed, number, me),)
    if update.callback_query is not None:
        return tuple(_pressed(update.callback_query, number, me))
    if update.message_reaction is not None:
        return tuple(_reactions(update.message_reaction, number, me))
    if update.chat_join_request is not None:
        return (_request(update.chat_join_request, number, me),)
    return ()


def album(update: telegram.Update) -> str:
    """Which album a message belongs to, by the room and Telegram's number of it; "" for none."""
    message = update.message or update.channel_post
    if message is None or message.media_group_id is None:
        return ""
    return f"{message.chat.id}/{message.media_group_id}"


def joined(parts: Sequence[Event]) -> Event:
    """The messages of an album as one, known by the first of them."""
    first = parts[0]
    if not isinstance(first, Received):
        return first
    others = [part.message for part in parts[1:] if isinstance(part, Received)]
    message: Message = tuple(segment for each in (first.message, *others) for segment in each)
    addressed = any(isinstance(part, Received) and part.addressed for part in parts)
    return replace(first, message=message, addressed=addressed)


def room_of(chat: telegram.Chat, me: Me, thread: int | None = None) -> Room:
    """The room of a chat, or of one topic of it."""
    return Room(PLATFORM, me.id, _KINDS.get(chat.type, "group"), str(chat.id), str(thread) if thread else "")


def _place(message: telegram.Message, me: Me) -> Room:
    # Replies in ordinary groups carry a thread number too, which no message can be sent to.
    return room_of(message.chat, me, message.message_thread_id if message.is_topic_message else None)


def _message(message: telegram.Message, number: str, me: Me) -> Iterator[Event]:
    room, author, time = _place(message, me), _author(message), message.date.timestamp()
    if message.new_chat_members:
        for place, user in enumerate(message.new_chat_members):
            yield Joined(f"{number}:{place}", room, _user(user), time, invited_by=author.id)
        return
    if message.left_chat_member is not None:
        gone = _user(message.left_chat_member)
        yield Left(number, room, gone, time, by=author.id if author.id != gone.id else "")
        return
    found = read(message, me)
    if not found.message:
        return
    yield Received(
        id=number,
        room=room,
        author=author,
        message=found.message,
        time=time,
        message_id=str(message.message_id),
        addressed=room.direct or found.calls or _answers(message, me),
        locale=(message.from_user.language_code or "") if message.from_user is not None else "",
        options=_beside(message),
    )


def _beside(message: telegram.Message) -> dict[str, object]:
    """What Telegram tells with a message: the name of who wrote it, and pictures that it answers."""
    found: dict[str, object] = {}
    if message.sender_chat is None and message.from_user is not None and message.from_user.username:
        found[USERNAME] = message.from_user.username
    answered = files(message.reply_to_message) if message.reply_to_message is not None else ()
    media = [each.media for each in answered if type(each) is Image]
    if media:
        found[QUOTED] = [{"file_id": each.file_id, "mime": each.mime} for each in media]
    return found


def _answers(message: telegram.Message, me: Me) -> bool:
    """It is a reply to a message of the bot."""
    to = message.reply_to_message
    return to is not None and to.from_user is not None and str(to.from_user.id) == me.id


def _edited(message: telegram.Message, number: str, me: Me) -> Edited:
    when = message.edit_date or message.date
    found = read(message, me).message
    return Edited(number, _place(message, me), _author(message), found, _stamp(when), str(message.message_id))


def _stamp(when: datetime) -> float:
    return when.timestamp()


def _pressed(query: telegram.CallbackQuery, number: str, me: Me) -> Iterator[Event]:
    """A button says what it carries, as if the person had typed it in answer to the button's message."""
    message = query.message
    if message is None or not query.data:
        return
    thread = message.message_thread_id if isinstance(message, telegram.Message) and message.is_topic_message else None
    yield Received(
        id=number,
        room=room_of(message.chat, me, thread),
        author=_user(query.from_user),
        message=(Quote(str(message.message_id), me.id), Text(query.data)),
        time=message.date.timestamp() if isinstance(message, telegram.Message) else 0.0,
        message_id=f"button/{query.id}",
        addressed=True,
        locale=query.from_user.language_code or "",
        options={PRESSED: True},
    )


def _request(asked: telegram.ChatJoinRequest, number: str, me: Me) -> Requested:
    """Somebody asks to join; what they say of themselves stands for a comment."""
    user = asked.from_user
    ticket, room = str(user.id), room_of(asked.chat, me)
    return Requested(number, room, _user(user), asked.date.timestamp(), "join", ticket, asked.bio or "")


def _reactions(change: telegram.MessageReactionUpdated, number: str, me: Me) -> Iterator[Event]:
    old, new = (_emoji(each) for each in (change.old_reaction, change.new_reaction))
    room = room_of(change.chat, me)
    author = _user(change.user) if change.user is not None else _chat(change.actor_chat or change.chat, change.chat)
    changes = [(emoji, True) for emoji in old if emoji not in new]
    changes += [(emoji, False) for emoji in new if emoji not in old]
    for place, (emoji, removed) in enumerate(changes):
        yield Reacted(
            f"{number}:{place}", room, author, change.date.timestamp(), str(change.message_id), emoji, removed
        )


def _emoji(reactions: Sequence[telegram.ReactionType]) -> list[str]:
    return [each.emoji for each in reactions if isinstance(each, telegram.ReactionTypeEmoji)]


def _author(message: telegram.Message) -> Author:
    if message.sender_chat is not None:
        return _chat(message.sender_chat, message.chat)
    if message.from_user is not None:
        return _user(message.from_user)
    return _chat(message.chat, message.chat)


def _user(user: telegram.User) -> Author:
    return Author(str(user.id), user.full_name, is_bot=user.is_bot)


def _chat(sender: telegram.Chat, chat: telegram.Chat) -> Author:
    """Who speaks in the name of a chat; in the group's own name only its admins can."""
    role: RoomRole = "admin" if sender.id == chat.id else "member"
    return Author(str(sender.id), sender.title or sender.username or "", role)
