"""Nodes that no branch leads to any more, found from the lines of the branches' logs that grew old.

Whatever leaves nodes behind writes such a line, so nobody has to read all nodes to find them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class OldStep:
    """A line of a log: at its time the branch ended at ``head``."""

    id: int
    owner: str
    kind: str
    name: str
    head: int


@dataclass(slots=True)
class Leftovers:
    """What is to be removed of one owner. ``heads``: where all branches and lines ended when it was decided.

    ``rest``: a line that stays, and the node from which on there is more to remove.
    """

    owner: str
    heads: Sequence[int]
    nodes: list[int] = field(default_factory=list)
    steps: list[OldStep] = field(default_factory=list)
    rest: tuple[int, int] | None = None

    @property
    def count(self) -> int:
        """How much it is."""
        return len(self.nodes) + len(self.steps)


def by_owner(steps: Sequence[OldStep]) -> dict[str, list[OldStep]]:
    """The lines of each owner, in their order."""
    found: dict[str, list[OldStep]] = {}
    for step in steps:
        found.setdefault(step.owner, []).append(step)
    return found


def living(heads: Sequence[int], steps: Sequence[OldStep]) -> list[int]:
    """The ends that still count once ``steps`` are gone; several may be at the same node."""
    left = list(heads)
    for step in steps:
        left.remove(step.head)
    return left


@dataclass(frozen=True, slots=True)
class Ways:
    """``parents``: of every node on the ways to the heads of old lines; ``kept``: nodes that others lead to.

    ``newest``: the newest node of all, which stays, too: its number must not be given again.
    """

    parents: Mapping[int, int]
    kept: Collection[int]
    newest: int


def take(found: Leftovers, steps: Sequence[OldStep], ways: Ways, most: int) -> None:
    """Add what only ``steps`` lead to, the oldest lines first, until there are ``most`` nodes.

    Nodes go from the newest of a way down, and only when no line that stays leads to them: at every moment each line
    and each branch leads to all that was there, or to the whole rest of it.
    """
    for step, way in _ways_of(steps, ways):
        if ways.newest in way:
            return
        room = most - len(found.nodes)
        found.nodes += way[:room]
        if len(way) > room:
            found.rest = (step.id, way[room])
            return
        found.steps.append(step)


def _ways_of(steps: Sequence[OldStep], ways: Ways) -> list[tuple[OldStep, list[int]]]:
    """The nodes that only a line and those before it lead to, of each."""
    taken: set[int] = set()
    found: list[tuple[OldStep, list[int]]] = []
    for step in reversed(steps):
        way, at = [], step.head
        while at in ways.parents and at not in ways.kept and at not in taken:
            way.append(at)
            at = ways.parents[at]
        taken.update(way)
        found.append((step, way))
    return found[::-1]
