"""Looking through all of a store: whether what it says fits together, and checksums of what it holds."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing, contextmanager

from hubbub.storage import codec
from hubbub.storage.schema import OPEN, STATE_NAMES, WAITING
from hubbub.storage.tables import MOVING, Reading, Table, Values, tables

_MOST_FAULTS = 100
_SIZE = 16
_STATES = (0, 1, 2)
_FORGET = "forget:"

Progress = Callable[[str, int, int], None]
"""Told of a table, how many of its rows are done, and how many there are."""


async def rows_of(reading: Reading, table: Table, progress: Progress) -> AsyncIterator[Values]:
    """All rows of a table in the order of their keys."""
    total, done, after = await reading.count(table), 0, None
    while page := await reading.page(table, after, table.page):
        for row in page:
            yield row
        after, done = table.key(page[-1]), done + len(page)
        progress(table.name, done, max(total, done))


class Scan:
    """One walk through a store. Memory stays bounded: what has to be remembered of each row is in a temporary file."""

    def __init__(self, notes: sqlite3.Connection) -> None:
        """``notes`` is an empty database, see `scanning`."""
        self._notes = notes
        self._forgotten: set[str] = set()
        self.faults: list[str] = []
        self.counts: dict[str, int] = {}
        self.sums: dict[str, int] = {}
        """Of each table: a sum over checksums of its rows, whatever their order."""

    async def walk(self, reading: Reading, progress: Progress) -> None:
        """Look at everything, once."""
        for table in tables():
            total = count = 0
            check = getattr(self, f"_{table.name}", None)
            async for row in rows_of(reading, table, progress):
                if table.name == "meta" and row[0] == MOVING:
                    continue
                count += 1
                total += int.from_bytes(_digest(repr(row)))
                if check is not None:
                    check(dict(zip(table.columns, row, strict=True)))
            self.counts[table.name], self.sums[table.name] = count, total % (1 << 8 * _SIZE)
        self.faults.extend(await reading.faults())

    def conversations(self) -> Iterator[tuple[str, str, str, bytes]]:
        """Owner, kind, branch and its checksum: over all that can be reached from the branch and from its log."""
        yield from self._notes.execute("SELECT owner, kind, name, sum FROM conversation ORDER BY owner, kind, name")

    def conversation(self, owner: str, kind: str, name: str) -> bytes | None:
        """The checksum of one of them."""
        query = "SELECT sum FROM conversation WHERE owner = ? AND kind = ? AND name = ?"
        row = self._notes.execute(query, (owner, kind, name)).fetchone()
        return row[0] if row else None

    def _wrong(self, what: str) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(what)

    # --- what each table has to say --------------------------------------------------------------------------

    def _meta(self, row: dict[str, str]) -> None:
        if row["key"].startswith(_FORGET):  # what is left of them goes with the next pruning
            self._forgotten.add(row["key"].removeprefix(_FORGET))

    def _inbox(self, row: dict[str, object]) -> None:
        if row["state"] not in _STATES:
            self._wrong(f"inbox entry {row['id']} has no known state: {row['state']}")
        if row["state"] == WAITING:
            self._read(codec.decode_event, row["event"], f"inbox entry {row['id']} waits and cannot be read")

    def _outbox(self, row: dict[str, object]) -> None:
        state = row["state"]
        if state not in STATE_NAMES:
            self._wrong(f"delivery {row['id']} has no known state: {state}")
        elif int(str(state)) < OPEN:
            self._read(codec.decode_message, row["message"], f"delivery {row['id']} waits and cannot be read")

    def _timer(self, row: dict[str, object]) -> None:
        self._read(codec.decode_event, row["event"], f"timer {row['name']} cannot be read")

    def _node(self, row: dict[str, object]) -> None:
        parent = self._node_sum(row["parent"], row["owner"], f"node {row['id']}")
        own = _digest(repr((parent, row["owner"], row["body"], row["at"])))
        self._notes.execute("INSERT OR IGNORE INTO node VALUES (?, ?, ?)", (row["id"], row["owner"], own))

    def _branch(self, row: dict[str, object]) -> None:
        named = (row["owner"], row["kind"], row["name"])
        head = self._node_sum(row["head"], row["owner"], f"the branch {'/'.join(map(str, named))}")
        self._add(named, repr(("branch", *named, head, row["updated_at"])))

    def _branch_log(self, row: dict[str, object]) -> None:
        named = (row["owner"], row["kind"], row["name"])
        head = self._node_sum(row["head"], row["owner"], f"entry {row['id']} of a branch's log")
        self._add(named, repr(("log", *named, row["id"], head, row["reason"], row["at"])))

    def _node_sum(self, node: object, owner: object, who: str) -> bytes:
        """The checksum of everything up to a node."""
        if not node:
            return b""
        found = self._notes.execute("SELECT owner, sum FROM node WHERE id = ?", (node,)).fetchone()
        if found is None or found[0] != owner:
            if owner not in self._forgotten:
                self._wrong(f"{who} refers to node {node}, which is {'not there' if found is None else 'not theirs'}")
            return b"?"
        return bytes(found[1])

    def _add(self, named: tuple[object, ...], what: str) -> None:
        add = "INSERT INTO conversation VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET sum = plus(sum, excluded.sum)"
        self._notes.execute(add, (*named, _digest(what)))

    def _read(self, decode: Callable[[bytes], object], data: object, what: str) -> None:
        try:
            decode(data if isinstance(data, bytes) else str(data).encode())  # SQLite keeps whatever it is given
        except ValueError as error:
            self._wrong(f"{what}: {error}")


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_SIZE).digest()


def _plus(one: bytes, other: bytes) -> bytes:
    total = int.from_bytes(one) + int.from_bytes(other)
    return (total % (1 << 8 * _SIZE)).to_bytes(_SIZE)


@contextmanager
def scanning() -> Iterator[Scan]:
    """A scan with its notes, which go with the block."""
    with closing(sqlite3.connect("", isolation_level=None)) as notes:  # a temporary file, on the disk when it is large
        notes.execute("PRAGMA journal_mode = OFF")
        notes.execute("CREATE TABLE node(id INTEGER PRIMARY KEY, owner TEXT, sum BLOB)")
        notes.execute(
            "CREATE TABLE conversation(owner TEXT, kind TEXT, name TEXT, sum BLOB, PRIMARY KEY(owner, kind, name))"
            " WITHOUT ROWID"
        )
        notes.create_function("plus", 2, _plus, deterministic=True)
        yield Scan(notes)


def differences(source: Scan, target: Scan) -> Iterator[str]:
    """What two stores do not have in common: conversations by name, everything else by table."""
    for owner, kind, name, total in source.conversations():
        if target.conversation(owner, kind, name) != total:
            yield f"the {kind} {name} of {owner} differs"
    for owner, kind, name, _ in target.conversations():
        if source.conversation(owner, kind, name) is None:
            yield f"the {kind} {name} of {owner} is in the target only"
    for name, rows in source.sums.items():
        if (source.counts[name], rows) != (target.counts[name], target.sums[name]):
            yield f"{name}: {source.counts[name]} rows became {target.counts[name]}, or their content differs"
