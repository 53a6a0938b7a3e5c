"""One question on its way to an answer, and what the answer changes in the store."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hubbub.chat.bill import Bill
from hubbub.conversations import unanswered as aside
from hubbub.conversations.contexts import Context, Summary, body_of
from hubbub.conversations.unanswered import UNANSWERED, left_over
from hubbub.core.turns import Turn
from hubbub.core.work import Append, Write

if TYPE_CHECKING:
    from hubbub.chat.kit import Kit
    from hubbub.chat.reply import Reply
    from hubbub.chat.stop import StopSignal
    from hubbub.conversations.completions import Completion
    from hubbub.conversations.preferences import Preferences
    from hubbub.conversations.variables import Variables
    from hubbub.core.events import Received
    from hubbub.core.messages import Image
    from hubbub.core.work import Entry

__all__ = ["UNANSWERED", "Job", "answered", "left_over", "unanswered"]


@dataclass(slots=True)
class Job:
    """``question`` is asked on ``branch`` behind what ``context`` holds.

    ``onto`` is the node that it goes behind (None: the branch's end), ``before`` is to be written first; ``base`` too,
    with or without an answer. ``summary`` was made on the way, and is kept with the question. ``bill``: its cost.
    ``completion``: wishes of its own; ``variables``: what they stand for, once the model is known; ``content``: the
    words of the answer as they are shown and kept, ``last`` those of its last round.

    ``kit``: tools that may be used; ``used``: the turns of their calls and results; ``media``: what they made for the
    person; ``unconsented``: those that wait for the person's consent.
    """

    entry: Entry
    event: Received
    owner: str
    preferences: Preferences
    branch: str
    context: Context
    question: Turn
    reply: Reply
    stop: StopSignal
    onto: int | None = None
    before: tuple[Write, ...] = ()
    base: tuple[Write, ...] = ()
    summary: Summary | None = None
    completion: Completion | None = None
    variables: Variables | None = None
    content: str = ""
    last: str = ""
    kit: Kit | None = None
    used: list[Turn] = field(default_factory=list)
    media: list[Image] = field(default_factory=list)
    unconsented: list[str] = field(default_factory=list)
    bill: Bill = field(default_factory=Bill)

    @property
    def streamed(self) -> bool:
        """The model is asked for pieces: somebody waits for them, or wants it so."""
        return self.reply.listened or (self.completion is not None and self.completion.stream)

    @property
    def asks(self) -> bool:
        """There is a question; else the model goes on with what is there."""
        return self.completion is None or bool(self.question.content or self.question.images)

    @property
    def told(self) -> tuple[Turn, ...]:
        """The conversation as far as it goes, with the question and what tools said to it."""
        asked = (self.question,) if self.asks else ()
        return (*self.context.turns, *asked, *self.used) if asked or self.used else self.context.turns


def answered(job: Job, now: float) -> tuple[Write, ...]:
    """The question, calls of tools with their results, and the answer, behind one another."""
    reply = job.reply
    if job.completion is not None and not job.completion.save_context:
        return ()
    exact = job.completion is not None and job.completion.expand
    reasoning = reply.thought if exact else reply.reasoning
    answer = Turn("assistant", job.content, reasoning=reasoning, model=reply.model, time=now)
    bodies = (body_of(job.question, job.summary), body_of(answer)) if job.asks else (body_of(answer),)
    if job.used or job.media:
        pictures = tuple(each.media for each in job.media)
        answer = replace(answer, content=job.last, reasoning=reply.pondered, images=pictures)
        bodies = (*bodies[:-1], *(body_of(turn) for turn in job.used), body_of(answer))
    return (*job.base, *job.before, Append(job.owner, "context", job.branch, bodies, job.onto))


def unanswered(job: Job) -> tuple[Write, ...]:
    """The question, kept aside: what the owner's contexts hold is left as it is."""
    wishes = job.completion
    if wishes is not None and (wishes.expand or not wishes.save_context or not job.asks):
        return ()
    return (*job.base, aside.keep(job.owner, job.branch, job.question))
