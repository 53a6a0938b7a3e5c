"""`store.Conversations` in memory: applies the writes of units as a store does, and forgets them with the test."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from time import time
from typing import TYPE_CHECKING

from hubbub.core.work import (
    Append,
    Archive,
    Branch,
    BranchKind,
    LogCall,
    MoveHead,
    Node,
    Spend,
    Spent,
    Step,
    Switch,
    Write,
)
from tests.fakes.reserving import Reserved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hubbub.core.ports import Answer
    from hubbub.core.quotas import Reservation, Shortage

Key = tuple[str, BranchKind, str]


class MemoryConversations:
    """Bodies go through JSON, so that a test fails where a store would. ``log`` holds the heads that were left."""

    def __init__(self, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        self._ids = itertools.count(1)
        self._nodes: dict[int, Node] = {}
        self._owners: dict[int, str] = {}
        self._branches: dict[Key, Branch] = {}
        self._current: dict[tuple[str, BranchKind], str] = {}
        self.log: list[tuple[Key, int, str]] = []
        self.spends: list[Spend] = []
        self.calls: list[LogCall] = []
        self._steps: list[tuple[str, BranchKind, Step]] = []

    async def branch(self, owner: str, kind: BranchKind, name: str = "", limit: int = 0) -> Branch:
        name = name or self._current.get((owner, kind), "default")
        found = self._branches.get((owner, kind, name), Branch(owner, kind, name))
        nodes: list[Node] = []
        head = found.head
        while head and not (limit and len(nodes) >= limit):
            nodes.append(self._nodes[head])
            head = self._nodes[head].parent
        return replace(found, nodes=tuple(reversed(nodes)))

    async def branches(self, owner: str, kind: BranchKind) -> Sequence[Branch]:
        found = [branch for key, branch in self._branches.items() if key[:2] == (owner, kind) and branch.head]
        return sorted(found, key=lambda branch: -branch.updated_at)

    async def owners(self, kind: BranchKind, but: str = "") -> Sequence[str]:
        found = {key for key, branch in self._branches.items() if key[1] == kind and branch.head}
        return sorted({key[0] for key in found if not (but and key[2].startswith(but))})

    async def trail(self, owner: str, kind: BranchKind, since: float = 0.0) -> Sequence[Step]:
        found = [step for who, what, step in self._steps if (who, what) == (owner, kind) and step.time >= since]
        return found[::-1]

    async def chain(self, owner: str, head: int) -> Sequence[Node]:
        nodes: list[Node] = []
        while head and self._owners.get(head) == owner:
            nodes.append(self._nodes[head])
            head = self._nodes[head].parent
        return nodes[::-1]

    async def change(self, writes: Sequence[Write], seen: Sequence[Branch] = ()) -> bool:
        if any(self._head((each.owner, each.kind, each.name)) != each.head for each in seen):
            return False
        self.apply(*writes)
        return True

    def apply(self, *writes: Write) -> None:
        """Do what a committed unit asks for."""
        for write in writes:
            match write:
                case Append():
                    self._append(write)
                case MoveHead():
                    self._leave((write.owner, write.kind, write.branch), write.head, write.reason)
                case Archive():
                    self._archive(write)
                case Switch():
                    self._current[write.owner, write.kind] = write.branch
                case Spend():
                    self.spends.append(write)
                case LogCall():
                    self.calls.append(write)
                case _:
                    raise TypeError(f"not of a conversation: {write}")

    def keep(self, answer: Answer) -> Answer:
        """Apply what an answer changes, and hand it on."""
        self.apply(*answer.writes)
        return answer

    def _head(self, key: Key) -> int:
        found = self._branches.get(key)
        return found.head if found else 0

    def _set(self, key: Key, head: int) -> None:
        assert not head or head in self._nodes
        self._branches[key] = Branch(*key, head=head, updated_at=self._clock())

    def _append(self, write: Append) -> None:
        key = (write.owner, write.kind, write.branch)
        parent = self._head(key) if write.onto is None else write.onto
        for body in write.bodies:
            number = next(self._ids)
            self._owners[number] = write.owner
            self._nodes[number] = Node(number, parent, json.loads(json.dumps(body)), self._clock())
            parent = number
        self._set(key, parent)

    def _leave(self, key: Key, head: int, reason: str) -> None:
        old = self._head(key)
        self.log.append((key, old, reason))
        self._set(key, head)
        step = Step(len(self._steps) + 1, key[2], old, reason, self._branches[key].updated_at)
        self._steps.append((key[0], key[1], step))

    def _archive(self, write: Archive) -> None:
        head = self._head((write.owner, write.kind, write.branch))
        name, number = write.name, 1
        while self._head((write.owner, write.kind, name)):
            number += 1
            name = f"{write.name}-{number}"
        if head:
            self._set((write.owner, write.kind, name), head)
        self._leave((write.owner, write.kind, write.branch), 0, f"archived as {name}")


class MemoryUsage:
    """`store.Usage` over what `MemoryConversations` was told."""

    def __init__(self, kept: MemoryConversations) -> None:
        self._kept = kept
        self.reserved = Reserved()

    async def reserve(self, wanted: Reservation) -> Shortage | None:
        return self.reserved.ask(wanted, self._kept.spends)

    async def release(self, hold: str) -> None:
        self.reserved.holds.pop(hold, None)

    async def sweep(self, now: float) -> int:
        raise NotImplementedError

    async def days(self, owner: str, first: str, last: str) -> Mapping[str, Spent]:
        days = sorted({each.day for each in self._kept.spends if each.owner == owner and first <= each.day <= last})
        return {day: await self.spent(owner, day, day) for day in days}

    async def spent(self, owner: str, first: str, last: str) -> Spent:
        found = [each for each in self._kept.spends if each.owner == owner and first <= each.day <= last]
        return Spent(
            owner,
            sum(each.messages for each in found),
            sum(each.prompt_tokens for each in found),
            sum(each.completion_tokens for each in found),
            cost=sum(each.cost for each in found),
        )

    async def spenders(self, limit: int = 100) -> Sequence[Spent]:
        owners = dict.fromkeys(each.owner for each in reversed(self._kept.spends))
        return [await self.spent(owner, "", "9") for owner in list(owners)[:limit]]

    async def add(self, spend: Spend) -> None:
        self._kept.spends.append(spend)
        self.reserved.counted(spend)
