"""What units change, within a transaction that has locked their lanes: many units in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from hubbub.core.addresses import Account
from hubbub.core.work import Outgoing, Row, State
from hubbub.storage.postgres import writes
from hubbub.storage.rows import edits_code, row_key, state_code

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.lanes import Lane
    from hubbub.storage.postgres.orders import Finish
    from hubbub.storage.postgres.presence import Presence

_FINISH = """
WITH gone AS (
  DELETE FROM waiting w USING unnest($1::text[], $2::bigint[]) AS d(lane, id) WHERE w.lane = d.lane AND w.id = d.id
  RETURNING w.id),
idle AS (DELETE FROM conv WHERE lane = ANY($3::text[])),
sent AS (
  INSERT INTO outbox(room, entry, message, reply_to, delivery, state, attempts, created_at, node, edits)
  SELECT room, entry, message, reply_to, delivery, CASE WHEN b.before THEN 0 ELSE state END,
    CASE WHEN b.before THEN 0 ELSE attempts END, created_at, CASE WHEN b.before THEN '' ELSE node END, edits
  FROM unnest($4::text[], $5::bigint[], $6::bytea[], $7::text[], $8::text[], $9::smallint[], $10::integer[],
    $11::float8[], $12::text[], $13::bigint[]) WITH ORDINALITY
    AS s(room, entry, message, reply_to, delivery, state, attempts, created_at, node, edits, place)
  LEFT JOIN LATERAL (
    SELECT true AS before FROM outbox q WHERE $14 AND s.state < 2 AND s.node <> '' AND q.room = s.room AND q.state < 2
    AND q.node <> s.node LIMIT 1) b ON true
  ORDER BY place RETURNING id, state, node)
SELECT id, -1, '' FROM gone UNION ALL SELECT id, state, node FROM sent
"""
_GIVE_UP = """
UPDATE inbox SET error = d.why FROM unnest($1::bigint[], $2::text[]) AS d(id, why) WHERE inbox.id = d.id
"""
_WIDTH = 10

Made: TypeAlias = tuple[tuple[Row, ...], frozenset[int]]


class Units:
    """Stores the units of claims that hold."""

    def __init__(self, db: Connection, presence: Presence, hub: str) -> None:
        """``presence`` says who sends the messages; ``hub`` is the installation's own mark."""
        self._db = db
        self._identity = presence.identity
        self._accounts = presence.accounts
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
        found = await self._db.fetch(_FINISH, *finished, *columns, self._accounts is not None)
        self.gone = {row[0] for row in found if row[1] < 0}
        stored = iter([row for row in found if row[1] >= 0])
        for order, _ in units:
            order.value = self._rows(order, stored)
        await self._give_up([each for order, _ in units for each in order.dead if each[0] in self.gone])
        await self._write([order for order, _ in units if order.writes])

    def _values(self, order: Finish, lane: Lane) -> list[tuple[Any, ...]]:
        """The columns of each message, but its number."""
        sender = self._identity or lane.node
        values = []
        for out, room, message, reply_to in order.rows:
            state, node = (out.state, sender) if self._ours(out) else (_unbegun(out.state), "")
            code, delivery = state_code(state), out.delivery.value
            edits = edits_code(out) if out.draft or out.edits else 0
            values.append(
                (room, out.entry, message, reply_to, delivery, code, _attempts(state), order.now, node, edits)
            )
            self.queued = self.queued or (state is State.QUEUED and self._accounts is None)
        return values

    def _ours(self, out: Outgoing) -> bool:
        """This process sends it, or it is sent to nobody."""
        if self._accounts is None or out.state is State.KEPT:
            return True
        return Account(out.room.platform, out.room.account).key in self._accounts

    def _rows(self, order: Finish, stored: Any) -> Made:
        """The messages as they are stored, and which of them are not ours to send."""
        rows, elsewhere = [], set()
        for out, *_ in order.rows:
            row_id, code, node = next(stored)
            state = out.state if code == state_code(out.state) else _unbegun(out.state)
            rows.append(Row(row_id, out, row_key(self._hub, row_id), state, _attempts(state), created_at=order.now))
            if not node and self._accounts is not None:
                elsewhere.add(row_id)
        self.queued = self.queued or bool(elsewhere)
        return tuple(rows), frozenset(elsewhere)

    async def _give_up(self, dead: list[tuple[int, str]]) -> None:
        if dead:
            await self._db.execute(_GIVE_UP, [entry for entry, _ in dead], [why for _, why in dead])

    async def _write(self, writing: list[Finish]) -> None:
        if writing:
            made = await writes.carry_out(self._db, [(order.writes, order.now) for order in writing])
            for order, nodes in zip(writing, made, strict=True):
                order.nodes = nodes


def _unbegun(state: State) -> State:
    return State.QUEUED if state is State.SENDING else state


def _attempts(state: State) -> int:
    return 1 if state is State.SENDING else 0


def _will_be_idle(order: Finish, lane: Lane, busy: set[str]) -> bool:
    """As far as can be told before its entries are looked up; then its row is deleted in the same statement."""
    return order.release and lane.waiting == len(order.entries) and lane.name not in busy
