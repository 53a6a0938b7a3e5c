"""An owner's conversations as one tree: what they have in common stands once, and each goes off where it differs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubbub.conversations.branches import listed
from hubbub.conversations.contexts import turn_of
from hubbub.conversations.shelf import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hubbub.core.store import Conversations
    from hubbub.core.work import Branch

MOST_LINES = 60
MOST_BRANCHES = 200
_WORDS = 30


@dataclass(slots=True)
class Fork:
    """A stretch of turns without a fork. ``turns``: ids of nodes; ``names``: branches that end with the last one.

    ``more``: of a whole tree, there are branches that it has not.
    """

    turns: list[int] = field(default_factory=list)
    words: str = ""
    names: list[str] = field(default_factory=list)
    children: list[Fork] = field(default_factory=list)
    more: bool = False


async def read(conversations: Conversations, owner: str) -> Fork:
    """The tree of an owner's contexts, the newest of them where they are very many. Raises StoreError."""
    found = listed(await conversations.branches(owner, "context"))
    branches = [await conversations.branch(owner, "context", each.name) for each in found[:MOST_BRANCHES]]
    tree = await asyncio.to_thread(build, branches)
    tree.more = len(found) > MOST_BRANCHES
    return tree


def build(branches: Iterable[Branch]) -> Fork:
    """The tree of branches that were read whole."""
    nodes: dict[int, Fork] = {0: Fork()}
    for branch in branches:
        at = nodes[0]
        for node in branch.nodes:
            if node.id not in nodes:
                turn = turn_of(node.body)
                nodes[node.id] = Fork([node.id], excerpt(turn.content, _WORDS) if turn else "…")
                at.children.append(nodes[node.id])
            at = nodes[node.id]
        at.names.append(branch.name)
    return _joined(nodes)


def _joined(nodes: dict[int, Fork]) -> Fork:
    """Turns that follow one another alone become one stretch, from the newest node to the oldest."""
    for number in sorted(nodes, reverse=True):
        fork = nodes[number]
        if number and not fork.names and len(fork.children) == 1:
            only = fork.children[0]
            fork.turns, fork.names, fork.children = fork.turns + only.turns, only.names, only.children
    return nodes[0]


def drawn(tree: Fork, most: int = MOST_LINES) -> Sequence[str]:
    """The tree as lines: first words, number of turns, names of the branches that end there."""
    lines: list[str] = []
    waiting = [(child, 0) for child in _newest_first(tree)]
    while waiting and len(lines) < most:
        fork, depth = waiting.pop()
        names = f" [{', '.join(sorted(fork.names))}]" if fork.names else ""
        lines.append(f"{'  ' * depth}- {fork.words} ({len(fork.turns)}){names}")
        waiting += [(child, min(depth + 1, 10)) for child in _newest_first(fork)]
    return [*lines, "…"] if waiting or tree.more else lines


def _newest_first(fork: Fork) -> list[Fork]:
    return sorted(fork.children, key=lambda child: -child.turns[0])
