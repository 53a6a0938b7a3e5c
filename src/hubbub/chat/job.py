"""One question on its way to an answer, and what the answer changes in the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubbub.chat.bill import Bill
from hubbub.conversations import unanswered as aside
from hubbub.conversations.contexts import Context, Summary, body_of
from hubbub.conversations.unanswered import UNANSWERED, left_over
from hubbub.core.turns import Turn
from hubbub.core.work import Append, Write

if TYPE_CHECKING:
    from hubbub.chat.reply import Reply
    from hubbub.chat.stop import StopSignal
    from hubbub.conversations.preferences import Preferences
    from hubbub.core.events import Received
    from hubbub.core.work import Entry

__all__ = ["UNANSWERED", "Job", "answered", "left_over", "unanswered"]


@dataclass(slots=True)
class Job:
    """``question`` is asked on ``branch`` behind what ``context`` holds.

    ``onto`` is the node that it goes behind (None: the branch's end), ``before`` is to be written first; ``base`` too,
    with or without an answer. ``summary`` was made on the way, and is kept with the question. ``bill``: its cost.
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
    bill: Bill = field(default_factory=Bill)

    @property
    def streamed(self) -> bool:
        """Somebody wants the pieces of the answer."""
        return self.reply.listened


def answered(job: Job, now: float) -> tuple[Write, ...]:
    """Question and answer, behind one another."""
    reply = job.reply
    answer = Turn("assistant", reply.content, reasoning=reply.reasoning, model=reply.model, time=now)
    bodies = (body_of(job.question, job.summary), body_of(answer))
    return (*job.base, *job.before, Append(job.owner, "context", job.branch, bodies, job.onto))


def unanswered(job: Job) -> tuple[Write, ...]:
    """The question, kept aside: what the owner's contexts hold is left as it is."""
    return (*job.base, aside.keep(job.owner, job.branch, job.question))
