"""Branches of contexts, prompts and settings, as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from hubbub.core.errors import StoreError, Unstorable
from hubbub.core.work import Append, Branch, BranchKind, Node
from hubbub.storage import codec
from hubbub.storage.postgres import texts
from hubbub.storage.postgres.cache import BranchCache
from hubbub.storage.postgres.together import Together

if TYPE_CHECKING:
    from hubbub.storage.postgres.orders import Finish
    from hubbub.storage.postgres.reader import Reader

# Without a name the owner's current branch is meant.
_FIND = """
SELECT n.name, coalesce(b.head, 0), coalesce(b.updated_at, 0)
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS g(owner, kind, name, place)
LEFT JOIN branch_current c ON g.name = '' AND c.owner = g.owner COLLATE "C" AND c.kind = g.kind COLLATE "C"
CROSS JOIN LATERAL (SELECT coalesce(nullif(g.name, ''), c.name, 'default') COLLATE "C" AS name) AS n
LEFT JOIN branch b ON b.owner = g.owner COLLATE "C" AND b.kind = g.kind COLLATE "C" AND b.name = n.name
ORDER BY g.place
"""
# Up to the node that is known already, not through it.
_CHAINS = """
WITH RECURSIVE chain(place, known, id, parent, body, at) AS (
  SELECT g.place, g.known, n.id, n.parent, n.body, n.at
  FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS g(head, known, place) JOIN node n ON n.id = g.head
  UNION ALL SELECT c.place, c.known, n.id, n.parent, n.body, n.at
  FROM chain c JOIN node n ON n.id = c.parent WHERE n.id <> c.known)
SELECT place, id, parent, body, at FROM chain ORDER BY place, id
"""
_LIST = """
SELECT name, head, updated_at FROM branch WHERE owner = $1 AND kind = $2 AND head <> 0 ORDER BY updated_at DESC, name
"""
_OWNERS = """
SELECT DISTINCT owner FROM branch WHERE kind = $1 AND head <> 0 AND ($2 = '' OR NOT starts_with(name, $2))
ORDER BY owner
"""


_Stored: TypeAlias = tuple[Any, ...]
"""Id, parent, body and time of a node."""


class Branches:
    """The `Conversations` part of the contract."""

    def __init__(self, reader: Reader, nodes: int = 20_000) -> None:
        """``nodes``: how many nodes are kept in memory."""
        self._reader = reader
        self._heads = Together(self._look_for_heads)
        self._chains = Together(self._look_for_chains)
        self._cache = BranchCache(nodes)

    async def branch(self, owner: str, kind: BranchKind, name: str = "", limit: int = 0) -> Branch:
        """See `Conversations.branch`."""
        found = await self._find(owner, kind, name)
        if limit and len(found.nodes) > limit:
            return Branch(found.owner, found.kind, found.name, found.head, found.updated_at, found.nodes[-limit:])
        return found

    async def _find(self, owner: str, kind: BranchKind, name: str) -> Branch:
        try:
            names = (texts.name(owner), texts.name(name))
        except Unstorable:
            return Branch(owner, kind, name or "default")
        stored, head, updated_at = await self._heads.ask((names[0], kind, names[1]))
        found = texts.read(stored)
        nodes = await self._nodes(self._cache.chain((owner, kind, found)), head) if head else ()
        branch = Branch(owner, kind, found, head, updated_at, nodes)
        self._cache.keep(branch)
        return branch

    async def _nodes(self, known: tuple[Node, ...], head: int) -> tuple[Node, ...]:
        """The chain that ends at ``head``, of which nothing is read that is known."""
        if known and known[-1].id == head:
            return known
        rows = await self._chains.ask((head, known[-1].id if known else 0))
        try:
            nodes = tuple(Node(number, parent, codec.decode_json(body), at) for number, parent, body, at in rows)
        except ValueError as error:
            msg = f"the branch that ends at node {head} cannot be read: {error}"
            raise StoreError(msg) from error
        return (*known, *nodes) if known and nodes and nodes[0].parent == known[-1].id else nodes

    async def _look_for_heads(self, asked: list[tuple[str, str, str]]) -> Sequence[tuple[str, int, float]]:
        return [tuple(row) for row in await self._reader.fetch(_FIND, *_columns(asked))]

    async def _look_for_chains(self, asked: list[tuple[int, int]]) -> Sequence[list[_Stored]]:
        found: list[list[_Stored]] = [[] for _ in asked]
        for place, *node in await self._reader.fetch(_CHAINS, *_columns(asked)):
            found[place - 1].append(tuple(node))
        return found

    async def branches(self, owner: str, kind: BranchKind) -> Sequence[Branch]:
        """See `Conversations.branches`."""
        rows = await self._reader.fetch(_LIST, texts.stored(owner), kind)
        return [Branch(owner, kind, texts.read(row[0]), row[1], row[2]) for row in rows]

    async def owners(self, kind: BranchKind, but: str = "") -> Sequence[str]:
        """See `Conversations.owners`."""
        return [texts.read(row[0]) for row in await self._reader.fetch(_OWNERS, kind, texts.stored(but))]

    def forget(self, owner: str) -> None:
        """Remember nothing of an owner whose branches were removed."""
        self._cache.forget_owner(owner)

    def remember(self, unit: Finish) -> None:
        """A unit was stored: what it put on branches need not be read again."""
        rest = list(unit.nodes)
        for each in unit.writes:
            if isinstance(each.write, Append):
                made, rest = rest[: len(each.data)], rest[len(each.data) :]
                nodes = tuple(
                    Node(n.id, n.parent, codec.decode_json(d), n.time) for n, d in zip(made, each.data, strict=True)
                )
                self._cache.grow((each.write.owner, each.write.kind, each.write.branch), nodes)


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
