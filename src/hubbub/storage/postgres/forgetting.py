"""Forgetting an owner: first what leads to their data, then the data itself, a bounded piece at a time.

A mark in the database says what is still to be removed, so that a crash in between leaves nothing behind for good.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from hubbub.storage.postgres import texts
from hubbub.storage.postgres.orders import Call
from hubbub.storage.schema import OPEN, STATE_CODES

if TYPE_CHECKING:
    from hubbub.storage.postgres.branches import Branches
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.reader import Reader
    from hubbub.storage.postgres.writer import Writer

MARK = "forget:"
# Rows that are looked at in one statement.
_RANGE = 20_000

_LANES = "lane IN ($1, $1 || chr(10) || '!')"
_WAITS = "EXISTS (SELECT 1 FROM waiting w WHERE w.lane = t.lane AND w.id = t.id)"
_DROPPED, _UNKNOWN = STATE_CODES["dropped"], STATE_CODES["unknown"]

_UNLINK = (
    "DELETE FROM branch WHERE owner = $1",
    "DELETE FROM branch_log WHERE owner = $1",
    "DELETE FROM branch_current WHERE owner = $1",
    "DELETE FROM call_log WHERE owner = $1",
    "DELETE FROM note WHERE owner = $1",
    f"DELETE FROM timer WHERE {_LANES}",  # noqa: S608 - fixed
    "DELETE FROM file WHERE owner = $1 AND owner <> ''",
    # The newest day stays: nobody gets another day's worth by being forgotten.
    "DELETE FROM usage WHERE owner = $1 AND day < (SELECT max(day) FROM usage WHERE owner = $1)",
    "UPDATE usage SET room = '' WHERE owner = $1",
)
# Rows are blanked where their number is still needed: a repeated event has to be known as one.
_REMOVE = {
    "node": "DELETE FROM node t WHERE t.id > $2 AND t.id <= $3 AND t.owner = $1",
    "outbox": f"""
UPDATE outbox t SET message = '[]', reply_to = '', error = '',
  state = CASE WHEN t.state < {OPEN} THEN {_DROPPED} ELSE t.state END
WHERE t.id > $2 AND t.id <= $3 AND t.state >= {_UNKNOWN}
AND EXISTS (SELECT 1 FROM inbox i WHERE i.id = t.entry AND i.{_LANES})
""",  # noqa: S608 - fixed
    "inbox": f"""
UPDATE inbox t SET event = 'null', error = CASE WHEN t.error IS NULL THEN NULL ELSE '' END
WHERE t.id > $2 AND t.id <= $3 AND t.{_LANES} AND NOT {_WAITS}
""",  # noqa: S608 - fixed
}
_PUT_MARK = "INSERT INTO meta VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value"


class Forgetting:
    """Lets nothing lead to an owner's data in one transaction, and removes it in many."""

    def __init__(self, writer: Writer, reader: Reader, branches: Branches) -> None:
        """``branches`` is told what it must not remember."""
        self._writer = writer
        self._reader = reader
        self._branches = branches

    async def forget(self, owner: str) -> None:
        """See `store.Store.forget`. Raises Unstorable for what can be nobody's name."""
        name = texts.name(owner)
        newest: dict[str, int] = {}

        async def unlink(db: Connection) -> None:
            newest.update(await _unlink(db, name))

        await self._writer.ask(Call(asyncio.get_running_loop().create_future(), unlink))
        self._branches.forget(owner)
        await self._remove(name, newest)

    async def resume(self) -> None:
        """Finish what a crash left undone."""
        for key, newest in await self._reader.fetch("SELECT key, value FROM meta WHERE starts_with(key, $1)", MARK):
            await self._remove(key.removeprefix(MARK), json.loads(newest))

    async def _remove(self, name: str, newest: dict[str, int]) -> None:
        for table, statement in _REMOVE.items():
            for begin in range(0, newest[table], _RANGE):
                await self._reader.execute(statement, name, begin, min(begin + _RANGE, newest[table]))
        await self._reader.execute("DELETE FROM meta WHERE key = $1", MARK + name)


async def _unlink(db: Connection, name: str) -> dict[str, int]:
    """Let nothing lead to the owner's data any more; the newest rows that there are of each table."""
    for statement in _UNLINK:
        await db.execute(statement, name)
    newest = {}
    for table in _REMOVE:
        newest[table] = int(await db.fetchval(f"SELECT coalesce(max(id), 0) FROM {table}"))  # noqa: S608 - fixed names
    await db.execute(_PUT_MARK, MARK + name, json.dumps(newest))
    return newest
