"""A question with wishes of its own (`conversations.completions`) as a job: from which context, under whose name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hubbub.chat.job import Job
from hubbub.chat.question import question_of
from hubbub.conversations import units
from hubbub.conversations.completions import standing
from hubbub.conversations.contexts import Context, context_of
from hubbub.core.turns import Turn, TurnRole
from hubbub.core.work import Append, MoveHead, Write

if TYPE_CHECKING:
    from hubbub.chat.reply import Reply
    from hubbub.chat.stop import StopSignal
    from hubbub.conversations.completions import Completion
    from hubbub.conversations.preferences import Preferences
    from hubbub.core.events import Received
    from hubbub.core.store import Conversations
    from hubbub.core.work import Branch, Entry


@dataclass(frozen=True, slots=True)
class Asked:
    """A message that asks, and what its owner has set."""

    entry: Entry
    event: Received
    owner: str
    text: str
    preferences: Preferences


async def job_of(
    conversations: Conversations, asked: Asked, completion: Completion, flow: tuple[Reply, StopSignal], limit: int
) -> Job:
    """The job; of contexts at most ``limit`` turns are read. Raises StoreError."""
    branch = await conversations.branch(asked.owner, "context", asked.event.branch, limit=limit)
    before: tuple[Write, ...] = ()
    source = branch
    if completion.reference:
        whole = await conversations.branch(completion.reference, "context")
        before = _instead(branch, whole)
        source = replace(whole, nodes=whole.nodes[-limit:] if limit else whole.nodes)
    reply, stop = flow
    job = Job(
        asked.entry,
        asked.event,
        asked.owner,
        asked.preferences,
        branch.name,
        context_of(source) if completion.load_context else Context(),
        _question(asked, completion),
        reply,
        stop,
        before=before,
    )
    job.completion = completion
    return job


def as_usual(job: Job) -> Job:
    """The job as its owner wants every one."""
    wishes = standing(job.preferences.stored) if job.preferences.stored else None
    if wishes is not None:
        job.completion = wishes
        job.context = job.context if wishes.load_context else Context()
    return job


def _question(asked: Asked, completion: Completion) -> Turn:
    if completion.proceed:
        return Turn("user", "")
    role: TurnRole = completion.role if completion.role in units.ROLES else "user"  # type: ignore[assignment]  # looked up
    question = question_of(asked.event, asked.text, asked.owner)
    return replace(question, role=role, name=completion.name or question.name)


def _instead(branch: Branch, source: Branch) -> tuple[Write, ...]:
    """Let a branch hold what another owner's does; what it held stays in its past."""
    bodies = units.copied(source)
    left = (MoveHead(branch.owner, branch.kind, branch.name, 0, "reference"),) if branch.head else ()
    return (*left, Append(branch.owner, branch.kind, branch.name, bodies, onto=0)) if bodies else left
