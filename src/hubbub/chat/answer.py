"""A question of a person becomes the answer of a model."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from hubbub.chat import details
from hubbub.chat.asking import Asking
from hubbub.chat.bill import expected
from hubbub.chat.compacting import Compacting, Long
from hubbub.chat.completing import Asked, as_usual, job_of
from hubbub.chat.job import Job, answered, unanswered
from hubbub.chat.place import place_of
from hubbub.chat.question import question_of, unanswerable
from hubbub.chat.reply import Reply
from hubbub.chat.speech import Speech
from hubbub.chat.stop import StopSignal
from hubbub.chat.tools import consent
from hubbub.conversations import preferences
from hubbub.conversations.branches import since, start_anew
from hubbub.conversations.completions import Completion, completion_of
from hubbub.conversations.contexts import Context, context_of
from hubbub.conversations.holds import Stake
from hubbub.conversations.remembered import RememberedContexts
from hubbub.conversations.unanswered import UNANSWERED, left_over
from hubbub.conversations.wishes import wish_of
from hubbub.core.errors import ProviderError, UserError
from hubbub.core.events import Event, Received
from hubbub.core.messages import Button, Buttons, Text
from hubbub.core.phrases import Phrase
from hubbub.core.ports import Answer, Streamed
from hubbub.core.turns import Turn

if TYPE_CHECKING:
    from hubbub.chat.settings import ChatSettings
    from hubbub.chat.sources import ModelSource
    from hubbub.conversations.limits import Meter
    from hubbub.conversations.preferences import Preferences
    from hubbub.core.messages import Message
    from hubbub.core.store import Conversations
    from hubbub.core.work import Branch, Entry, Write

Pieces = Callable[[Streamed], None]

log = logging.getLogger(__name__)

SESSION_END = "session.end"
"""The kind of a `Fired` event that has an owner's silent conversation ended."""


def _new_id() -> str:
    return secrets.token_hex(4)


