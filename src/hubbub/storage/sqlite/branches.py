"""Branches of contexts, prompts and settings, and what else units write besides messages.

Branches lately read or written are kept in memory; as one process owns the file, what passes through here is all that
changes them.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from hubbub.core.errors import Unstorable
from hubbub.core.work import (
    REPLACED,
    Append,
    Archive,
    Branch,
    BranchKind,
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
from hubbub.storage.sqlite import calls, usage
from hubbub.storage.sqlite.cache import BranchCache
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Batch, Finish

_SET_HEAD = (
    "INSERT INTO branch(owner, kind, name, head, updated_at) VALUES(?, ?, ?, ?, ?)"
    " ON CONFLICT(owner, kind, name) DO UPDATE SET head = excluded.head, updated_at = excluded.updated_at"
)
_SET_CURRENT = (
    "INSERT INTO branch_current(owner, kind, name) VALUES(?, ?, ?)"
    " ON CONFLICT(owner, kind) DO UPDATE SET name = excluded.name"
)
_SET_TIMER = (
    "INSERT INTO timer(name, due, lane, event) VALUES(?, ?, ?, ?)"
    " ON CONFLICT(name) DO UPDATE SET due = excluded.due, lane = excluded.lane, event = excluded.event"
)
_INSERT_NODE = "INSERT INTO node(parent, owner, body, at) VALUES(?, ?, ?, ?)"
_INSERT_LOG = "INSERT INTO branch_log(owner, kind, name, head, reason, at) VALUES(?, ?, ?, ?, ?, ?)"
_CHAIN = (
    "WITH RECURSIVE chain(id, parent, body, at) AS ("
    " SELECT id, parent, body, at FROM node WHERE id = ?"
    " UNION ALL SELECT n.id, n.parent, n.body, n.at FROM chain JOIN node n ON n.id = chain.parent)"
    " SELECT id, parent, body, at FROM chain ORDER BY id"
)
_ALL_IDS = 1 << 63

Prepared = tuple[Write, tuple[bytes, ...]]
"""A write, and what of it is JSON."""


class Branches:
    """The `Conversations` part of the contract, and the writing of units."""

    def __init__(self, reader: Reader, nodes: int = 45_000) -> None:
        """``nodes``: how many nodes are kept in memory."""
        self._reader = reader
        self._cache = BranchCache(nodes)

    async def branch(self, owner: str, kind: BranchKind, name: str = "", limit: int = 0) -> Branch:
        """See `Conversations.branch`."""
        found = self._cache.find(owner, kind, name) or await self._fetch(owner, kind, name)
        if limit and len(found.nodes) > limit:
            return Branch(found.owner, found.kind, found.name, found.head, found.updated_at, found.nodes[-limit:])
        return found

    async def _fetch(self, owner: str, kind: BranchKind, name: str) -> Branch:
        version = self._cache.version
        found, current = await self._reader.read(partial(_read_branch, owner, kind, name))
        # What was written while the thread read may be newer than what it saw.
        if version == self._cache.version:
            self._cache.keep(found, current=current)
        return found

    async def branches(self, owner: str, kind: BranchKind) -> Sequence[Branch]:
        """See `Conversations.branches`."""
        return await self._reader.read(partial(_read_branches, owner, kind))

    async def owners(self, kind: BranchKind, but: str = "") -> Sequence[str]:
        """See `Conversations.owners`."""

        def read(db: sqlite3.Connection) -> list[str]:
            query = (
                "SELECT DISTINCT owner FROM branch WHERE kind = :kind AND head <> 0"
                " AND (:but = '' OR substr(name, 1, length(:but)) <> :but) ORDER BY owner"
            )
            return [row[0] for row in db.execute(query, {"kind": kind, "but": but})]

        return await self._reader.read(read)

    def forget(self, owner: str) -> None:
        """Remember nothing of an owner whose branches were removed."""
        self._cache.forget_owner(owner)

    def prepare(self, writes: Sequence[Write]) -> list[Prepared]:
        """Writes with all of them that has to be JSON. Raises Unstorable."""
        return [(write, _PREPARE[type(write)](write)) for write in writes]

    def put(self, batch: Batch, writes: Sequence[Prepared]) -> Finish:
        """Let the batch write; the result is to be told how the transaction ended."""
        done: list[object] = []
        batch.applies.append(partial(apply_all, writes, time.time(), done))

        def told(error: BaseException | None) -> None:
            if error is None:
                self._remember_all(writes, done)

        return told

    def _remember_all(self, writes: Sequence[Prepared], done: Sequence[object]) -> None:
        for (write, _), result in zip(writes, done, strict=True):
            self._remember(write, result)

    def _remember(self, write: Write, result: Any) -> None:
        if isinstance(write, Append):
            self._cache.grow(write, result)
        elif isinstance(write, MoveHead):
            self._cache.forget(write.owner, write.kind, write.branch)
        elif isinstance(write, Archive):
            self._cache.forget(write.owner, write.kind, write.branch)
            self._cache.forget(write.owner, write.kind, result)
        elif isinstance(write, Switch):
            self._cache.switch(write.owner, write.kind, write.branch)


def _prepare_append(write: Append) -> tuple[bytes, ...]:
    codec.check(write.owner, write.branch)
    return tuple(codec.encode(body) for body in write.bodies)


def _prepare_move(write: MoveHead) -> tuple[bytes, ...]:
    codec.check(write.owner, write.branch, write.reason)
    return ()


def _prepare_archive(write: Archive) -> tuple[bytes, ...]:
    codec.check(write.owner, write.branch, write.name)
    return ()


def _prepare_switch(write: Switch) -> tuple[bytes, ...]:
    codec.check(write.owner, write.branch)
    return ()


def _prepare_timer(write: TimerSet) -> tuple[bytes, ...]:
    codec.check(write.name, write.lane)
    if not math.isfinite(write.due):
        msg = f"the timer {write.name} has no time: {write.due}"
        raise Unstorable(msg)
    return (codec.encode(write.event),)


def _prepare_cancel(write: TimerCancel) -> tuple[bytes, ...]:
    codec.check(write.name)
    return ()


_PREPARE: dict[type, Callable[..., tuple[bytes, ...]]] = {
    Append: _prepare_append,
    MoveHead: _prepare_move,
    Switch: _prepare_switch,
    Archive: _prepare_archive,
    TimerSet: _prepare_timer,
    TimerCancel: _prepare_cancel,
    Spend: usage.prepare,
    LogCall: calls.prepare,
}


def apply_all(writes: Sequence[Prepared], now: float, done: list[object], db: sqlite3.Connection) -> None:
    """Carry writes out within a transaction; ``done`` gets what came of each."""
    done.extend(_APPLY[type(write)](db, write, data, now) for write, data in writes)


def head_of(db: sqlite3.Connection, owner: str, kind: str, name: str) -> int:
    """The node that a branch ends at, 0 for an empty one."""
    row = db.execute(
        "SELECT head FROM branch WHERE owner = ? AND kind = ? AND name = ?", (owner, kind, name)
    ).fetchone()
    return int(row[0]) if row else 0


def _owns(db: sqlite3.Connection, owner: str, node: int) -> bool:
    """Whether a node is there and the owner's own: nobody's branch ever leads into another's."""
    if not 0 < node < _ALL_IDS:
        return False
    return db.execute("SELECT 1 FROM node WHERE id = ? AND owner = ?", (node, owner)).fetchone() is not None


