"""Branches kept in memory, the least used ones forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from hubbub.core.work import Append, Branch, Node

Key = tuple[str, str, str]
_MOST_CURRENT = 20_000
_CHARACTERS = 500


class BranchCache:
    """Bounded by the number of nodes; every write that passes is told, so what is kept is what is stored."""

    def __init__(self, nodes: int) -> None:
        """Keep at most this many nodes."""
        self._most = nodes
        self._count = 0
        self._branches: OrderedDict[Key, Branch] = OrderedDict()
        self._weights: dict[Key, int] = {}
        self._current: OrderedDict[tuple[str, str], str] = OrderedDict()
        self.version = 0
        """Rises with every write, so that a read that was under way is not kept over it."""

    def find(self, owner: str, kind: str, name: str) -> Branch | None:
        """The branch if it is kept; of the current one, if its name is known."""
        wanted = name or self._current.get((owner, kind))
        if wanted is None:
            return None
        key = (owner, kind, wanted)
        found = self._branches.get(key)
        if found is not None:
            self._branches.move_to_end(key)
        return found

    def keep(self, branch: Branch, *, current: bool) -> None:
        """Keep what was read."""
        if current:
            self._set_current(branch.owner, branch.kind, branch.name)
        self._put(branch, 1 + sum(map(_weight, branch.nodes)))

    def grow(self, write: Append, nodes: Sequence[Node]) -> None:
        """Nodes were appended."""
        self.version += 1
        key = (write.owner, write.kind, write.branch)
        old = self._branches.get(key)
        if old is None:
            return
        if not nodes:
            self.forget(*key)
            return
        first = nodes[0].parent
        weight = sum(map(_weight, nodes))
        if first == old.head:
            kept = (*old.nodes, *nodes)
            weight += self._weights[key]
        elif first == 0:
            kept = tuple(nodes)
            weight += 1
        else:
            self.forget(*key)
            return
        self._put(Branch(old.owner, old.kind, old.name, nodes[-1].id, nodes[-1].time, kept), weight)

    def switch(self, owner: str, kind: str, name: str) -> None:
        """Another branch became the current one."""
        self.version += 1
        self._set_current(owner, kind, name)

    def forget(self, owner: str, kind: str, name: str) -> None:
        """The branch changed in another way than by growing."""
        self.version += 1
        key = (owner, kind, name)
        if self._branches.pop(key, None) is not None:
            self._count -= self._weights.pop(key)

    def forget_owner(self, owner: str) -> None:
        """All branches of an owner are gone."""
        for key in [each for each in self._branches if each[0] == owner]:
            self.forget(*key)
        for each in [each for each in self._current if each[0] == owner]:
            del self._current[each]
        self.version += 1

    def _set_current(self, owner: str, kind: str, name: str) -> None:
        self._current[owner, kind] = name
        self._current.move_to_end((owner, kind))
        while len(self._current) > _MOST_CURRENT:
            self._current.popitem(last=False)

    def _put(self, branch: Branch, weight: int) -> None:
        key = (branch.owner, branch.kind, branch.name)
        self._branches.pop(key, None)
        self._branches[key] = branch
        self._count += weight - self._weights.get(key, 0)
        self._weights[key] = weight
        while self._count > self._most and len(self._branches) > 1:
            oldest, _ = self._branches.popitem(last=False)
            self._count -= self._weights.pop(oldest)


def _weight(node: Node) -> int:
    """What a node takes of the memory for nodes: one, and one more for every so many characters."""
    body = node.body
    text = body.get("content") if type(body) is dict else body
    return 1 + len(text) // _CHARACTERS if type(text) is str else 1
