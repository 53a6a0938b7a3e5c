"""Reports of platforms, stored: all of one call in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from hubbub.core.reports import Report
from hubbub.storage import codec
from hubbub.storage.reports import COLUMNS, Standing, place, row_of

_BY_NUMBER = f"SELECT {COLUMNS} FROM outbox WHERE id = ?"  # noqa: S608 - fixed column names
# Platforms that count in circles use an id again: the newest is meant.
_BY_ID = f"""
SELECT {COLUMNS} FROM outbox WHERE message_id = ? AND message_id <> '' AND room = ? ORDER BY id DESC LIMIT 1
"""  # noqa: S608 - fixed column names
_CHANGE = "UPDATE outbox SET state = ?, message_id = ?, error = ?, told = ?, told_at = ?, next_at = 0 WHERE id = ?"


def store(db: sqlite3.Connection, reports: Sequence[Report], hub: str) -> tuple[list[int], bool]:
    """Store them; the numbers of the rows whose state is another now, and whether some came too early."""
    standings: dict[int, Standing] = {}
    found = []
    for given in reports:
        report = replace(given, message_id=codec.clean(given.message_id), reason=codec.clean(given.reason))
        number = row_of(report.key, hub)
        columns = db.execute(*((_BY_NUMBER, (number,)) if number else (_BY_ID, (report.message_id, report.room.key))))
        for row, *rest in columns:
            standings.setdefault(row, Standing(*rest))
            found.append((row, report))
    changed, early = place(standings, found)
    for row, now in changed.items():
        db.execute(_CHANGE, (now.state, now.message_id, now.error, now.told, now.told_at, row))
    return [row for row, now in changed.items() if now.state != standings[row].state], early
