"""What units change, within a transaction that has locked their lanes: many units in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from hubbub.core.work import Row, State
from hubbub.storage.postgres import writes
from hubbub.storage.rows import row_key, state_code

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.lanes import Lane
    from hubbub.storage.postgres.orders import Finish

_FINISH = """
WITH gone AS (
  DELETE FROM waiting w USING unnest($1::text[], $2::bigint[]) AS d(lane, id) WHERE w.lane = d.lane AND w.id = d.id
  RETURNING w.id),
idle AS (DELETE FROM conv WHERE lane = ANY($3::text[])),
sent AS (
  INSERT INTO outbox(room, entry, message, reply_to, delivery, state, attempts, created_at, node)
  SELECT room, entry, message, reply_to, delivery, state, attempts, created_at, node
  FROM unnest($4::text[], $5::bigint[], $6::bytea[], $7::text[], $8::text[], $9::smallint[], $10::integer[],
    $11::float8[], $12::text[]) WITH ORDINALITY
    AS s(room, entry, message, reply_to, delivery, state, attempts, created_at, node, place)
  ORDER BY place RETURNING id)
SELECT id, false FROM gone UNION ALL SELECT id, true FROM sent
"""
_GIVE_UP = """
UPDATE inbox SET error = d.why FROM unnest($1::bigint[], $2::text[]) AS d(id, why) WHERE inbox.id = d.id
"""
_WIDTH = 9


class Units:
    """Stores the units of claims that hold."""

    def __init__(self, db: Connection, identity: str, hub: str) -> None:
        """``identity`` is who sends the messages; ``hub`` the installation's own mark."""
        self._db = db
        self._identity = identity
        self._hub = hub
        self.gone: set[int] = set()
        """Entries that waited, and do so no more."""
        self.queued = False
        """There are messages that somebody has to send."""

    async def store(self, units: Sequence[tuple[Finish, Lane]], busy: set[str]) -> None:
        """Finish entries and store messages and writes. ``busy``: lanes into which events come at the same time."""
        over = [(order.lane, each) for order, _ in units for each in order.entries]
        idle = [lane for order, lane in units if _will_be_idle(order, lane, busy)]
        for lane in idle:
            lane.deleted = True
        values = [value for order, lane in units for value in self._values(order, lane)]
        columns = [list(column) for column in zip(*values, strict=True)] or [[] for _ in range(_WIDTH)]
        finished = ([lane for lane, _ in over], [each for _, each in over], [lane.name for lane in idle])
        found = await self._db.fetch(_FINISH, *finished, *columns)
        self.gone = {row[0] for row in found if not row[1]}
        numbers = iter([row[0] for row in found if row[1]])
        for order, _ in units:
            order.value = self._rows(order, numbers)
        await self._give_up([each for order, _ in units for each in order.dead if each[0] in self.gone])
        await self._write([order for order, _ in units if order.writes])

    def _values(self, order: Finish, lane: Lane) -> list[tuple[Any, ...]]:
        """The columns of each message, but its number."""
        sender = self._identity or lane.node
        values = []
        for out, room, message, reply_to in order.rows:
            code, delivery = state_code(out.state), out.delivery.value
            values.append((room, out.entry, message, reply_to, delivery, code, _attempts(out.state), order.now, sender))
            self.queued = self.queued or out.state is State.QUEUED
        return values

    def _rows(self, order: Finish, numbers: Any) -> tuple[Row, ...]:
        rows = []
        for out, *_ in order.rows:
            row_id, state = next(numbers), out.state
            rows.append(Row(row_id, out, row_key(self._hub, row_id), state, _attempts(state), created_at=order.now))
        return tuple(rows)

    async def _give_up(self, dead: list[tuple[int, str]]) -> None:
        if dead:
            await self._db.execute(_GIVE_UP, [entry for entry, _ in dead], [why for _, why in dead])

    async def _write(self, writing: list[Finish]) -> None:
        if writing:
            made = await writes.carry_out(self._db, [(order.writes, order.now) for order in writing])
            for order, nodes in zip(writing, made, strict=True):
                order.nodes = nodes


def _attempts(state: State) -> int:
    return 1 if state is State.SENDING else 0


def _will_be_idle(order: Finish, lane: Lane, busy: set[str]) -> bool:
    """As far as can be told before its entries are looked up; then its row is deleted in the same statement."""
    return order.release and lane.waiting == len(order.entries) and lane.name not in busy
