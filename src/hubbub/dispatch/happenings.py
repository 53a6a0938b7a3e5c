"""What happens in rooms besides messages: somebody comes, goes, nudges the bot, takes words back, asks to be let in.

What it causes is stored with the entry that it is caused by, so it happens once, however often a platform tells of it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hubbub.commands.deeds import able, deed
from hubbub.commands.manners.requests import Asked
from hubbub.commands.manners.rules import OFF, ON, Occasion
from hubbub.core.acts import Decision, Poke
from hubbub.core.addresses import Room
from hubbub.core.errors import StoreError
from hubbub.core.events import Deleted, Joined, Left, Poked, Requested
from hubbub.core.identities import Role
from hubbub.core.messages import Button, Buttons, Do, Mention, Text, text_of
from hubbub.core.phrases import Phrase
from hubbub.core.work import Unit
from hubbub.dispatch.restraint import Restraint
from hubbub.words import choose, filled, guess, say

if TYPE_CHECKING:
    from hubbub.commands.manners.board import Board
    from hubbub.core.events import Event
    from hubbub.core.messages import Message, Segment
    from hubbub.core.work import Entry, Outgoing, Write
    from hubbub.dispatch.means import HubMeans

log = logging.getLogger(__name__)

# So many words of its own accord a minute has a room, and so many pokes back a person.
_WORDS_A_MINUTE, _POKES_A_MINUTE, _MINUTE = 20, 2, 60.0
_MOST_ADMINS = 20
_OWN: Mapping[Occasion, str] = {"welcome": "happening.welcome", "farewell": "happening.farewell"}
_LOOKED_BACK = 500
_MARK = "{at}"

_Effect = tuple[tuple["Outgoing", ...], tuple["Write", ...]]
_NOTHING: _Effect = ((), ())


@dataclass(frozen=True, slots=True)
class Happenings:
    """Made once; ``board.rules`` says what is done. ``language`` is the one of whoever shows none."""

    board: Board
    means: HubMeans
    language: str
    restraint: Restraint

    async def unit(self, entry: Entry) -> Unit:
        """All that an event causes. Raises StoreError."""
        try:
            sends, writes = await self._caused(entry, entry.event)
        except StoreError:
            raise
        except Exception:
            log.exception("what happened in %s causes nothing: entry %d", entry.event.room.key, entry.id)
            return Unit((entry.id,))  # nobody asked for anything, so nobody is told
        return Unit((entry.id,), sends, writes)

    async def _caused(self, entry: Entry, event: Event) -> _Effect:
        if not isinstance(event, Joined | Left | Poked | Deleted | Requested):
            return _NOTHING
        if isinstance(event, Requested):
            return await self._requested(entry, event)
        if self._unwanted(event):
            return _NOTHING
        if isinstance(event, Poked):
            return self._poked(entry, event)
        if isinstance(event, Deleted):
            return await self._deleted(entry, event)
        return self._moved(entry, event, "welcome" if isinstance(event, Joined) else "farewell")

    def _unwanted(self, event: Joined | Left | Poked | Deleted) -> bool:
        """The bot did it itself, is silent there, or does not know who did it."""
        room, gate = event.room, self.means.gate
        if event.author.id == room.account or gate.role_of(_person(event)) is Role.BLOCKED:
            return True
        return not room.direct and gate.switch(room) == "off"

    # --- coming and going ----------------------------------------------------------------------------------------

    def _moved(self, entry: Entry, event: Joined | Left, occasion: Occasion) -> _Effect:
        words = self.board.words(occasion, event.room)
        if words == OFF or event.room.direct or not self._may(f"words:{event.room.key}", _WORDS_A_MINUTE):
            return _NOTHING
        if words == ON:
            words = say(Phrase(_OWN[occasion]), self._language(event))
        name = event.author.name or event.author.id
        values = {"name": name, "user": event.author.id, "room": event.room.id, "at": _MARK}
        return self.means.sends(event.room, _addressed(filled(words, values), event, name), entry.id), ()

    # --- nudges --------------------------------------------------------------------------------------------------

    def _poked(self, entry: Entry, event: Poked) -> _Effect:
        rules, room = self.board.rules, event.room
        if rules.on_poke == "off" or event.target != room.account:
            return _NOTHING
        # Two bots that nudge each other back must come to an end.
        if not self._may(f"poke:{_person(event)}", _POKES_A_MINUTE):
            return _NOTHING
        if rules.on_poke == "poke" and able(self.means.platform(room), Poke):
            return (deed(room, (Do(Poke(event.author.id)),), entry.id),), ()
        chosen = rules.poke_words[entry.id % len(rules.poke_words)] if rules.poke_words else ""
        return self._said(entry, room, chosen or say(Phrase("happening.poked"), self._language(event))), ()

    # --- words taken back ----------------------------------------------------------------------------------------

    async def _deleted(self, entry: Entry, event: Deleted) -> _Effect:
        """What somebody took back themselves is told again, where the settings want that; what an admin removed not."""
        rules, room = self.board.rules, event.room
        if rules.on_recall == "off":
            return _NOTHING
        log.info("message %s of %s in %s was taken back", event.message_id, event.author.id, room.key)
        if rules.on_recall == "log" or event.by or room.direct:
            return _NOTHING
        if not self._may(f"words:{room.key}", _WORDS_A_MINUTE):
            return _NOTHING
        before = await self.means.said(room, entry.id, _LOOKED_BACK)
        found = next((each for each in before if each.message_id == event.message_id), None)
        if found is None or not text_of(found.message).strip():
            return _NOTHING
        name = found.author.name or found.author.id
        phrase = Phrase("happening.recalled", {"name": name, "text": text_of(found.message).strip()})
        return self._said(entry, room, say(phrase, self._language(event))), ()

    # --- requests ------------------------------------------------------------------------------------------------

    async def _requested(self, entry: Entry, event: Requested) -> _Effect:
        verdict = self._verdict(event)
        if verdict == "ignore":
            return _NOTHING
        if not able(self.means.platform(event.room), Decision):
            log.warning("nobody can decide on requests on %s: %s", event.room.platform, event.id)
            return _NOTHING
        if verdict == "ask":
            return await self._asked(entry, event)
        rules, approve = self.board.rules, verdict == "approve"
        words = rules.friend_remark if approve else rules.reject_reason
        decision = Decision(event.kind, event.ticket, event.author.id, approve, filled(words, _names(event)))
        return (deed(event.room, (Do(decision),), entry.id),), ()

    def _verdict(self, event: Requested) -> Literal["ignore", "approve", "reject", "ask"]:
        rules = self.board.rules
        policy = rules.policies.get(event.kind, "ignore")
        if self.means.gate.role_of(_person(event)) is Role.BLOCKED:
            return "ignore" if policy == "ignore" else "reject"
        said = (event.comment if event.answer is None else event.answer).casefold()
        return "approve" if any(word.casefold() in said for word in rules.approve_words) else policy

    async def _asked(self, entry: Entry, event: Requested) -> _Effect:
        """Every admin who can be written to is told, with a code by which one of them decides."""
        asked = Asked.of(event, self.means.clock())
        sends: list[Outgoing] = []
        for room in await self._admin_rooms(event.room):
            sends += self.means.sends(room, self._question(asked, room), entry.id)
        if not sends:
            log.warning("a request of %s waits, and no admin can be told: code %s", asked.user, asked.code)
        return tuple(sends), (self.board.ask(asked),)

    def _question(self, asked: Asked, room: Room) -> Message:
        language = choose(self.means.gate.language(room), self.language, guess(asked.comment), guess(asked.name))
        words = say(Phrase("happening.request", asked.values()), language)
        approve, reject = say(Phrase("happening.approve"), language), say(Phrase("happening.reject"), language)
        buttons = (Button(approve, f"/approve {asked.code}"), Button(reject, f"/reject {asked.code}"))
        return (Text(words, verbatim=True), Buttons((buttons,), told=True))

    async def _admin_rooms(self, here: Room) -> Sequence[Room]:
        """Where admins can be written to: in private by the account that was asked, else where they wrote last."""
        found: list[Room] = []
        for person in self.means.gate.admins[:_MOST_ADMINS]:
            platform, _, number = person.partition(":")
            if platform == here.platform:
                found.append(Room(platform, here.account, "private", number))
                continue
            owner = self.means.people.owner(f"{platform}:private:{number}")
            known = await self.means.usage.spent(owner, "", "9999")
            if known.room:
                found.append(Room.parse(known.room))
        return found

    # --- words ---------------------------------------------------------------------------------------------------

    def _said(self, entry: Entry, room: Room, words: str) -> tuple[Outgoing, ...]:
        return self.means.sends(room, (Text(words, verbatim=True),), entry.id)

    def _may(self, what: str, most: int) -> bool:
        return self.restraint.may(what, self.means.clock(), most, _MINUTE)

    def _language(self, event: Event) -> str:
        return choose(self.means.gate.language(event.room), self.language, guess(event.author.name))


def _addressed(words: str, event: Joined | Left, name: str) -> Message:
    """Words with mentions in place of their marks."""
    parts: list[Segment] = []
    for place, part in enumerate(words.split(_MARK)):
        if place:
            parts.append(Mention(event.author.id, name))
        if part:
            parts.append(Text(part, verbatim=True))
    return tuple(parts)


def _names(event: Requested) -> dict[str, object]:
    return {"name": event.author.name or event.author.id, "user": event.author.id}


def _person(event: Event) -> str:
    return f"{event.room.platform}:{event.author.id}"
