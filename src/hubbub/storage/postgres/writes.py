"""What units write besides messages: branches of what owners keep, and timers; many units in a few statements.

The branches are locked first, in the order of their names; then the writes are done one after the other on what was
read, and their sum is stored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from hubbub.core.errors import Unstorable
from hubbub.core.work import (
    REPLACED,
    Append,
    Archive,
    LogCall,
    MoveHead,
    Node,
    Spend,
    Switch,
    TimerCancel,
    TimerSet,
    Write,
)
from hubbub.storage import codec
from hubbub.storage.postgres import records, spending, texts

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection

Key: TypeAlias = tuple[str, str, str]
"""Owner, kind and name of a branch, as stored."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A write, its names and its JSON as they are stored."""

    write: Write
    names: tuple[str, ...]
    data: tuple[bytes, ...] = ()

    @property
    def branch(self) -> Key | None:
        """The branch that it is about."""
        if isinstance(self.write, Append | MoveHead | Archive):
            return (self.names[0], self.write.kind, self.names[1])
        return None

    @property
    def node(self) -> int:
        """The node that it names as a branch's end, if any."""
        if isinstance(self.write, Append):
            return texts.number(self.write.onto or 0)
        return texts.number(self.write.head) if isinstance(self.write, MoveHead) else 0


def prepare(writes: Iterable[Write]) -> list[Prepared]:
    """Check and encode what is to be written. Raises Unstorable."""
    return [_PREPARE[type(write)](write) for write in writes]


def _append(write: Append) -> Prepared:
    names = (texts.name(write.owner), texts.name(write.branch))
    return Prepared(write, names, tuple(codec.encode(body) for body in write.bodies))


def _move(write: MoveHead) -> Prepared:
    return Prepared(write, (texts.name(write.owner), texts.name(write.branch), texts.stored(write.reason)))


def _archive(write: Archive) -> Prepared:
    return Prepared(write, (texts.name(write.owner), texts.name(write.branch), texts.name(write.name)))


def _switch(write: Switch) -> Prepared:
    return Prepared(write, (texts.name(write.owner), texts.name(write.branch)))


def _set(write: TimerSet) -> Prepared:
    if not math.isfinite(write.due):
        msg = f"the timer {write.name} has no time: {write.due}"
        raise Unstorable(msg)
    return Prepared(write, (texts.name(write.name), texts.name(write.lane)), (codec.encode(write.event),))


def _cancel(write: TimerCancel) -> Prepared:
    return Prepared(write, (texts.name(write.name),))


def _log_call(write: LogCall) -> Prepared:
    owner, model, _, record = records.prepare(write.call)
    return Prepared(write, (owner, model), (record,))


_PREPARE: dict[type, Callable[[Any], Prepared]] = {
    Append: _append,
    MoveHead: _move,
    Archive: _archive,
    Switch: _switch,
    TimerSet: _set,
    TimerCancel: _cancel,
    Spend: lambda spend: Prepared(spend, spending.prepare(spend)),
    LogCall: _log_call,
}

