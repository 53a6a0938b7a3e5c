"""Events on their way into the inbox, within a transaction: many in one statement.

Numbers of entries are drawn under the locks of their lanes, so within a lane they rise in the order of commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hubbub.core.errors import StoreError
from hubbub.core.work import Claim, Entry, Receipt
from hubbub.storage import codec
from hubbub.storage.postgres import texts
from hubbub.storage.postgres.database import NOW
from hubbub.storage.postgres.lanes import Lane

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection, Record
    from hubbub.storage.postgres.orders import Accept
    from hubbub.storage.postgres.presence import Presence

# The numbers wait for the count of the lanes, and so for their locks; keys are inserted in their order, as everywhere.
_ADMIT = f"""
WITH entered AS (
  INSERT INTO conv AS c (lane, node, waiting, ready)
  SELECT e.lane, e.node, e.waiting, CASE WHEN e.node = '' THEN {NOW} END
  FROM unnest($5::text[], $6::text[], $7::integer[]) AS e(lane, node, waiting)
  ON CONFLICT (lane) DO UPDATE SET waiting = c.waiting
  RETURNING lane, node, fence, waiting, behind, xmax = 0 AS made),
given AS MATERIALIZED (
  SELECT nextval('inbox_id_seq') AS id, g.* FROM (SELECT count(*) FROM entered) AS locked,
    unnest($1::text[], $2::text[], $3::bytea[], $4::float8[]) AS g(key, lane, event, at)),
fresh AS (
  INSERT INTO inbox(id, key, lane, event, at) SELECT id, key, lane, event, at FROM given ORDER BY key, id
  ON CONFLICT (key) DO NOTHING RETURNING id, key, lane),
queued AS (INSERT INTO waiting(lane, id) SELECT lane, id FROM fresh)
SELECT 0 AS id, lane AS name, node, fence, waiting, behind, made FROM entered
UNION ALL SELECT id, key, '', 0, 0, false, false FROM fresh
"""  # noqa: S608 - fixed
_KNOWN = """
SELECT i.key, i.id, i.lane, coalesce(w.attempts, 0), i.event
FROM inbox i LEFT JOIN waiting w ON w.lane = i.lane AND w.id = i.id WHERE i.key = ANY($1::text[])
"""


class Entrance:
    """Lets events in; what of them is new becomes entries."""

    def __init__(self, db: Connection, lanes: dict[str, Lane], presence: Presence) -> None:
        """``lanes``: those that are locked already; those that are locked here are added."""
        self._db = db
        self._lanes = lanes
        self._identify = presence.identify
        self._known: dict[str, Record] = {}

    async def admit(self, accepts: Sequence[Accept]) -> None:
        """Lock their lanes and store what is new."""
        guesses = self._guess(accepts)
        names = sorted(guesses)
        columns = (
            [order.key for order in accepts],
            [order.lane for order in accepts],
            [order.data for order in accepts],
            [order.at for order in accepts],
            names,
            [guesses[name][0] for name in names],
            [guesses[name][1] for name in names],
        )
        fresh: dict[str, int] = {}
        for entry_id, name, node, fence, waiting, behind, made in await self._db.fetch(_ADMIT, *columns):
            if entry_id:
                fresh[name] = entry_id
            elif made:
                self._lanes[name] = Lane(name, "", fence, 0, False, unused=True, stored=(node, waiting, behind))
            else:
                self._lanes[name] = Lane(name, node, fence, waiting, behind).keep()
        await self._know(accepts, fresh)

    def _guess(self, accepts: Sequence[Accept]) -> dict[str, tuple[str, int]]:
        """How the lanes that are not locked will mostly be in the end: they are made so."""
        guesses: dict[str, tuple[str, int]] = {}
        for order in accepts:
            if order.lane not in self._lanes:
                node, count = guesses.get(order.lane) or (self._identify(order.node), 0)
                guesses[order.lane] = (node, count + 1)
        return guesses

    async def _know(self, accepts: Sequence[Accept], fresh: dict[str, int]) -> None:
        """The entries; and what came before of what is not new."""
        repeated = []
        for order in accepts:
            entry_id = fresh.pop(order.key, 0)
            order.entry = Entry(entry_id, texts.read(order.lane), order.event) if entry_id else None
            if not entry_id:
                repeated.append(order.key)
        if repeated:
            self._known = {row[0]: row for row in await self._db.fetch(_KNOWN, repeated)}

    def receipt(self, order: Accept) -> Receipt | StoreError:
        """What to tell of an event, once it is decided whose the lanes are."""
        entry = order.entry
        if entry is None:
            return self._repeated(order)
        lane = self._lanes[order.lane]
        # What was given back meanwhile is not handed over.
        if order.claimed and lane.node:
            return Receipt(entry, claim=Claim(entry.lane, lane.fence, (entry,)))
        return Receipt(entry)

    def _repeated(self, order: Accept) -> Receipt | StoreError:
        first = self._known.get(order.key)
        if first is None:
            return StoreError(f"event {order.key} is neither new nor known")
        _, entry_id, lane, attempts, data = first
        try:
            event = codec.decode_event(data)
        except ValueError:  # given up long ago: that it is known is what counts
            event = order.event
        return Receipt(Entry(entry_id, texts.read(lane), event, attempts), duplicate=True)