class Chat:
    """Answers questions. All that it knows is in the store; contexts lately read are remembered."""

    def __init__(
        self,
        conversations: Conversations,
        models: ModelSource,
        settings: ChatSettings,
        meter: Meter,
        new_id: Callable[[], str] = _new_id,
    ) -> None:
        """``new_id`` makes the ids by which a person's error sentence is found in the log."""
        self._conversations = conversations
        self._settings = settings
        self._speech = Speech(settings)
        self._asking = Asking(conversations, models, settings, self._speech)
        self._compacting = Compacting(self._asking, self._speech, settings, meter)
        self._contexts = RememberedContexts()
        self._meter = meter
        self._clock = meter.clock
        self._new_id = new_id

    async def answer(self, entry: Entry, owner: str, text: str, pieces: Pieces | None, stop: StopSignal) -> Answer:
        """Ask the owner's model what a received message says; ``text`` is its words without what addressed the bot.

        ``pieces``, if somebody listens, gets the parts of the answer as they come (the closing one is the caller's to
        send once the answer is stored). ``stop`` ends it early, see `StopSignal`. A failure of the model is answered
        with one sentence and changes no context; the question is kept for `retry`.

        Raises:
            asyncio.CancelledError: for a shutdown, or when somebody else cancelled the task; nothing is changed.
            StoreError: what the owner keeps could not be read.
        """
        event = _received(entry)
        completion = completion_of(event.options)
        if completion is not None:
            return await self.complete(entry, (owner, text), completion, pieces, stop)
        chosen = (await preferences.read(self._conversations, owner)).over(event.options)
        question = question_of(event, text, owner)
        if too_long := self._meter.too_long(owner, question.content):
            return self._speech.tell(too_long, chosen, event)
        if not question.content:
            nothing = unanswerable(event, question, vision=self._vision(chosen, event))
            if nothing is not None:
                return self._speech.tell(nothing, chosen, event)
        place = await place_of(self._conversations, event, owner, self._turns(chosen))
        branch, context = place.branch, context_of(place.branch) if place.base else self._contexts.of(place.branch)
        job = Job(entry, event, owner, chosen, branch.name, context, question, Reply(pieces), stop, base=place.base)
        if not place.base and self._idle(branch, event):
            job.before, job.context = start_anew(branch, self._clock()), Context()
        return await self._run(as_usual(job))

    async def complete(
        self, entry: Entry, asked: tuple[str, str], completion: Completion, pieces: Pieces | None, stop: StopSignal
    ) -> Answer:
        """Ask with wishes that somebody has of this one answer; ``asked`` is the owner and the words.

        A failure of the model changes nothing. The rest is as with `answer`.
        """
        event, (owner, text) = _received(entry), asked
        chosen = (await preferences.read(self._conversations, owner)).over({**event.options, **completion.settings})
        flow = (Reply(pieces), stop)
        found = Asked(entry, event, owner, text, chosen)
        job = await job_of(self._conversations, found, completion, flow, self._turns(chosen))
        if too_long := self._meter.too_long(owner, job.question.content):
            return self._refused(job, too_long)
        return await self._run(job)

    async def retry(self, entry: Entry, owner: str, pieces: Pieces | None, stop: StopSignal) -> Answer:
        """Ask the last question again: the one that got no answer, or the last one that got one, which is replaced.

        The rest is as with `answer`.
        """
        return await self._again(entry, owner, "", pieces, stop)

    async def edit(self, entry: Entry, owner: str, text: str, pieces: Pieces | None, stop: StopSignal) -> Answer:
        """Ask ``text`` in place of the last question, as `retry` asks that again."""
        return await self._again(entry, owner, text, pieces, stop)

    async def _again(self, entry: Entry, owner: str, text: str, pieces: Pieces | None, stop: StopSignal) -> Answer:
        event = _received(entry)
        chosen = await preferences.read(self._conversations, owner)
        branch = await self._branch(owner, event.branch)
        aside = await self._conversations.branch(owner, "context", UNANSWERED, limit=1)
        question, onto = left_over(branch, aside), None
        if question is None:
            position, question = _last_question(branch)
            if question is None:
                return self._speech.tell(Phrase("chat.nothing_to_retry"), chosen, event)
            branch = since(branch, position)
            onto = branch.head
        if text:
            if too_long := self._meter.too_long(owner, text):
                return self._speech.tell(too_long, chosen, event)
            question = replace(question, content=text, time=event.time)
        job = Job(entry, event, owner, chosen, branch.name, context_of(branch), question, Reply(pieces), stop, onto)
        return await self._run(as_usual(job))

    async def expand(self, entry: Entry, owner: str, text: str) -> str:
        """A text with its variables expanded, as one of this message's author. Raises StoreError."""
        event = _received(entry)
        chosen = await preferences.read(self._conversations, owner)
        job = Job(entry, event, owner, chosen, "", Context(), Turn("user", text), Reply(), StopSignal())
        job.completion = Completion(expand=True)
        return self._asking.expanded(job, text, self._clock())

    async def compact(self, entry: Entry, owner: str, stop: StopSignal) -> Answer:
        """Let a summary stand for all before the last question; see `hubbub.chat.compacting`."""
        event = _received(entry)
        chosen = await preferences.read(self._conversations, owner)
        branch = await self._branch(owner, event.branch)
        return await self._compacting.compact(Long(owner, event, chosen, branch, self._contexts.of(branch)), stop)

    def forget(self, owner: str) -> None:
        """Remember nothing of an owner whose data was removed."""
        self._contexts.forget(owner)

    async def language(self, owner: str, event: Received) -> str:
        """The language in which a person is answered."""
        return self._speech.language(await preferences.read(self._conversations, owner), event)

    async def _run(self, job: Job) -> Answer:
        failure: ProviderError | None = None
        with job.stop:
            try:
                if job.stop.reason is None:
                    async with self._meter.hold(job.owner, expected(job.question), self._stake(job)) as job.bill.held:
                        failure = await self._ask(job)
            except UserError as error:
                return self._refused(job, error.user_text)
            except asyncio.CancelledError:
                if not job.stop.absorb():
                    raise
        return self._done(job) if failure is None else self._failed(job, failure)

    async def _ask(self, job: Job) -> ProviderError | None:
        """Why there is no answer; None where there is one. What was reserved is counted either way."""
        try:
            await self._asking.ask(job)
        except ProviderError as error:
            return error
        return None

    def _stake(self, job: Job) -> Stake:
        """A question that is handled again, after a crash, is reserved once."""
        entry, cost = job.entry, self._asking.expected_cost(job)
        return Stake(self._meter.group_of(job.event.room), cost, f"entry:{entry.id}", entry.attempts > 0, kept=True)

    def _owed(self, job: Job) -> tuple[Write, ...]:
        """What is to be counted where there is no answer."""
        if not job.bill.owed:
            return ()
        return (job.bill.spend(job.owner, job.event, self._meter.today(job.owner), 0),)

    def _done(self, job: Job) -> Answer:
        """The answer as far as it came: whole, or up to where it was stopped."""
        reason = None if job.reply.finish else job.stop.reason
        if reason == "shutdown":
            raise asyncio.CancelledError
        if job.stop.reason == "recall":
            return Answer(writes=self._owed(job))
        if not job.reply.content and not job.media:
            return Answer(writes=(*unanswered(job), *self._owed(job), *job.bill.calls))
        job.content = self._asking.words(job)
        text = self._speech.written(job.reply, job.content)
        if reason == "stop":
            text += "\n\n" + self._speech.say(Phrase("chat.stopped"), job.preferences, job.event)
        if job.unconsented:
            text += "\n\n" + self._speech.say(consent(job), job.preferences, job.event)
        spend = job.bill.spend(job.owner, job.event, self._meter.today(job.owner), 1)
        spec = self._asking.named(job.reply.model)
        message: Message = (*((Text(text),) if text else ()), *job.media, *details.answer(job, spec))
        writes = (*answered(job, self._clock()), spend, *job.bill.calls)
        wish = wish_of(job.preferences, job.reply.model)
        return Answer(message, self._speech.quotes(job.event), writes=writes, wish=wish)

    def _refused(self, job: Job, phrase: Phrase) -> Answer:
        told = self._speech.tell(phrase, job.preferences, job.event)
        said = self._speech.say(phrase, job.preferences, job.event)
        return replace(told, message=(*told.message, *details.refused(job, said, phrase.key)))

    def _failed(self, job: Job, error: ProviderError) -> Answer:
        number = self._new_id()
        cause = "error %s: entry %d of %s got no answer: %s (status %d)"
        log.error(cause, number, job.entry.id, job.owner, error, error.status)
        told = error.user_text or Phrase("error.model_failed")
        phrase = Phrase(told.key, {**told.values, "id": number})
        writes = (*unanswered(job), *self._owed(job))
        told_so = self._speech.tell(phrase, job.preferences, job.event)
        said = self._speech.say(phrase, job.preferences, job.event)
        message: Message = (*told_so.message, *job.media, *details.failure(job, said, number, phrase.key, error.status))
        program = job.completion is not None and job.completion.details
        if error.retryable and not program:
            again = self._speech.say(Phrase("buttons.retry"), job.preferences, job.event)
            message = (*message, Buttons(((Button(again, "/retry"),),), told=True))
        return replace(told_so, message=message, writes=(*writes, *job.bill.calls))

    def _turns(self, chosen: Preferences) -> int:
        """How many turns are read for a question, at most."""
        most, wanted = self._settings.context_turns, chosen.stored.get("auto_shrink_length")
        return min(most, wanted) if type(wanted) is int and wanted > 0 else most

    def _vision(self, chosen: Preferences, event: Received) -> bool | None:
        """Whether the model sees pictures; None where nobody knows, or where only asking tells what is wrong."""
        try:
            return self._asking.model(chosen, event).vision
        except (ProviderError, UserError):
            return None

    async def _branch(self, owner: str, name: str) -> Branch:
        return await self._conversations.branch(owner, "context", name, limit=self._settings.context_turns)

    async def ended(self, owner: str, event: Event) -> tuple[Write, ...]:
        """What ends the owner's conversation if nobody goes on with it."""
        branch = await self._branch(owner, "")
        return start_anew(branch, self._clock()) if self._idle(branch, event) else ()

    def own(self, phrase: Phrase, event: Event) -> str | None:
        """What the event's platform says instead of a sentence of the hub; None if nothing."""
        return self._speech.own(phrase, event)

    def _idle(self, branch: Branch, event: Event) -> bool:
        seconds = self._settings.silence(event.room.platform)
        return bool(seconds and branch.head and self._clock() - branch.updated_at > seconds)


def _received(entry: Entry) -> Received:
    if not isinstance(entry.event, Received):
        msg = f"entry {entry.id} is no message but a {entry.event.type} event"
        raise TypeError(msg)
    return entry.event


def _last_question(branch: Branch) -> tuple[int, Turn | None]:
    """The last turn of a person on a branch, and its position there."""
    context = context_of(branch)
    for turn, node in zip(reversed(context.turns), reversed(context.nodes), strict=True):
        if turn.role == "user":
            return next(index for index, each in enumerate(branch.nodes) if each.id == node), turn
    return 0, None
