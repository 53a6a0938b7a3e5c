"""Branches of contexts, prompts and settings, and timers: what units write besides messages.

Branches lately read or written are kept in memory; as one process owns the file, what passes through here is all that
changes them.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from functools import partial

from hubbub.core.work import Append, Archive, Branch, BranchKind, MoveHead, Node, Switch, TimerCancel, TimerSet, Write
from hubbub.storage import codec
from hubbub.storage.sqlite.cache import BranchCache
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Batch, Finish

_SET_HEAD = (
    "INSERT INTO branch(owner, kind, name, head, updated_at) VALUES(?, ?, ?, ?, ?)"
    " ON CONFLICT(owner, kind, name) DO UPDATE SET head = excluded.head, updated_at = excluded.updated_at"
)
_CHAIN = (
    "WITH RECURSIVE chain(id, parent, body, at, depth) AS ("
    " SELECT id, parent, body, at, 1 FROM node WHERE id = ?"
    " UNION ALL SELECT n.id, n.parent, n.body, n.at, depth + 1 FROM chain JOIN node n ON n.id = chain.parent"
    " WHERE depth < ?) SELECT id, parent, body, at FROM chain ORDER BY id"
)
_ALL = 1 << 31


class Branches:
    """The `Conversations` part of the contract, and the writing of units."""

    def __init__(self, reader: Reader, nodes: int = 50_000) -> None:
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

    async def owners(self, kind: BranchKind) -> Sequence[str]:
        """See `Conversations.owners`."""

        def read(db: sqlite3.Connection) -> list[str]:
            query = "SELECT DISTINCT owner FROM branch WHERE kind = ? AND head <> 0 ORDER BY owner"
            return [row[0] for row in db.execute(query, (kind,))]

        return await self._reader.read(read)

    def put(self, batch: Batch, writes: Sequence[Write]) -> Finish:
        """Let the batch write; the result is to be told how the transaction ended."""
        appended: list[tuple[Append, list[Node]]] = []
        batch.applies.append(partial(_apply_all, tuple(writes), time.time(), appended))

        def told(error: BaseException | None) -> None:
            if error is None:
                self._remember(writes, appended)

        return told

    def _remember(self, writes: Sequence[Write], appended: list[tuple[Append, list[Node]]]) -> None:
        grown = {id(write): nodes for write, nodes in appended}
        for write in writes:
            if isinstance(write, Append):
                self._cache.grow(write, grown[id(write)])
            elif isinstance(write, MoveHead | Archive):
                self._cache.forget(write.owner, write.kind, write.branch)
            elif isinstance(write, Switch):
                self._cache.switch(write.owner, write.kind, write.branch)


def _apply_all(
    writes: Sequence[Write], now: float, appended: list[tuple[Append, list[Node]]], db: sqlite3.Connection
) -> None:
    for write in writes:
        if isinstance(write, Append):
            appended.append((write, _append(db, write, now)))
        else:
            _APPLY[type(write)](db, write, now)


def _head(db: sqlite3.Connection, owner: str, kind: str, name: str) -> int:
    row = db.execute(
        "SELECT head FROM branch WHERE owner = ? AND kind = ? AND name = ?", (owner, kind, name)
    ).fetchone()
    return int(row[0]) if row else 0


def _append(db: sqlite3.Connection, write: Append, now: float) -> list[Node]:
    parent = _head(db, write.owner, write.kind, write.branch) if write.onto is None else write.onto
    nodes = []
    for body in write.bodies:
        row_id = db.execute(
            "INSERT INTO node(parent, owner, body, at) VALUES(?, ?, ?, ?)",
            (parent, write.owner, codec.encode(body), now),
        ).lastrowid
        assert row_id is not None  # noqa: S101 - an insert has one
        nodes.append(Node(row_id, parent, body, now))
        parent = row_id
    db.execute(_SET_HEAD, (write.owner, write.kind, write.branch, parent, now))
    return nodes


def _log(db: sqlite3.Connection, write: MoveHead | Archive, reason: str, now: float) -> int:
    head = _head(db, write.owner, write.kind, write.branch)
    db.execute(
        "INSERT INTO branch_log(owner, kind, name, head, reason, at) VALUES(?, ?, ?, ?, ?, ?)",
        (write.owner, write.kind, write.branch, head, reason, now),
    )
    return head


def _move(db: sqlite3.Connection, write: MoveHead, now: float) -> None:
    _log(db, write, write.reason, now)
    db.execute(_SET_HEAD, (write.owner, write.kind, write.branch, write.head, now))


def _archive(db: sqlite3.Connection, write: Archive, now: float) -> None:
    head = _log(db, write, f"archived as {write.name}", now)
    if head:
        name, number = write.name, 1
        while _head(db, write.owner, write.kind, name):
            number += 1
            name = f"{write.name}-{number}"
        db.execute(_SET_HEAD, (write.owner, write.kind, name, head, now))
    db.execute(_SET_HEAD, (write.owner, write.kind, write.branch, 0, now))


def _switch(db: sqlite3.Connection, write: Switch, now: float) -> None:  # noqa: ARG001 - one shape for all writes
    db.execute(
        "INSERT INTO branch_current(owner, kind, name) VALUES(?, ?, ?)"
        " ON CONFLICT(owner, kind) DO UPDATE SET name = excluded.name",
        (write.owner, write.kind, write.branch),
    )


def _set_timer(db: sqlite3.Connection, write: TimerSet, now: float) -> None:  # noqa: ARG001 - one shape for all writes
    db.execute(
        "INSERT INTO timer(name, due, lane, event) VALUES(?, ?, ?, ?)"
        " ON CONFLICT(name) DO UPDATE SET due = excluded.due, lane = excluded.lane, event = excluded.event",
        (write.name, write.due, write.lane, codec.encode(write.event)),
    )


def _cancel_timer(db: sqlite3.Connection, write: TimerCancel, now: float) -> None:  # noqa: ARG001 - as above
    db.execute("DELETE FROM timer WHERE name = ?", (write.name,))


_APPLY: dict[type, Callable[..., None]] = {
    MoveHead: _move,
    Archive: _archive,
    Switch: _switch,
    TimerSet: _set_timer,
    TimerCancel: _cancel_timer,
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
    nodes = tuple(
        Node(each[0], each[1], codec.decode_json(each[2]), each[3]) for each in db.execute(_CHAIN, (row[0], _ALL))
    )
    return Branch(owner, kind, wanted, row[0], row[1], nodes), not name


def _read_branches(owner: str, kind: BranchKind, db: sqlite3.Connection) -> list[Branch]:
    found = db.execute(
        "SELECT name, head, updated_at FROM branch WHERE owner = ? AND kind = ? AND head <> 0"
        " ORDER BY updated_at DESC, name",
        (owner, kind),
    )
    return [Branch(owner, kind, row[0], row[1], row[2]) for row in found]
