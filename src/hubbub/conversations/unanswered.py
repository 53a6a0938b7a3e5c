"""An owner's last question that got no answer, kept aside: what the owner's contexts hold is left as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubbub.conversations.branches import HIDDEN, clear
from hubbub.conversations.contexts import body_of, turn_of
from hubbub.core.work import Append

if TYPE_CHECKING:
    from hubbub.core.turns import Turn
    from hubbub.core.work import Branch, Write

UNANSWERED = f"{HIDDEN}unanswered"
"""The hidden branch that holds it."""
_BRANCH = "branch"


def keep(owner: str, branch: str, question: Turn) -> Append:
    """Keep a question that was asked on a branch; it takes the place of the one before."""
    return Append(owner, "context", UNANSWERED, (body_of(question) | {_BRANCH: branch},), onto=0)


def left_over(branch: Branch, aside: Branch) -> Turn | None:
    """The unanswered question that was asked on a branch after everything else there, if there is one."""
    if not aside.nodes or aside.updated_at < branch.updated_at:
        return None
    node = aside.nodes[-1]
    if node.id < branch.head or not isinstance(node.body, dict) or node.body.get(_BRANCH) != branch.name:
        return None
    return turn_of(node.body)


def drop(aside: Branch) -> tuple[Write, ...]:
    """Take the question away."""
    return clear(aside)
