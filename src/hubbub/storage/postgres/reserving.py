"""What is reserved before it is used: all that gathered in a few statements of the transaction that is under way.

Whoever reserves for a scope holds its lock until the transaction ends, so that no two nodes grant the same. These locks
come after all others of a transaction, in one order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubbub.core.quotas import Bucket, Counts, Key, Reservation, decide
from hubbub.storage.postgres import spending
from hubbub.storage.postgres.orders import Order

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection

_LOCK = "SELECT pg_advisory_xact_lock(k) FROM unnest($1::bigint[]) AS k"
_COUNTS = """
SELECT g.scope, g.day, coalesce(u.messages, 0) + h.messages,
  coalesce(u.prompt_tokens + u.completion_tokens, 0) + h.tokens, coalesce(u.cost, 0) + h.cost
FROM unnest($1::text[], $2::text[], $3::float8[]) AS g(scope, day, now)
LEFT JOIN usage u ON u.owner = g.scope COLLATE "C" AND u.day = g.day COLLATE "C"
CROSS JOIN LATERAL (
  SELECT count(*) AS messages, coalesce(sum(tokens), 0)::bigint AS tokens, coalesce(sum(cost), 0)::bigint AS cost
  FROM hold WHERE scope = g.scope COLLATE "C" AND day = g.day COLLATE "C" AND until > g.now) AS h
"""
_BUCKETS = "SELECT scope, level, at FROM pace WHERE scope = ANY($1::text[])"
_HOLD = """
INSERT INTO hold(id, scope, day, tokens, cost, until)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::float8[])
ON CONFLICT (id, scope) DO UPDATE SET day = excluded.day, tokens = excluded.tokens, cost = excluded.cost,
  until = excluded.until
"""
_PACE = """
INSERT INTO pace(scope, level, at) SELECT * FROM unnest($1::text[], $2::float8[], $3::float8[])
ON CONFLICT (scope) DO UPDATE SET level = excluded.level, at = excluded.at
"""


@dataclass(slots=True, eq=False)
class Reserve(Order):
    """Something is to be held. All names in it are as they are stored."""

    wanted: Reservation


async def carry_out(db: Connection, orders: Sequence[Reserve]) -> None:
    """Decide on each order in turn, and store what was granted."""
    if not orders:
        return
    wanted = [order.wanted for order in orders]
    scopes = {each.scope for one in wanted for each in one.quotas} | {
        each.scope for one in wanted for each in one.paces
    }
    await db.execute(_LOCK, sorted(map(_number, scopes)))
    repeated = [one.id for one in wanted if one.again]
    if repeated:
        await db.execute(spending.RELEASE, repeated)
    counts, buckets = await _counts(db, wanted), await _buckets(db, wanted)
    held: list[tuple[object, ...]] = []
    for order, one in zip(orders, wanted, strict=True):
        order.value = decide(one, counts, buckets)
        if order.value is None:
            held += [(one.id, each.scope, each.day, one.tokens, one.cost, one.until) for each in one.quotas]
    if held:
        last = {(row[0], row[1]): row for row in held}
        await db.execute(_HOLD, *_columns(list(last.values())))
    if buckets:
        rows = [(scope, bucket.left, bucket.at) for scope, bucket in sorted(buckets.items())]
        await db.execute(_PACE, *_columns(rows))


def _number(scope: str) -> int:
    """What stands for a scope among the database's locks."""
    return int.from_bytes(hashlib.blake2b(scope.encode(), digest_size=8, person=b"hubbub").digest(), signed=True)


async def _counts(db: Connection, wanted: Sequence[Reservation]) -> dict[Key, Counts]:
    asked = {(each.scope, each.day): one.now for one in wanted for each in one.quotas}
    if not asked:
        return {}
    rows = await db.fetch(_COUNTS, *_columns([(*key, now) for key, now in asked.items()]))
    return {(row[0], row[1]): Counts(row[2], row[3], row[4]) for row in rows}


async def _buckets(db: Connection, wanted: Sequence[Reservation]) -> dict[str, Bucket]:
    scopes = sorted({each.scope for one in wanted for each in one.paces})
    if not scopes:
        return {}
    return {row[0]: Bucket(row[1], row[2]) for row in await db.fetch(_BUCKETS, scopes)}


def _columns(rows: Sequence[tuple[object, ...]]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
