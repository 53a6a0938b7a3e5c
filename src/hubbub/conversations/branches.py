"""The one branching algorithm, the same for contexts, prompts and settings.

Nodes are never changed: a branch is a name for a node, and what was before it is the way from the first node to it.
So going back, starting afresh, forking and undoing are all "let the name stand for another node", and nothing is
ever lost by it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hubbub.core.errors import UserError
from hubbub.core.phrases import Phrase
from hubbub.core.work import Append, Archive, Branch, MoveHead, Switch, Write

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# Names that begin so are the hub's own: they are never listed and never become current.
HIDDEN = "."
LONGEST_NAME = 100


def append(branch: Branch, *bodies: object) -> Append:
    """Put nodes at the end of a branch as it was read."""
    return Append(branch.owner, branch.kind, branch.name, bodies)


def instead(branch: Branch, position: int, *bodies: object) -> Append:
    """Let a branch go on with these nodes from ``position`` on, an index of its nodes (their number: `append`)."""
    return Append(branch.owner, branch.kind, branch.name, bodies, onto=_before(branch, position))


def withdraw(branch: Branch, count: int) -> tuple[Write, ...]:
    """Take the last ``count`` nodes back (all, if there are no more); nothing to do on an empty branch."""
    if not branch.nodes or count < 1:
        return ()
    head = _before(branch, max(0, len(branch.nodes) - count))
    return (MoveHead(branch.owner, branch.kind, branch.name, head, "withdraw"),)


def clear(branch: Branch) -> tuple[Write, ...]:
    """Empty a branch."""
    if not branch.head:
        return ()
    return (MoveHead(branch.owner, branch.kind, branch.name, 0, "clear"),)


def fork(branch: Branch, name: str, position: int | None = None) -> tuple[Write, ...]:
    """Let a branch ``name`` begin with the first ``position`` nodes of this one (default: all), and switch to it."""
    head = branch.head if position is None else _before(branch, position)
    name = valid_name(name)
    return (MoveHead(branch.owner, branch.kind, name, head, "fork"), Switch(branch.owner, branch.kind, name))


def start_anew(branch: Branch, now: float, taken: Collection[str] = ()) -> tuple[Archive, ...]:
    """Put the content of a branch aside under a name made of the time, and leave the branch empty.

    Where such a name is ``taken``, a number is added, as the store itself does.
    """
    if not branch.head:
        return ()
    name = stem = time_name(now)
    number = 1
    while name in taken:
        number += 1
        name = f"{stem}-{number}"
    return (Archive(branch.owner, branch.kind, branch.name, name),)


def switch(target: Branch) -> tuple[Write, ...]:
    """Make another branch, as it was read by its name, the current one; without content it is made by its first node.

    Raises:
        UserError: the name cannot be one.
    """
    name = valid_name(target.name)
    made: tuple[Write, ...] = (Switch(target.owner, target.kind, name),)
    if target.head:
        # Its time of change becomes now, so that it does not count as long idle.
        made += (MoveHead(target.owner, target.kind, name, target.head, "switch"),)
    return made


def rename(branch: Branch, name: str) -> tuple[Write, ...]:
    """Give a branch another name, under which there must be none. Which one is current is left as it is."""
    return (Archive(branch.owner, branch.kind, branch.name, valid_name(name)),)


def delete(branch: Branch) -> tuple[Write, ...]:
    """Take a branch out of all lists."""
    return (MoveHead(branch.owner, branch.kind, branch.name, 0, "delete"),) if branch.head else ()


def listed(found: Sequence[Branch]) -> tuple[Branch, ...]:
    """Branches that a person shall see."""
    return tuple(branch for branch in found if not branch.name.startswith(HIDDEN))


def valid_name(name: str) -> str:
    """A name as it is stored: printable, without blanks around it, at most 100 characters, not one of the hub's own.

    Raises:
        UserError: it is none.
    """
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or name.startswith(HIDDEN) or not name.isprintable():
        raise UserError(Phrase("branch.bad_name", {"longest": LONGEST_NAME}))
    return name


def time_name(now: float) -> str:
    """A branch's name made of a time (seconds since the epoch) in UTC, so that names sort by time."""
    return f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d-%H%M%S}"


def since(branch: Branch, position: int) -> Branch:
    """The branch as it was before the node at ``position``."""
    return replace(branch, nodes=branch.nodes[:position], head=_before(branch, position))


def _before(branch: Branch, position: int) -> int:
    """The node that comes before ``position``; read with a limit, the first node that was read knows its parent."""
    if position >= len(branch.nodes):
        return branch.head
    return branch.nodes[position].parent
