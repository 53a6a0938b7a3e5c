"""Taking back what was done to a branch, as long as its past is kept.

The log of a branch is read as a stack: each undoing stands for the newest change before it that was not undone yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.conversations.branches import time_name
from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase
from hubbub.core.work import MoveHead, Write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubbub.core.work import Branch, Step

KEPT_SECONDS = 30 * 86_400.0
UNDO = "undo"
REASONS = frozenset({"withdraw", "rewrite", "clear", "delete", "reference"})


def undo(branch: Branch, steps: Sequence[Step], now: float) -> tuple[Write, ...]:
    """Let a branch end where it did before the newest change in ``steps`` (newest first) that was not undone.

    What was said on it since is put aside under a name made of the time.

    Raises:
        UserError: nothing was done to it within the time for which its past is kept.
    """
    step = _last(branch, steps, now)
    writes: tuple[Write, ...] = ()
    if branch.head and branch.updated_at > step.time:
        aside = f"{time_name(now)}-{UNDO}"
        writes = (MoveHead(branch.owner, branch.kind, aside, branch.head, UNDO),)
    return (*writes, MoveHead(branch.owner, branch.kind, branch.name, step.head, UNDO))


def _last(branch: Branch, steps: Sequence[Step], now: float) -> Step:
    undone = 0
    for step in steps:
        if step.name != branch.name or step.time < now - KEPT_SECONDS:
            continue
        if step.reason == UNDO:
            undone += 1
        elif step.reason in REASONS and undone:
            undone -= 1
        elif step.reason in REASONS:
            return step
    raise UserError(Phrase("branch.nothing_to_undo", {"name": branch.name}))
