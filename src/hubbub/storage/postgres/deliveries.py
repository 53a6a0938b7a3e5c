"""What became of rows, for many rows in one statement each.

A row that another live process was handed is that one's alone: a process that was taken for dead cannot touch it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from hubbub.storage.postgres.database import LIVE
from hubbub.storage.postgres.orders import Begin, Fail, Order, Settle, of

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection

B = TypeVar("B", bound=Begin)

MINE = f"(o.node IN ('', $1) OR o.node <> ALL({LIVE}))"
"""No other live process was handed the row; $1 is our own identity."""

_BEGIN = f"""
UPDATE outbox o SET state = 1, attempts = o.attempts + 1, node = $1 FROM unnest($2::bigint[]) AS b(id)
WHERE o.id = b.id AND o.state = 0 AND {MINE} RETURNING o.id
"""  # noqa: S608 - fixed
_SETTLE = """
UPDATE outbox o SET state = 10, message_id = s.message_id, error = ''
FROM unnest($1::bigint[], $2::text[]) AS s(id, message_id) WHERE o.id = s.id
"""
_FAIL = f"""
UPDATE outbox o SET state = f.state, error = f.reason, next_at = f.next_at
FROM unnest($2::bigint[], $3::smallint[], $4::text[], $5::float8[]) AS f(id, state, reason, next_at)
WHERE o.id = f.id AND o.state < 2 AND {MINE}
"""  # noqa: S608 - fixed


async def carry_out(db: Connection, orders: Sequence[Order], identity: str) -> None:
    """Store them all, the rows in the order of their numbers. ``identity`` is our own."""
    begun, settled, failed = _sorted(orders, Begin), _sorted(orders, Settle), _sorted(orders, Fail)
    if begun:
        rows = {row[0] for row in await db.fetch(_BEGIN, identity, [order.row for order in begun])}
        for order in begun:
            order.value = order.row in rows
    if settled:
        await db.execute(_SETTLE, [order.row for order in settled], [order.message_id for order in settled])
    if failed:
        columns = zip(*((f.row, f.state, f.reason, f.next_at) for f in failed), strict=True)
        await db.execute(_FAIL, identity, *(list(column) for column in columns))


def _sorted(orders: Sequence[Order], kind: type[B]) -> list[B]:
    return sorted(of(orders, kind), key=lambda order: order.row)