def _append(db: sqlite3.Connection, write: Append, bodies: tuple[bytes, ...], now: float) -> list[Node]:
    parent = write.onto
    if parent is None or (parent and not _owns(db, write.owner, parent)):
        parent = head_of(db, write.owner, write.kind, write.branch)
    if write.onto is not None:
        _leave(db, write, parent, now)
    nodes = []
    for data in bodies:
        row_id = db.execute(_INSERT_NODE, (parent, write.owner, data, now)).lastrowid
        assert row_id is not None  # noqa: S101 - an insert has one
        nodes.append(Node(row_id, parent, codec.decode_json(data), now))
        parent = row_id
    db.execute(_SET_HEAD, (write.owner, write.kind, write.branch, parent, now))
    return nodes


def _leave(db: sqlite3.Connection, write: Append, parent: int, now: float) -> None:
    """Nodes go behind another one than the branch's end: what ended there stays in the branch's log."""
    head = head_of(db, write.owner, write.kind, write.branch)
    if head not in (0, parent):
        db.execute(_INSERT_LOG, (write.owner, write.kind, write.branch, head, REPLACED, now))


def _log(db: sqlite3.Connection, write: MoveHead | Archive, reason: str, now: float) -> int:
    head = head_of(db, write.owner, write.kind, write.branch)
    db.execute(_INSERT_LOG, (write.owner, write.kind, write.branch, head, reason, now))
    return head


