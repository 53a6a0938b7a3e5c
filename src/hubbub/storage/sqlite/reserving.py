"""What is reserved before it is used, in the transaction that writes what gathered: no commit of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from hubbub.core.quotas import Bucket, Counts, Reservation, Shortage, decide
from hubbub.storage.quotas import check
from hubbub.storage.sqlite.writer import Writer

T = TypeVar("T")

_USED = "SELECT messages, prompt_tokens + completion_tokens, cost FROM usage WHERE owner = ? AND day = ?"
_HELD = (
    "SELECT count(*), coalesce(sum(tokens), 0), coalesce(sum(cost), 0) FROM hold"
    " WHERE scope = ? AND day = ? AND until > ?"
)
_HOLD = "INSERT OR REPLACE INTO hold(id, scope, day, tokens, cost, until) VALUES(?, ?, ?, ?, ?, ?)"
_PACE = "INSERT OR REPLACE INTO pace(scope, level, at) VALUES(?, ?, ?)"
_RELEASE = "DELETE FROM hold WHERE id = ?"
# A minute fills whatever is not full.
_FULL_AFTER = 120.0


class Reserving:
    """Reserves, releases, and forgets what lapsed."""

    def __init__(self, writer: Writer) -> None:
        """Nothing to load."""
        self._writer = writer

    async def reserve(self, wanted: Reservation) -> Shortage | None:
        """See `store.Usage.reserve`. Raises Unstorable."""
        check(wanted)
        return await self._shared(partial(_reserve, wanted))

    async def release(self, hold: str) -> None:
        """See `store.Usage.release`."""
        await self._shared(partial(release, hold))

    async def sweep(self, now: float) -> int:
        """See `store.Usage.sweep`."""
        return await self._shared(partial(_sweep, now))

    async def _shared(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the next batch. It is not flushed to the disk for it: a power cut may undo it."""
        found: list[T] = []
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        def finish(error: BaseException | None) -> None:
            if done.done():
                return
            if error is None:
                done.set_result(found[0])
            else:
                done.set_exception(error)

        batch = self._writer.batch
        batch.applies.append(lambda db: found.append(work(db)))
        batch.finishes.append(finish)
        return await done


def release(hold: str, db: sqlite3.Connection) -> None:
    """Hold it no more."""
    db.execute(_RELEASE, (hold,))


def _reserve(wanted: Reservation, db: sqlite3.Connection) -> Shortage | None:
    if wanted.again:
        release(wanted.id, db)
    counts = {(each.scope, each.day): _counts(db, each.scope, each.day, wanted.now) for each in wanted.quotas}
    buckets = {}
    for each in wanted.paces:
        row = db.execute("SELECT level, at FROM pace WHERE scope = ?", (each.scope,)).fetchone()
        if row is not None:
            buckets[each.scope] = Bucket(*row)
    short = decide(wanted, counts, buckets)
    if short is None:
        rows = [(wanted.id, each.scope, each.day, wanted.tokens, wanted.cost, wanted.until) for each in wanted.quotas]
        db.executemany(_HOLD, rows)
    if wanted.paces:
        db.executemany(_PACE, [(each.scope, *_level(buckets[each.scope])) for each in wanted.paces])
    return short


def _level(bucket: Bucket) -> tuple[float, float]:
    return bucket.left, bucket.at


def _counts(db: sqlite3.Connection, scope: str, day: str, now: float) -> Counts:
    used = db.execute(_USED, (scope, day)).fetchone()
    held = Counts(*db.execute(_HELD, (scope, day, now)).fetchone())
    return held if used is None else held.plus(Counts(*used))


def _sweep(now: float, db: sqlite3.Connection) -> int:
    gone = db.execute("DELETE FROM hold WHERE until <= ?", (now,)).rowcount
    return gone + db.execute("DELETE FROM pace WHERE at < ?", (now - _FULL_AFTER,)).rowcount
