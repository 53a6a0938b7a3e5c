"""Branches kept in memory. Others write too, so what is kept counts only while the database names the same head."""

from __future__ import annotations

from collections import OrderedDict

from hubbub.core.work import Branch, Node

Key = tuple[str, str, str]


class BranchCache:
    """Nodes never change, so a branch with a known head is a known branch. The least used ones are forgotten first."""

    def __init__(self, nodes: int) -> None:
        """Keep at most this many nodes."""
        self._most = nodes
        self._count = 0
        self._chains: OrderedDict[Key, tuple[Node, ...]] = OrderedDict()

    def chain(self, key: Key) -> tuple[Node, ...]:
        """The nodes that a branch had when it was last seen, its head last."""
        found = self._chains.get(key, ())
        if found:
            self._chains.move_to_end(key)
        return found

    def keep(self, branch: Branch) -> None:
        """Remember a branch that was read."""
        self._put((branch.owner, branch.kind, branch.name), branch.nodes)

    def grow(self, key: Key, nodes: tuple[Node, ...]) -> None:
        """Nodes were put on a branch; remembered where they follow what is kept."""
        old = self._chains.get(key, ())
        if nodes and nodes[0].parent == (old[-1].id if old else 0):
            self._put(key, (*old, *nodes))

    def forget_owner(self, owner: str) -> None:
        """Keep nothing of an owner."""
        for key in [key for key in self._chains if key[0] == owner]:
            self._put(key, ())

    def _put(self, key: Key, nodes: tuple[Node, ...]) -> None:
        self._count -= len(self._chains.pop(key, ()))
        if not nodes:
            return
        self._chains[key] = nodes
        self._count += len(nodes)
        while self._count > self._most and len(self._chains) > 1:
            _, dropped = self._chains.popitem(last=False)
            self._count -= len(dropped)