def _move(db: sqlite3.Connection, write: MoveHead, data: object, now: float) -> None:  # noqa: ARG001 - one shape for all
    if not write.head or _owns(db, write.owner, write.head):
        _log(db, write, write.reason, now)
        db.execute(_SET_HEAD, (write.owner, write.kind, write.branch, write.head, now))


def _archive(db: sqlite3.Connection, write: Archive, data: object, now: float) -> str:  # noqa: ARG001 - as above
    head = _log(db, write, f"archived as {write.name}", now)
    name, number = write.name, 1
    if head:
        while head_of(db, write.owner, write.kind, name):
            number += 1
            name = f"{write.name}-{number}"
        db.execute(_SET_HEAD, (write.owner, write.kind, name, head, now))
    db.execute(_SET_HEAD, (write.owner, write.kind, write.branch, 0, now))
    return name


def _switch(db: sqlite3.Connection, write: Switch, data: object, now: float) -> None:  # noqa: ARG001 - as above
    db.execute(_SET_CURRENT, (write.owner, write.kind, write.branch))


def _set_timer(db: sqlite3.Connection, write: TimerSet, data: tuple[bytes, ...], now: float) -> None:  # noqa: ARG001
    db.execute(_SET_TIMER, (write.name, write.due, write.lane, data[0]))


def _cancel_timer(db: sqlite3.Connection, write: TimerCancel, data: object, now: float) -> None:  # noqa: ARG001
    db.execute("DELETE FROM timer WHERE name = ?", (write.name,))


_APPLY: dict[type, Callable[..., object]] = {
    Append: _append,
    MoveHead: _move,
    Archive: _archive,
    Switch: _switch,
    TimerSet: _set_timer,
    TimerCancel: _cancel_timer,
    Spend: usage.apply,
    LogCall: calls.apply,
}


def _current(db: sqlite3.Connection, owner: str, kind: str) -> str:
    row = db.execute("SELECT name FROM branch_current WHERE owner = ? AND kind = ?", (owner, kind)).fetchone()
    return str(row[0]) if row else "default"


def _read_branch(owner: str, kind: BranchKind, name: str, db: sqlite3.Connection) -> tuple[Branch, bool]:
    """The branch, and whether its name was looked up as the current one."""
    wanted = name or _current(db, owner, kind)
    row = db.execute(
        "SELECT head, updated_at FROM branch WHERE owner = ? AND kind = ? AND name = ?", (owner, kind, wanted)
    ).fetchone()
    if row is None or not row[0]:
        return Branch(owner, kind, wanted, 0, row[1] if row else 0.0), not name
    nodes = tuple(Node(each[0], each[1], codec.decode_json(each[2]), each[3]) for each in db.execute(_CHAIN, (row[0],)))
    return Branch(owner, kind, wanted, row[0], row[1], nodes), not name


def _read_branches(owner: str, kind: BranchKind, db: sqlite3.Connection) -> list[Branch]:
    found = db.execute(
        "SELECT name, head, updated_at FROM branch WHERE owner = ? AND kind = ? AND head <> 0"
        " ORDER BY updated_at DESC, name",
        (owner, kind),
    )
    return [Branch(owner, kind, row[0], row[1], row[2]) for row in found]