# Numbers of nodes are drawn under the locks: on every branch they rise from the first node to the last.
_DRAW = """
drawn AS MATERIALIZED (
  SELECT nextval('node_id_seq') AS id FROM (SELECT count(*) FROM locked) AS all_locked, generate_series(1, $4::integer))
SELECT owner, kind, name, head, 0 AS id FROM locked UNION ALL SELECT '', '', '', 0, id FROM drawn
"""
_LOCK = f"""
WITH locked AS MATERIALIZED (
  SELECT owner, kind, name, head FROM branch
  WHERE (owner, kind, name) IN (SELECT * FROM unnest($1::text[], $2::text[], $3::text[]))
  ORDER BY owner, kind, name FOR UPDATE), {_DRAW}
"""  # noqa: S608 - fixed
_MAKE = f"""
WITH locked AS (
  INSERT INTO branch AS b (owner, kind, name, head, updated_at)
  SELECT owner, kind, name, 0, 0 FROM unnest($1::text[], $2::text[], $3::text[]) AS g(owner, kind, name)
  ON CONFLICT (owner, kind, name) DO UPDATE SET head = b.head RETURNING owner, kind, name, head), {_DRAW}
"""  # noqa: S608 - fixed
_OWNERS = "SELECT id, owner FROM node WHERE id = ANY($1::bigint[])"
_GROW = """
WITH grown AS (
  INSERT INTO node(id, parent, owner, body, at)
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bytea[], $5::float8[]))
UPDATE branch b SET head = h.head, updated_at = h.at
FROM unnest($6::text[], $7::text[], $8::text[], $9::bigint[], $10::float8[]) AS h(owner, kind, name, head, at)
WHERE b.owner = h.owner AND b.kind = h.kind AND b.name = h.name
"""
_LOG = """
INSERT INTO branch_log(owner, kind, name, head, reason, at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::float8[])
"""
_CURRENT = """
INSERT INTO branch_current(owner, kind, name) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
ON CONFLICT (owner, kind) DO UPDATE SET name = excluded.name
"""
_TIMERS = """
INSERT INTO timer(name, due, lane, event) SELECT * FROM unnest($1::text[], $2::float8[], $3::text[], $4::bytea[])
ON CONFLICT (name) DO UPDATE SET due = excluded.due, lane = excluded.lane, event = excluded.event
"""
_CANCEL = "DELETE FROM timer WHERE name = ANY($1::text[])"


async def carry_out(db: Connection, units: Sequence[tuple[Sequence[Prepared], float]]) -> list[list[Node]]:
    """Store the writes of units, each with its time, in their order; the new nodes of each unit."""
    work = _Work(db)
    await work.read([each for writes, _ in units for each in writes])
    made = []
    for writes, now in units:
        work.nodes_of_unit = []
        for each in writes:
            await work.do(each, now)
        made.append(work.nodes_of_unit)
    await work.store()
    return made


async def carry_out_if(db: Connection, heads: Mapping[Key, int], changes: Sequence[Prepared], now: float) -> bool:
    """Store writes if these branches end at these nodes; they are locked until the transaction ends."""
    work = _Work(db)
    await work.read(changes, heads)
    if any(work.heads[key] != head for key, head in heads.items()):
        return False
    for each in changes:
        await work.do(each, now)
    await work.store()
    return True


