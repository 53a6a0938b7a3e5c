"""Keeping records of calls of models, within the transaction of the unit that made them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeAlias

from hubbub.core.calls import ModelCall
from hubbub.core.errors import Unstorable
from hubbub.storage import codec
from hubbub.storage.postgres import texts

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection

Logged: TypeAlias = tuple[str, str, float, bytes]
"""Owner, model, time and record, as stored."""

_ADD = """
INSERT INTO call_log(owner, model, at, record) SELECT * FROM unnest($1::text[], $2::text[], $3::float8[], $4::bytea[])
"""


def prepare(call: ModelCall) -> Logged:
    """A call as it is stored. Raises Unstorable."""
    if not math.isfinite(call.at):
        msg = f"a call of {call.owner} has no time: {call.at}"
        raise Unstorable(msg)
    return texts.name(call.owner), texts.stored(call.model), call.at, codec.encode(call.record)


async def add(db: Connection, rows: Iterable[Logged]) -> None:
    """Keep records within a unit's transaction."""
    await db.execute(_ADD, *columns(list(rows)))


def columns(rows: Sequence[Logged]) -> list[list[object]]:
    """As a statement takes them."""
    return [list(column) for column in zip(*rows, strict=True)]
