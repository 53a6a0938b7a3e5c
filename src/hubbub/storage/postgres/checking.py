"""What the database itself shows to be wrong: counters beside what they count, numbers that would be given twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hubbub.storage.postgres import texts

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection

_PATIENCE = 3600.0
_NUMBERED = """
SELECT c.relname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema AND a.attname = 'id' AND a.attidentity <> '' ORDER BY c.relname
"""
_GIVEN = """
SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('{0}', 'id')::regclass), 0), coalesce(max(id), 0) FROM {0}
"""
GO_ON = "SELECT setval(pg_get_serial_sequence('{0}', 'id'), greatest(max(id), 1), max(id) IS NOT NULL) FROM {0}"
"""Lets the numbers of a table go on behind those that are there."""
_LANES = """
SELECT coalesce(c.lane, w.lane), coalesce(c.waiting, 0), coalesce(w.found, 0), c.node, c.ready IS NULL
FROM conv c FULL JOIN (SELECT lane, count(*) AS found FROM waiting GROUP BY lane) w ON w.lane = c.lane
WHERE coalesce(c.waiting, 0) <> coalesce(w.found, 0) OR (c.node = '' AND c.ready IS NULL)
  OR (c.node = '' AND c.waiting = 0) LIMIT 20
"""
_STRAYS = """
SELECT w.lane, w.id FROM waiting w LEFT JOIN inbox i ON i.id = w.id WHERE i.lane IS DISTINCT FROM w.lane LIMIT 20
"""
_INVALID = """
SELECT c.relname FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema AND NOT (x.indisvalid AND x.indisready) ORDER BY 1
"""


async def numbered(db: Connection) -> Sequence[str]:
    """Tables whose rows the database numbers."""
    return [str(row[0]) for row in await db.fetch(_NUMBERED)]


async def faults(db: Connection) -> Sequence[str]:
    """One line for each fault, a bounded number."""
    found = [f"the index {row[0]} is not valid: REINDEX it" for row in await db.fetch(_INVALID)]
    for lane, counted, waiting, node, unready in await db.fetch(_LANES, timeout=_PATIENCE):
        what = f"held by {texts.read(node)}" if node else "never ready" if unready else "free"
        found.append(f"the lane {texts.read(lane)} counts {counted} waiting entries, there are {waiting} ({what})")
    for lane, entry in await db.fetch(_STRAYS, timeout=_PATIENCE):
        found.append(f"entry {entry} waits in the lane {texts.read(lane)} and is not in the inbox of it")
    for name in await numbered(db):
        row = await db.fetchrow(_GIVEN.format(name), timeout=_PATIENCE)
        if row is not None and row[1] > row[0]:
            found.append(f"{name} would give the number {row[0] + 1} again: there is {row[1]} already")
    return found