@dataclass(slots=True)
class _Work:
    db: Connection
    heads: dict[Key, int] = field(default_factory=dict)
    """Of locked branches, as they are after the writes so far."""
    changed: dict[Key, float] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    numbers: list[int] = field(default_factory=list)
    nodes: list[tuple[int, int, str, bytes, float]] = field(default_factory=list)
    nodes_of_unit: list[Node] = field(default_factory=list)
    logs: list[tuple[str, str, str, int, str, float]] = field(default_factory=list)
    current: dict[tuple[str, str], str] = field(default_factory=dict)
    timers: dict[str, tuple[float, str, bytes] | None] = field(default_factory=dict)
    spends: list[tuple[tuple[str, ...], Spend, float]] = field(default_factory=list)

    logged: list[records.Logged] = field(default_factory=list)

    async def read(self, writes: Sequence[Prepared], more: Iterable[Key] = ()) -> None:
        """Lock the branches, and ``more``, and look up all that the writes depend on."""
        keys = {each.branch for each in writes if each.branch is not None}.union(more)
        await self._lock(keys, sum(len(each.data) for each in writes if isinstance(each.write, Append)))
        ends = [each.node for each in writes if each.node > 0]
        if ends:
            self.owners = {row[0]: row[1] for row in await self.db.fetch(_OWNERS, ends)}

    async def _lock(self, keys: Iterable[Key], count: int = 0) -> None:
        """Lock branches that are not locked yet, and draw numbers for ``count`` nodes."""
        wanted = sorted(key for key in keys if key not in self.heads)
        if not wanted:
            return
        self._learn(await self.db.fetch(_LOCK, *_columns(wanted, 3), count))
        missing = sorted(set(wanted).difference(self.heads))
        if missing:
            self._learn(await self.db.fetch(_MAKE, *_columns(missing, 3), count))

    def _learn(self, rows: Sequence[Any]) -> None:
        self.heads.update({(row[0], row[1], row[2]): row[3] for row in rows if not row[4]})
        drawn = [row[4] for row in rows if row[4]]
        if drawn:
            self.numbers = drawn[::-1]

    async def do(self, each: Prepared, now: float) -> None:
        """One write, on what the writes before it left."""
        write = each.write
        if isinstance(write, Append):
            self._append(write, each, now)
        elif isinstance(write, MoveHead):
            self._move(each, now)
        elif isinstance(write, Archive):
            await self._archive(write, each, now)
        elif isinstance(write, Switch):
            self.current[each.names[0], write.kind] = each.names[1]
        elif isinstance(write, TimerSet):
            self.timers[each.names[0]] = (write.due, each.names[1], each.data[0])
        elif isinstance(write, TimerCancel):
            self.timers[each.names[0]] = None
        elif isinstance(write, LogCall):
            self.logged.append((each.names[0], each.names[1], write.call.at, each.data[0]))
        else:
            self.spends.append((each.names, write, now))

    def _owns(self, owner: str, node: int) -> bool:
        """Whether a node is there and the owner's own: nobody's branch ever leads into another's."""
        return node > 0 and self.owners.get(node) == owner

    def _set_head(self, key: Key, head: int, now: float) -> None:
        self.heads[key], self.changed[key] = head, now

    def _append(self, write: Append, each: Prepared, now: float) -> None:
        key = _branch(each)
        parent = each.node
        if write.onto is None or (write.onto and not self._owns(key[0], parent)):
            parent = self.heads[key]
        elif self.heads[key] not in (0, parent):
            self._log(key, REPLACED, now)
        for data in each.data:
            number = self.numbers.pop()
            self.nodes.append((number, parent, key[0], data, now))
            self.nodes_of_unit.append(Node(number, parent, data, now))
            self.owners[number] = key[0]
            parent = number
        self._set_head(key, parent, now)

    def _log(self, key: Key, reason: str, now: float) -> int:
        head = self.heads[key]
        self.logs.append((*key, head, reason, now))
        return head

    def _move(self, each: Prepared, now: float) -> None:
        key = _branch(each)
        wanted = each.write.head if isinstance(each.write, MoveHead) else 0
        if not wanted or self._owns(key[0], each.node):
            self._log(key, each.names[2], now)
            self._set_head(key, each.node, now)

    async def _archive(self, write: Archive, each: Prepared, now: float) -> None:
        key = _branch(each)
        head = self._log(key, f"archived as {each.names[2]}", now)
        if head:
            target, count = (key[0], key[1], each.names[2]), 1
            await self._lock([target])
            while self.heads[target]:
                count += 1
                target = (key[0], key[1], texts.name(f"{write.name}-{count}"))
                await self._lock([target])
            self._set_head(target, head, now)
        self._set_head(key, 0, now)

    async def store(self) -> None:
        """The sum of all that was done."""
        heads = [(*key, self.heads[key], now) for key, now in sorted(self.changed.items())]
        if heads:
            await self.db.execute(_GROW, *_columns(self.nodes, 5), *_columns(heads, 5))
        if self.logs:
            await self.db.execute(_LOG, *_columns(self.logs, 6))
        current = [(*key, name) for key, name in sorted(self.current.items())]
        if current:
            await self.db.execute(_CURRENT, *_columns(current, 3))
        if self.spends:
            await spending.add(self.db, self.spends)
        if self.logged:
            await records.add(self.db, self.logged)
        await self._store_timers()

    async def _store_timers(self) -> None:
        kept = [(name, *timer) for name, timer in sorted(self.timers.items()) if timer is not None]
        gone = sorted(name for name, timer in self.timers.items() if timer is None)
        if kept:
            await self.db.execute(_TIMERS, *_columns(kept, 4))
        if gone:
            await self.db.execute(_CANCEL, gone)


def _branch(each: Prepared) -> Key:
    assert each.branch is not None  # noqa: S101 - of the kinds that have one
    return each.branch


def _columns(rows: Iterable[tuple[Any, ...]], width: int) -> list[list[Any]]:
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
    return columns or [[] for _ in range(width)]
