"""Reports of platforms, stored: all of one call in one transaction, in three statements however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hubbub.core.reports import Report
from hubbub.storage import codec, rows
from hubbub.storage.postgres import texts
from hubbub.storage.reports import COLUMNS, Standing, place, row_of

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection

_OURS = ", ".join(f"o.{column}" for column in rows.COLUMNS.split(", "))
_FIND = """
SELECT g.place, o.id FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS g(message_id, room, place)
CROSS JOIN LATERAL (
  SELECT f.id FROM outbox f
  WHERE hashtextextended(f.message_id, 0) = hashtextextended(g.message_id COLLATE "C", 0) AND f.message_id <> ''
    AND f.message_id = g.message_id AND f.room = g.room ORDER BY f.id DESC LIMIT 1) AS o
"""
_LOCK = f"SELECT {COLUMNS} FROM outbox WHERE id = ANY($1::bigint[]) ORDER BY id FOR UPDATE"  # noqa: S608 - fixed
_CHANGE = f"""
UPDATE outbox o SET state = c.state, message_id = c.message_id, error = c.error, told = c.told, told_at = c.told_at,
  next_at = 0, node = CASE c.state WHEN 0 THEN $7 ELSE o.node END
FROM unnest($1::bigint[], $2::smallint[], $3::text[], $4::text[], $5::smallint[], $6::float8[])
  AS c(id, state, message_id, error, told, told_at)
WHERE o.id = c.id RETURNING {_OURS}
"""  # noqa: S608 - fixed


def cleaned(report: Report) -> Report:
    """With its texts as they are stored. Raises Unstorable."""
    name, reason = (texts.stored(codec.clean(text)) for text in (report.message_id, report.reason))
    return replace(report, message_id=name, reason=reason)


async def store(db: Connection, reports: Sequence[Report], hub: str, node: str) -> tuple[list[Any], bool]:
    """Store them; the rows whose state is another now, and whether some came too early.

    ``reports`` are `cleaned`. ``node``: whose rows that are to be sent again are.
    """
    numbers = [row_of(report.key, hub) for report in reports]
    asked = [place for place, number in enumerate(numbers) if not number and reports[place].message_id]
    if asked:
        names = [reports[place].message_id for place in asked]
        rooms = [texts.stored(reports[place].room.key) for place in asked]
        for rank, row in await db.fetch(_FIND, names, rooms):
            numbers[asked[rank - 1]] = row
    standings = {row: Standing(*rest) for row, *rest in await db.fetch(_LOCK, numbers)}
    changed, early = place(standings, zip(numbers, reports, strict=True))
    if not changed:
        return [], early
    columns = zip(
        *((row, n.state, n.message_id, n.error, n.told, n.told_at) for row, n in changed.items()), strict=True
    )
    stored = await db.fetch(_CHANGE, *(list(column) for column in columns), node)
    return sorted(tuple(row) for row in stored if standings[row[0]].state != changed[row[0]].state), early
