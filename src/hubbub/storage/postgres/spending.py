"""Counting what owners spent, within the transaction of the unit that spent it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hubbub.core.errors import Unstorable
from hubbub.core.work import Spend
from hubbub.storage.postgres import texts

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection

_LARGEST = 1 << 53

_ADD = """
INSERT INTO usage AS u (owner, day, messages, prompt_tokens, completion_tokens, room, at)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $7::float8[])
ON CONFLICT (owner, day) DO UPDATE SET messages = u.messages + excluded.messages,
  prompt_tokens = u.prompt_tokens + excluded.prompt_tokens,
  completion_tokens = u.completion_tokens + excluded.completion_tokens,
  room = CASE excluded.room WHEN '' THEN u.room ELSE excluded.room END, at = excluded.at
"""


def prepare(spend: Spend) -> tuple[str, ...]:
    """Owner, day and room as they are stored. Raises Unstorable."""
    if not all(0 <= count < _LARGEST for count in (spend.messages, spend.prompt_tokens, spend.completion_tokens)):
        msg = f"this cannot be counted: {spend}"
        raise Unstorable(msg)
    return (texts.name(spend.owner), texts.name(spend.day), texts.stored(spend.room))


async def add(db: Connection, spends: Iterable[tuple[tuple[str, ...], Spend, float]]) -> None:
    """Count what was spent, each with its names and its time, in the order in which it was."""
    sums: dict[tuple[str, str], tuple[int, int, int, str, float]] = {}
    for (owner, day, room), spend, now in spends:
        messages, asked, answered, known, _ = sums.get((owner, day), (0, 0, 0, "", 0.0))
        counts = (messages + spend.messages, asked + spend.prompt_tokens, answered + spend.completion_tokens)
        sums[owner, day] = (*counts, room or known, now)
    rows = [(*key, *sums[key]) for key in sorted(sums)]
    await db.execute(_ADD, *(list(column) for column in zip(*rows, strict=True)))
