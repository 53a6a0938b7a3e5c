"""Counting what owners spent, within the transaction of the unit that spent it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hubbub.core.errors import Unstorable
from hubbub.core.work import Spend
from hubbub.storage.postgres import texts
from hubbub.storage.quotas import LARGEST

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection

RELEASE = "DELETE FROM hold WHERE id = ANY($1::text[])"

_ADD = """
INSERT INTO usage AS u (owner, day, messages, prompt_tokens, completion_tokens, cost, room, at)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[],
  $8::float8[])
ON CONFLICT (owner, day) DO UPDATE SET messages = u.messages + excluded.messages,
  prompt_tokens = u.prompt_tokens + excluded.prompt_tokens,
  completion_tokens = u.completion_tokens + excluded.completion_tokens, cost = u.cost + excluded.cost,
  room = CASE excluded.room WHEN '' THEN u.room ELSE excluded.room END, at = excluded.at
"""


def prepare(spend: Spend) -> tuple[str, ...]:
    """Day, room, whom it counts for (the owner first), and what was held for it, as stored. Raises Unstorable."""
    counts = (spend.messages, spend.prompt_tokens, spend.completion_tokens, spend.cost)
    if not all(0 <= count < LARGEST for count in counts):
        msg = f"this cannot be counted: {spend}"
        raise Unstorable(msg)
    owner = (texts.name(spend.day), texts.stored(spend.room), texts.name(spend.owner))
    return (*owner, *map(texts.key, spend.shares), *map(texts.key, spend.holds))


async def add(db: Connection, spends: Iterable[tuple[tuple[str, ...], Spend, float]]) -> None:
    """Count what was spent, each with its names and its time, in the order in which it was."""
    sums: dict[tuple[str, str], tuple[int, int, int, int, str, float]] = {}
    holds: list[str] = []
    for (day, room, owner, *names), spend, now in spends:
        shares = len(spend.shares)
        for scope in (owner, *names[:shares]):
            messages, asked, answered, cost, known, _ = sums.get((scope, day), (0, 0, 0, 0, "", 0.0))
            tokens = (asked + spend.prompt_tokens, answered + spend.completion_tokens)
            place = room or known if scope == owner else known
            sums[scope, day] = (messages + spend.messages, *tokens, cost + spend.cost, place, now)
        holds += names[shares:]
    rows = [(*key, *sums[key]) for key in sorted(sums)]
    await db.execute(_ADD, *(list(column) for column in zip(*rows, strict=True)))
    if holds:
        await db.execute(RELEASE, holds)
