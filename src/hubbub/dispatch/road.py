"""What is done with one accepted event: a command, an answer of a model, or nothing; as one unit for the store."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from hubbub.bridge.translate import fit
from hubbub.bridge.triggers import RoomRules, switched
from hubbub.chat.answer import SESSION_END
from hubbub.chat.stop import StopSignal
from hubbub.commands.command import Call, CommandContext, plainly
from hubbub.conversations.acquaintances import Acquaintances
from hubbub.conversations.completions import OPTION
from hubbub.conversations.people.joining import LATE, late
from hubbub.conversations.threads import placed
from hubbub.core.errors import StoreError, Unstorable
from hubbub.core.events import Event, Fired, Received, event_key
from hubbub.core.identities import Role
from hubbub.core.messages import Message, Text, text_of
from hubbub.core.phrases import Phrase, Sentence
from hubbub.core.ports import Answer, CanType, MenuItem, Streamed
from hubbub.core.work import Committed, Entry, Outgoing, Spend, State, Unit
from hubbub.dispatch import meanwhile
from hubbub.dispatch.admission import heard, hindrance, turned_away
from hubbub.dispatch.answering import Answering
from hubbub.dispatch.asking import AskingForOne
from hubbub.dispatch.delivery import Sender
from hubbub.dispatch.drafts import Drafts
from hubbub.dispatch.drawing import Place
from hubbub.dispatch.long_texts import unmarked
from hubbub.dispatch.manners import mentioning, overheard
from hubbub.dispatch.ways import Ways
from hubbub.words import choose, guess, say

log = logging.getLogger(__name__)

_NOTHING = Answer()
_END = Streamed(end=True)


class Road:
    """Handles entries for the `Dispatcher`."""

    def __init__(self, ways: Ways, sender: Sender) -> None:
        """``sender`` takes what is stored."""
        self._ways = ways
        self._sender = sender
        self._acquaintances = Acquaintances()
        self._typists: dict[str, CanType | None] = {}
        self.drafts = Drafts(sender)

    def use(self, ways: Ways) -> None:
        """Lead elsewhere from now on; what is under way goes on as it began."""
        self._ways = ways

    def menu(self, language: str) -> Sequence[MenuItem]:
        """See `ports.Host.menu`."""
        return self._ways.commands.menu(language)

    def lane_of(self, event: Event) -> str:
        """The owner's, so that one owner's messages are answered in order; urgent commands have one beside it."""
        if type(event) is not Received:
            room = event.room
            return self._ways.triggers.owner_in(room, event.author.id)
        owner = self._ways.triggers.owner(event)
        words = text_of(event.message).strip()
        # Urgent commands stand alone; most messages need not be looked through twice.
        if " " in words or OPTION in event.options:
            return owner
        call = self._ways.commands.find(event, words)
        return f"{owner}\n!" if call is not None and call.command.urgent else owner

    def is_command(self, event: Received) -> bool:
        """A message gives a command."""
        plain = OPTION in event.options
        return not plain and self._ways.commands.find(event, text_of(event.message).strip()) is not None

    async def handle(self, entry: Entry, stop: StopSignal) -> Unit:
        """See `Handler.handle`. Whatever goes wrong in it is told to the person and logged with an error id."""
        if type(entry.event) is not Received:
            return await self._unspoken(entry)
        if (event := placed(entry.event)) is not entry.event:
            entry = replace(entry, event=event)
        try:
            answer = await self._answered(entry, event, stop)
            if answer is _NOTHING and self.drafts.row(entry) is None:
                return Unit((entry.id,))
            return Unit((entry.id,), self._sends(entry, answer), answer.writes)
        except Unstorable as error:
            return self.refused(entry, error)
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - one message's fault: told, logged, and the next goes on
            return self.refused(entry, error)

    async def _answered(self, entry: Entry, event: Received, stop: StopSignal) -> Answer:
        """As `_answer`, and voice messages with the words that are said in them."""
        hearing = self._ways.hearing
        if hearing is None or not hearing.concerns(event) or self._ways.means.gate.role(event) < Role.USER:
            return await self._answer(entry, event, stop)
        event = await hearing.heard(event)
        return await hearing.aloud(event, await self._answer(replace(entry, event=event), event, stop))

    async def _unspoken(self, entry: Entry) -> Unit:
        """What a silence that lasted, or anything else that is no message, causes."""
        event = entry.event
        if type(event) is Fired and event.kind == LATE:
            means = self._ways.means
            return Unit((entry.id,), writes=await late(means.conversations, means.people, event))
        if type(event) is not Fired or event.kind != SESSION_END:
            happenings = self._ways.happenings
            return Unit((entry.id,)) if happenings is None else await happenings.unit(entry)
        owner = self._ways.triggers.owner_in(event.room, event.author.id)
        return Unit((entry.id,), writes=await self._ways.chat.ended(owner, event))

    async def _answer(self, entry: Entry, event: Received, stop: StopSignal) -> Answer:
        ways = self._ways
        gate = ways.means.gate
        role = gate.role(event)
        if role is Role.BLOCKED:
            return turned_away(ways, event)
        switch = "" if event.room.direct else gate.switch(event.room)
        rules = ways.triggers.rules(event.room)
        if switch:
            rules = switched(rules, switch)
        for_bot, text, call = heard(ways, event, rules, switch)
        if call is None and not for_bot:
            said = "" if switch == "off" else overheard(ways.means.board, event)
            return plainly(said) if said else _NOTHING
        if call is not None and switch == "off" and not call.command.even_off:
            return _NOTHING
        owner = ways.triggers.owner(event)
        no = await hindrance(ways, event, (owner, role), call)
        if no is not None:
            return await self._tell(no, owner, event) if no else _NOTHING
        entry, event = await self._whole(entry, event, call)
        if call is not None:
            answer = await ways.commands.run(call, self._context(entry, event, (owner, role), stop))
        else:
            answer = await self._asked(entry, event, (owner, text), stop)
        if answer.wish is not None and ways.drawing is not None:
            answer = await self._shown(answer, owner, entry, rules)
        answer = await unmarked(answer, ways.platforms.get(event.room.platform), event.room)
        return self._noted(answer, owner, event)

    async def _whole(self, entry: Entry, event: Received, call: Call | None) -> tuple[Entry, Received]:
        """A question with what it quotes and forwards, where the platform told only of what message it is."""
        unfolding = self._ways.unfolding
        if unfolding is None or not unfolding.concerns(event) or not (call is None or call.command.family):
            return entry, event
        event = await unfolding.unfolded(event)
        return replace(entry, event=event), event

    async def _asked(self, entry: Entry, event: Received, who: tuple[str, str], stop: StopSignal) -> Answer:
        """What a model answers to the owner's words."""
        ways, (owner, text) = self._ways, who
        if ways.seeing is not None and ways.seeing.concerns(event):
            entry = replace(entry, event=await ways.seeing.seen(event, owner))
        async with self._answering(entry, event) as pieces:
            return await ways.chat.answer(entry, owner, text, pieces, stop)

    async def _shown(self, answer: Answer, owner: str, entry: Entry, rules: RoomRules) -> Answer:
        """A model's answer, as pictures where that is wanted."""
        drawing, wish, room = self._ways.drawing, answer.wish, entry.event.room
        if drawing is None or wish is None or not drawing.wanted(wish, rules.render, answer.message):
            return answer
        platform = self._ways.platforms.get(room.platform)
        capabilities = platform.capabilities(room) if platform is not None else None
        if capabilities is None or not capabilities.images:
            return answer
        place = Place(owner, capabilities, lambda rest: self._ways.means.sends(room, rest, entry.id))
        return await drawing.drawn(answer, wish, place)

    def _noted(self, answer: Answer, owner: str, event: Received) -> Answer:
        """An answer with the note that its owner wrote, so that whoever only gives commands is known, too."""
        meter = self._ways.means.meter
        if not self._acquaintances.meet(owner, meter.clock()):
            return answer
        room = event.room.key if event.room.direct and not event.owner else ""
        return replace(answer, writes=(*answer.writes, Spend(owner, meter.today(owner), room=room)))

    async def _tell(self, phrase: Sentence, owner: str, event: Received) -> Answer:
        """A sentence in the person's language."""
        return Answer((Text(say(phrase, await self._ways.chat.language(owner, event)), verbatim=True),))

    def _context(self, entry: Entry, event: Received, who: tuple[str, Role], stop: StopSignal) -> CommandContext:
        ways = self._ways
        owner, role = who
        asked = (ways.chat, ways.means.models, self._answering, self._ahead)
        return CommandContext(entry, event, owner, role, ways.means, AskingForOne(asked, entry, event, owner, stop))

    async def _ahead(self, entry: Entry, message: Message) -> None:
        """Something is said before the answer is there."""
        platform = self._ways.platforms.get(entry.event.room.platform)
        await meanwhile.tell(platform, self._sender, self.drafts.commit, entry, message)

    def _answering(self, entry: Entry, event: Received) -> Answering:
        """What surrounds an answer of a model."""
        key, streams = event_key(event), self._ways.streams
        pieces = partial(streams.publish, key) if streams.listened(key) else None
        draft = self.drafts.begin(self._ways, entry, event)
        return Answering(event, self._ways.models_known, self._typist(event.room.platform), pieces, draft)

    def _typist(self, name: str) -> CanType | None:
        """The platform if it can show that; asked once a platform, for the question is slow."""
        if name not in self._typists:
            here = self._ways.connected is None or name in self._ways.connected
            platform: object = self._ways.platforms.get(name) if here else None
            self._typists[name] = platform if isinstance(platform, CanType) else None
        return self._typists[name]

    # --- from an answer to what is stored ------------------------------------------------------------------------

    def _sends(self, entry: Entry, answer: Answer) -> tuple[Outgoing, ...]:
        event, draft = entry.event, self.drafts.row(entry)
        if not answer.message and draft is None:
            return answer.sends
        platform = self._ways.platforms.get(event.room.platform)
        if platform is None:
            log.warning("entry %d gets no answer: platform %s is not enabled any more", entry.id, event.room.platform)
            return answer.sends
        capabilities = platform.capabilities(event.room)
        reply_to = event.message_id if answer.quote and type(event) is Received and capabilities.quotes else ""
        delivery = capabilities.promise
        sends = []
        said = answer.message
        if self._ways.mention_askers:
            said = mentioning(said, event, capabilities, quoting=bool(reply_to))
        for message in fit(said, capabilities, self._ways.means.public_url):
            state = State.QUEUED if draft else self._sender.first_state(event.room, delivery, entry.id)
            sends.append(Outgoing(event.room, message, reply_to, delivery, state, entry.id))
            reply_to = ""
        return (*(sends if draft is None else self.drafts.ends(entry, sends, platform)), *answer.sends)

    def refused(self, entry: Entry, error: Exception) -> Unit:
        """See `Handler.refused`."""
        self._sender.unreserve(entry.event.room, entry.id)
        return Unit((entry.id,), self._sends(entry, self._apology(entry, error)))

    async def resumed(self, entry: Entry) -> None:
        """See `Handler.resumed`."""
        await self.drafts.resume(self._ways, entry)

    def recalled(self, entry: Entry) -> Unit:
        """See `Handler.recalled`."""
        return Unit((entry.id,), self._sends(entry, _NOTHING))

    def _apology(self, entry: Entry, error: Exception) -> Answer:
        number = secrets.token_hex(4)
        log.error("error %s: entry %d could not be handled", number, entry.id, exc_info=error)
        event = entry.event
        said = (event.locale, guess(text_of(event.message))) if type(event) is Received else ()
        room = self._ways.means.gate.language(event.room)
        phrase = Phrase("error.internal", {"id": number})
        sentence = self._ways.chat.own(phrase, event) or say(phrase, choose(room, *said, self._ways.language))
        return Answer((Text(sentence, verbatim=True),))

    def stored(self, entry: Entry, committed: Committed | None) -> None:
        """See `Handler.stored`."""
        if committed is not None:
            elsewhere = committed.elsewhere
            self._sender.push([row for row in committed.rows if row.id not in elsewhere])
        self._sender.unreserve(entry.event.room, entry.id)  # whatever was stored need not be what it was reserved for
        self.drafts.stored(entry)
        self._ways.streams.publish(event_key(entry.event), _END)
