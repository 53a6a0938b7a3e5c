"""Which messages are meant for the bot. Pure.

In a private chat all are, unless the settings say otherwise for private chats. In a group the rules of the room decide:
a mention of the bot, a reply to it, a word at the beginning that stands for it, a thread that it takes part in, or
every message.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubbub.core.events import PRESSED, TAKES_PART
from hubbub.core.identities import owner_of
from hubbub.core.messages import Mention, Quote, Text
from hubbub.core.switches import KEYWORD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.conversations.people.directory import Directory
    from hubbub.core.addresses import Room
    from hubbub.core.events import Received
    from hubbub.core.messages import Message, Segment

_MOST_ROOMS = 10_000
_BEHIND_A_WORD = re.compile(r"[\s,:，：、]*")


@dataclass(frozen=True, slots=True)
class RoomRules:
    """When the bot answers in a room that is no private chat, or also there (``private``).

    ``mention``: it is mentioned, or the platform itself says that it is meant. ``reply``: somebody replies to it.
    ``prefix``: commands are taken without either, by their sign. ``words``: beginnings of messages that call it.
    ``thread``: it was said in a thread that the bot takes part in. ``always``: every message is for it. ``shared``:
    the whole room is one owner instead of each member apart. ``render``: whether replies become pictures ("never",
    "always", "auto"; "": as the hub does). ``stream``: whether answers are shown while they are written ("auto",
    "on", "off"; "": as the hub does).
    """

    mention: bool = True
    reply: bool = True
    prefix: bool = True
    thread: bool = False
    always: bool = False
    words: tuple[str, ...] = ()
    shared: bool = False
    render: str = ""
    stream: str = ""
    private: bool = False


DEFAULT = RoomRules()


class Triggers:
    """The rules of every room."""

    people: Directory | None = None
    """Who is one person on several platforms; None: nobody."""

    def __init__(self, rules: Sequence[tuple[str, RoomRules]] = (), default: RoomRules = DEFAULT) -> None:
        """``rules`` by patterns of room keys ("*" stands for anything); the first that fits counts.

        One that fits a room fits its threads too.
        """
        self._patterns = [(_pattern(key), each) for key, each in rules]
        self._default = default
        self._found: dict[Room, RoomRules] = {}

    def rules(self, room: Room) -> RoomRules:
        """The rules of a room."""
        if not self._patterns:
            return self._default
        found = self._found.get(room)
        if found is None:
            if len(self._found) >= _MOST_ROOMS:
                self._found.clear()
            keys = {room.key, replace(room, thread="").key}
            fitting = (each for pattern, each in self._patterns if any(map(pattern.fullmatch, keys)))
            found = self._found[room] = next(fitting, self._default)
        return found

    def heard(self, event: Received) -> tuple[bool, str]:
        """See `is_for_bot`."""
        return is_for_bot(event, self.rules(event.room))

    def owner(self, event: Received) -> str:
        """Whose contexts, prompts and settings the message is about."""
        if event.owner:
            return event.owner if self.people is None else self.people.owner(event.owner)
        return self.owner_in(event.room, event.author.id)

    def owner_in(self, room: Room, author_id: str) -> str:
        """Whose contexts, prompts and settings count for somebody in a room."""
        shared = not room.direct and self.rules(room).shared
        if self.people is None:
            return owner_of(room, author_id, shared=shared)
        return self.people.in_room(room, author_id, shared=shared)


def switched(rules: RoomRules, switch: str) -> RoomRules:
    """The rules of a room that people switched: see `hubbub.commands.rooms`; "on" is as it was."""
    match switch:
        case "mention":
            return replace(rules, mention=True, reply=True, thread=False, always=False)
        case "reply":
            return replace(rules, mention=False, reply=True, thread=False, always=False)
        case "thread":
            return replace(rules, mention=True, reply=True, thread=True, always=False)
        case "always":
            return replace(rules, always=True)
        case "prefix":
            return replace(rules, mention=False, reply=False, prefix=True, thread=False, always=False)
        case "off":
            return RoomRules(mention=False, reply=False, prefix=False, shared=rules.shared)
        case _ if switch.startswith(KEYWORD):
            word = switch.removeprefix(KEYWORD)
            return replace(rules, mention=True, reply=True, always=False, words=(word, *rules.words))
        case _:
            return rules


def is_for_bot(event: Received, rules: RoomRules) -> tuple[bool, str]:
    """Whether a message is meant for the bot, and its words without what says so.

    Mentions of others stay in the words as ``@name``. A message of a lone text comes back as it was typed.
    """
    message = event.message
    if len(message) == 1 and type(message[0]) is Text:
        text, mentioned = message[0].text, False
    else:
        text, mentioned = _words(message, event.room.account)
    if rules.always or (event.room.direct and not rules.private):
        return True, _called(text, rules.words) or text
    if event.options:
        if event.options.get(PRESSED) is True:
            return rules.mention or rules.reply or rules.prefix, text
        if rules.thread and event.options.get(TAKES_PART) is True:
            return True, text
    if event.addressed and (rules.reply if _replies(message) and not mentioned else rules.mention):
        return True, text
    if mentioned and rules.mention:
        return True, text
    called = _called(text, rules.words)
    return called is not None, text if called is None else called


def _pattern(key: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, key.split("*"))), re.DOTALL)


def _replies(message: Message) -> bool:
    return any(type(segment) is Quote for segment in message)


def _words(message: Sequence[Segment], account: str) -> tuple[str, bool]:
    """The words of a message with mentions of others, and whether the bot is mentioned."""
    parts: list[str] = []
    mentioned = False
    for segment in message:
        if type(segment) is Text:
            parts.append(segment.text)
        elif type(segment) is Mention:
            if segment.user == account and not segment.everyone:
                mentioned = True
            else:
                parts.append(f"@{segment.name or segment.user or 'all'} ")
    text = "".join(parts)
    return (text.strip() if mentioned else text), mentioned


def _called(text: str, words: Sequence[str]) -> str | None:
    """The text behind a word that calls the bot; None if it begins with none of them."""
    if not words:
        return None
    begin = text.lstrip()
    lowered = begin.lower()
    for word in words:
        if lowered.startswith(word.lower()):
            rest = begin[len(word) :]
            # "bot" does not call in "bottle"; Chinese words stand in no need of a space.
            if rest and word[-1].isascii() and word[-1].isalnum() and rest[0].isascii() and rest[0].isalnum():
                continue
            return rest[_BEHIND_A_WORD.match(rest).end() :]  # type: ignore[union-attr]  # it matches nothing, too
    return None
