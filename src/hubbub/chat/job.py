"""One question on its way to an answer, and what the answer changes in the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubbub.conversations.branches import HIDDEN
from hubbub.conversations.contexts import Context, Summary, body_of, turn_of
from hubbub.core.turns import Turn
from hubbub.core.work import Append, Write

if TYPE_CHECKING:
    from hubbub.chat.reply import Reply
    from hubbub.chat.stop import StopSignal
    from hubbub.conversations.preferences import Preferences
    from hubbub.core.events import Received
    from hubbub.core.work import Branch, Entry

UNANSWERED = f"{HIDDEN}unanswered"
"""The hidden branch that holds an owner's last question that got no answer, for `Chat.retry`."""
_BRANCH = "branch"


@dataclass(slots=True)
class Job:
    """``question`` is asked on ``branch`` behind what ``context`` holds.

    ``onto`` is the node that it goes behind (None: the branch's end), ``before`` is to be written first; ``base`` too,
    with or without an answer. ``summary`` was made on the way, and is kept with the question.
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
    body = body_of(job.question) | {_BRANCH: job.branch}
    return (*job.base, Append(job.owner, "context", UNANSWERED, (body,), onto=0))


def left_over(branch: Branch, aside: Branch) -> Turn | None:
    """The unanswered question that was asked on a branch after everything else there, if there is one."""
    if not aside.nodes or aside.updated_at < branch.updated_at:
        return None
    node = aside.nodes[-1]
    if node.id < branch.head or not isinstance(node.body, dict) or node.body.get(_BRANCH) != branch.name:
        return None
    return turn_of(node.body)
