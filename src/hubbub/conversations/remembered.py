"""Contexts lately read, so that a long conversation is not read anew for every question.

Nodes never change once they are stored, so a context that was read stays right; a branch that only grew is read from
where the last reading ended.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from hubbub.conversations.contexts import Context, are_plain, context_of, turn_of

if TYPE_CHECKING:
    from hubbub.core.turns import Turn
    from hubbub.core.work import Branch, Node

_MOST_NEW = 8
_CHARACTERS = 500


class RememberedContexts:
    """`context_of` with a memory, bounded by the number of turns."""

    def __init__(self, turns: int = 40_000) -> None:
        """Remember at most so many turns; the conversations that rested longest are forgotten first."""
        self._most = turns
        self._count = 0
        self._read: OrderedDict[tuple[str, str], tuple[int, int, Context, int]] = OrderedDict()

    def of(self, branch: Branch) -> Context:
        """The turns of a branch, as `context_of` gives them."""
        key = (branch.owner, branch.name)
        known = self._read.pop(key, None)
        grown = self._grown(branch, known) if known else None
        context = grown or context_of(branch)
        weight = _weight(context.turns[len(known[2].turns) :]) + known[3] if grown and known else _weight(context.turns)
        self._count += weight - (known[3] if known else 0)
        first = branch.nodes[0].id if branch.nodes else 0
        self._read[key] = (first, branch.head, context, weight)
        while self._count > self._most and len(self._read) > 1:
            _, dropped = self._read.popitem(last=False)
            self._count -= dropped[3]
        return context

    def forget(self, owner: str) -> None:
        """Remember nothing of an owner."""
        for key in [each for each in self._read if each[0] == owner]:
            self._count -= self._read.pop(key)[3]

    @staticmethod
    def _grown(branch: Branch, known: tuple[int, int, Context, int]) -> Context | None:
        """The known context and what came behind it; None if the branch did anything else than grow a little."""
        first, head, context, _ = known
        if not branch.nodes or branch.nodes[0].id != first:
            return None
        if branch.head == head:
            return context
        for count in range(1, min(_MOST_NEW, len(branch.nodes) - 1) + 1):
            if branch.nodes[-count - 1].id == head:
                return _longer(context, branch.nodes[-count:])
        return None


def _longer(context: Context, nodes: tuple[Node, ...]) -> Context | None:
    """A context with more nodes behind it; None if one brings a summary, which may cover what is known."""
    if any(type(node.body) is dict and "summary" in node.body for node in nodes):
        return None
    new = [(turn, node.id) for node in nodes if (turn := turn_of(node.body)) is not None]
    turns, ids = tuple(turn for turn, _ in new), tuple(node for _, node in new)
    plain = bool(context.plain) and are_plain(turns)
    return Context(context.turns + turns, context.nodes + ids, context.summary, plain)


def _weight(turns: tuple[Turn, ...]) -> int:
    """What turns take of the memory for them: one each, and one more for every so many characters."""
    return sum(1 + (len(turn.content) + len(turn.reasoning)) // _CHARACTERS for turn in turns)
