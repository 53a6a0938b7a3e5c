"""The contract of a store as a few dictionaries: what the machine compares an engine with.

Events are known by their ids, rows by their words, so that the model need not guess an engine's numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hubbub.core.capabilities import Delivery
from hubbub.core.reports import Told
from hubbub.core.work import State

if TYPE_CHECKING:
    from collections.abc import Iterable

RETRIABLE = (State.UNKNOWN, State.DEAD, State.DROPPED)
DROPPABLE = (State.QUEUED, State.UNKNOWN, State.DEAD)


@dataclass
class MEntry:
    """An accepted event; ``id`` is the engine's, 0 until it is heard of."""

    name: str
    lane: str
    id: int = 0
    waiting: bool = True


@dataclass
class MRow:
    """A message; ``entry`` is the event that caused it."""

    words: str
    entry: str
    delivery: Delivery
    state: State
    attempts: int
    message_id: str = ""
    id: int = 0
    key: str = ""
    draft: bool = False
    told: Told | None = None


@dataclass
class MLane:
    """Who works on a lane, under which fence, and which events they were handed."""

    node: str = ""
    fence: int = 0
    handed: set[str] = field(default_factory=set)


class Model:
    """Applies what a store was asked for, in the order in which it was asked."""

    def __init__(self) -> None:
        self.entries: dict[str, MEntry] = {}
        self.lanes: dict[str, MLane] = {}
        self.rows: dict[str, MRow] = {}
        self.branches: dict[str, tuple[str, ...]] = {}
        self.current = "default"
        self.timers: dict[str, tuple[float, str, str]] = {}
        """Name -> due, event, lane."""
        self.fences: dict[str, int] = {}
        """The highest fence of each lane so far."""

    def lane(self, name: str) -> MLane:
        return self.lanes.setdefault(name, MLane())

    def waiting(self, lane: str) -> list[str]:
        return [entry.name for entry in self.entries.values() if entry.lane == lane and entry.waiting]

    def free(self) -> list[str]:
        """Lanes that can be claimed."""
        names = dict.fromkeys(entry.lane for entry in self.entries.values() if entry.waiting)
        return [name for name in names if not self.lane(name).node]

    # --- the inbox ---

    def accept(self, name: str, lane: str, node: str) -> bool:
        """True if the node is handed the event at once."""
        held, older = self.lane(lane), self.waiting(lane)
        self.entries[name] = MEntry(name, lane)
        handed = held.node == node and set(older) <= held.handed if held.node else bool(node) and not older
        if handed:
            held.handed.add(name)
            held.node = node
        return handed

    def claimed(self, lane: str, node: str, fence: int) -> list[str]:
        """What a claim of the lane holds."""
        held, waiting = self.lane(lane), self.waiting(lane)
        assert not held.node, f"{lane} is claimed by {held.node} already"
        self.held(lane, node, fence)
        held.handed = set(waiting)
        return waiting

    def held(self, lane: str, node: str, fence: int) -> None:
        """The node holds the lane under this fence."""
        held = self.lane(lane)
        if held.fence != fence:
            assert fence > self.fences.get(lane, 0), "a fence did not rise"
            self.fences[lane] = held.fence = fence
        held.node = node

    def may_commit(self, lane: str, fence: int) -> bool:
        held = self.lane(lane)
        return bool(held.node) and held.fence == fence

    def give_back(self, lane: str, fence: int) -> None:
        if self.may_commit(lane, fence):
            self.lanes[lane] = MLane()

    def abandon(self, node: str) -> None:
        for lane, held in self.lanes.items():
            if held.node == node:
                self.give_back(lane, held.fence)

    def finish(self, names: Iterable[str]) -> None:
        for name in names:
            self.entries[name].waiting = False

    def release(self, lane: str, fence: int) -> bool:
        """With a unit: only if nothing waits."""
        if self.waiting(lane):
            return False
        self.give_back(lane, fence)
        return True

    def fire(self, now: float) -> list[tuple[str, str]]:
        """(event, lane) of the timers that are due; those whose events are known leave no entry."""
        due = sorted((at, name) for name, (at, _, _) in self.timers.items() if at <= now)
        fired = [self.timers.pop(name)[1:] for _, name in due]
        return [(event, lane) for event, lane in fired if event not in self.entries]

    # --- the outbox ---

    def send(self, row: MRow) -> None:
        assert row.words not in self.rows
        self.rows[row.words] = row

    def begin(self, words: str) -> bool:
        row = self.rows[words]
        if row.state is not State.QUEUED:
            return False
        row.state = State.SENDING
        row.attempts += 1
        return True

    def settle(self, words: str, message_id: str) -> None:
        self.rows[words].state = State.SENT
        self.rows[words].message_id = message_id

    def fail(self, words: str, state: State) -> None:
        if self.rows[words].state in (State.QUEUED, State.SENDING):
            self.rows[words].state = state

    def retry(self, words: str) -> bool:
        row = self.rows[words]
        if row.draft or not self._move(words, RETRIABLE, State.QUEUED):
            return False
        row.message_id, row.told = "", None
        return True

    def report(self, words: str, message_id: str, told: Told) -> bool:
        """Whether its state is another now. Each report is younger than those before it."""
        row, before = self.rows[words], self.rows[words].state
        ranks = list(Told)
        known = row.told is not None and ranks.index(row.told) >= ranks.index(told)
        if before is State.KEPT or known or (row.message_id and row.message_id != message_id):
            return False
        if told is not Told.FAILED:
            row.state, row.told, row.message_id = State.SENT, told, message_id
        elif before in (State.SENT, State.UNKNOWN):
            row.state, row.told, row.message_id = State.DEAD, told, message_id
        return row.state is not before

    def drop(self, words: str) -> bool:
        return self._move(words, DROPPABLE, State.DROPPED)

    def _move(self, words: str, allowed: tuple[State, ...], target: State) -> bool:
        row = self.rows[words]
        if row.state not in allowed:
            return False
        row.state = target
        return True

    def recover(self) -> list[str]:
        """Words of what is to be sent now."""
        for row in self.rows.values():
            if row.state is State.SENDING:
                row.state = State.QUEUED if row.delivery is Delivery.IDEMPOTENT else State.UNKNOWN
        return [row.words for row in self.rows.values() if row.state is State.QUEUED]

    def draft(self, entry: str) -> str:
        """Words of the newest draft of an event's answer, "" for none."""
        return next((row.words for row in reversed(self.rows.values()) if row.draft and row.entry == entry), "")

    def replies(self, entry: str) -> list[str] | None:
        if self.entries[entry].waiting:
            return None
        return [row.words for row in self.rows.values() if row.entry == entry and row.state is State.KEPT]

    # --- everything ---

    def restart(self) -> None:
        """The process ended, in whatever way: nobody works on anything."""
        self.lanes.clear()
