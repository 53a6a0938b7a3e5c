"""Forgetting an owner: first what leads to their data, then the data itself, a bounded piece at a time.

A mark in the file says what is still to be removed, so that a crash in between leaves nothing behind for good.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from dataclasses import dataclass
from functools import partial

from hubbub.storage import codec
from hubbub.storage.schema import OPEN, STATE_CODES
from hubbub.storage.sqlite.branches import Branches
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.writer import Writer

MARK = "forget:"
# Rows that are looked at in one reading, and that are changed in one transaction.
_RANGE = 20_000
_PIECE = 500

_LANES = "lane IN (:owner, :owner || char(10) || '!')"
# The newest day stays: nobody gets another day's worth by being forgotten.
_OLDER_DAYS = "DELETE FROM usage WHERE owner = :owner AND day < (SELECT max(day) FROM usage WHERE owner = :owner)"
_DROPPED, _UNKNOWN = STATE_CODES["dropped"], STATE_CODES["unknown"]


@dataclass(frozen=True, slots=True)
class _Table:
    """``theirs`` tells the owner's rows that nobody has to act on any more; ``remove`` what is done with each."""

    name: str
    theirs: str
    remove: str


# Rows are blanked where their number is still needed: a repeated event has to be known as one.
_TABLES = (
    _Table("node", "owner = :owner", "DELETE FROM node WHERE id = ?"),
    _Table(
        "outbox",
        f"state >= {_UNKNOWN} AND EXISTS(SELECT 1 FROM inbox i WHERE i.id = entry AND i.{_LANES})",  # noqa: S608 - fixed
        "UPDATE outbox SET message = '[]', reply_to = '', error = '',"  # noqa: S608 - fixed
        f" state = CASE WHEN state < {OPEN} THEN {_DROPPED} ELSE state END WHERE id = ?",
    ),
    _Table("inbox", f"state <> 0 AND {_LANES}", "UPDATE inbox SET event = 'null', error = '' WHERE id = ?"),
)


class Forgetting:
    """Reads what is an owner's beside the writer, and lets it only change rows by number."""

    def __init__(self, writer: Writer, reader: Reader, branches: Branches) -> None:
        """``branches`` is told what it must not remember."""
        self._writer = writer
        self._reader = reader
        self._branches = branches

    async def forget(self, owner: str) -> None:
        """See `store.Store.forget`. Raises Unstorable for what can be nobody's name."""
        codec.check(owner)
        newest: dict[str, int] = await self._writer.call(partial(_unlink, owner))
        self._branches.forget(owner)
        await self._remove(owner, newest)

    async def resume(self) -> None:
        """Finish what a crash left undone."""
        for owner, newest in await self._reader.read(_marks):
            await self._remove(owner, newest)

    async def _remove(self, owner: str, newest: dict[str, int]) -> None:
        for table in _TABLES:
            for begin in range(0, newest[table.name], _RANGE):
                end = min(begin + _RANGE, newest[table.name])
                found = await self._reader.read(partial(_find, table, owner, begin, end))
                for first in range(0, len(found), _PIECE):
                    await self._change(table.remove, found[first : first + _PIECE])
        await self._writer.call(partial(_unmark, owner))

    async def _change(self, statement: str, ids: list[tuple[int]]) -> None:
        # Not as a call: what is finished after a power cut anyway needs no flush of its own.
        changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        batch = self._writer.batch
        batch.applies.append(lambda db: db.executemany(statement, ids))
        batch.finishes.append(lambda error: _tell(changed, error))
        await changed


def _tell(future: asyncio.Future[None], error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)


def _unlink(owner: str, db: sqlite3.Connection) -> dict[str, int]:
    """Let nothing lead to the owner's data any more; the newest rows that there are of each table."""
    for name in ("branch", "branch_log", "branch_current", "call_log", "note"):
        db.execute(f"DELETE FROM {name} WHERE owner = ?", (owner,))  # noqa: S608 - fixed names
    db.execute(f"DELETE FROM timer WHERE {_LANES}", {"owner": owner})  # noqa: S608 - fixed
    db.execute("DELETE FROM file WHERE owner = ? AND owner <> ''", (owner,))
    db.execute(_OLDER_DAYS, {"owner": owner})
    db.execute("UPDATE usage SET room = '' WHERE owner = ?", (owner,))
    newest = {}
    for table in _TABLES:
        row = db.execute(f"SELECT coalesce(max(id), 0) FROM {table.name}").fetchone()  # noqa: S608 - fixed names
        newest[table.name] = int(row[0])
    db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (MARK + owner, json.dumps(newest)))
    return newest


def _marks(db: sqlite3.Connection) -> list[tuple[str, dict[str, int]]]:
    found = db.execute("SELECT key, value FROM meta WHERE key >= ? AND key < ?", (MARK, MARK[:-1] + ";"))
    return [(key.removeprefix(MARK), json.loads(value)) for key, value in found]


def _unmark(owner: str, db: sqlite3.Connection) -> None:
    db.execute("DELETE FROM meta WHERE key = ?", (MARK + owner,))


def _find(table: _Table, owner: str, begin: int, end: int, db: sqlite3.Connection) -> list[tuple[int]]:
    query = f"SELECT id FROM {table.name} WHERE id > :begin AND id <= :end AND {table.theirs}"  # noqa: S608 - fixed
    return db.execute(query, {"begin": begin, "end": end, "owner": owner}).fetchall()
