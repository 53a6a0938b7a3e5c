"""The outbox: what goes out, who sends it, and what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Collection, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from hubbub.core.addresses import Account, Room
from hubbub.core.work import Reported, Row, State
from hubbub.storage import codec, rows
from hubbub.storage.postgres import reporting, texts
from hubbub.storage.postgres.database import LIVE
from hubbub.storage.postgres.deliveries import MINE
from hubbub.storage.postgres.orders import Begin, Call, Fail, Settle
from hubbub.storage.postgres.signals import heard

if TYPE_CHECKING:
    from hubbub.core.reports import Report
    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.parts import Parts

log = logging.getLogger(__name__)

COLUMNS = rows.COLUMNS
_TEXTS = (1, 4, 8, 9)
_OURS = ", ".join(f"o.{column}" for column in COLUMNS.split(", "))
_SELECT = f"SELECT {COLUMNS} FROM outbox "  # noqa: S608 - fixed names

_RETRIABLE = [rows.state_code(state) for state in (State.UNKNOWN, State.DEAD, State.DROPPED)]
_DROPPABLE = [rows.state_code(state) for state in (State.QUEUED, State.UNKNOWN, State.DEAD)]

_LEFT = f"""
UPDATE outbox o SET state = CASE o.delivery WHEN 'idempotent' THEN 0 ELSE 2 END, node = '',
  error = 'the hub ended while it was being sent'
WHERE o.state = 1 AND o.node <> $1 AND o.node <> ALL({LIVE})
"""  # noqa: S608 - fixed
_HAND_OVER = f"UPDATE outbox o SET node = $1 WHERE o.state = 0 AND {MINE} RETURNING {_OURS}"  # noqa: S608 - fixed
_TAKE = f"""
UPDATE outbox o SET node = $1 WHERE o.id = ANY(ARRAY(
  SELECT q.id FROM unnest($2::text[], $3::text[]) AS a(first, behind)
  JOIN outbox q ON q.state = 0 AND q.room >= a.first AND q.room < a.behind
  WHERE q.node <> $1 ORDER BY q.id LIMIT $4 FOR UPDATE OF q SKIP LOCKED))
RETURNING {_OURS}
"""  # noqa: S608 - fixed
_TOO_EARLY = """
UPDATE outbox o SET node = '' WHERE o.id = ANY($2::bigint[]) AND EXISTS (
  SELECT FROM outbox e WHERE e.state < 2 AND e.node <> $1 AND e.room = o.room AND e.id < o.id)
RETURNING o.id
"""
_GIVE_BACK = """
UPDATE outbox o SET node = '' FROM unnest($2::text[], $3::text[]) AS a(first, behind)
WHERE o.state = 0 AND o.node = $1 AND o.room >= a.first AND o.room < a.behind
"""
_GROWING = f"""
SELECT {_OURS} FROM waiting w JOIN outbox o ON o.entry = w.id AND o.edits < 0
JOIN unnest($1::text[], $2::text[]) AS a(first, behind) ON o.room >= a.first AND o.room < a.behind
WHERE o.state = 10 ORDER BY o.id
"""  # noqa: S608 - fixed
_DEAD = "UPDATE outbox SET state = 3, error = $2 WHERE id = $1"
_SENT = """
WHERE hashtextextended(message_id, 0) = hashtextextended($1 COLLATE "C", 0) AND message_id <> '' AND message_id = $1
AND room = $2 ORDER BY id DESC LIMIT 1
"""
_MOVE = f"""
UPDATE outbox o SET state = $2, next_at = 0, node = $4,
  message_id = CASE $2 WHEN 0 THEN '' ELSE o.message_id END, told = CASE $2 WHEN 0 THEN 0 ELSE o.told END
WHERE o.id = $1 AND o.state = ANY($3::smallint[]) AND (o.edits >= 0 OR $2 <> 0)
RETURNING {_OURS}
"""  # noqa: S608 - fixed names


class Outbox:
    """The `Outbox` part of the contract, shared by processes: `store.SharedOutbox`."""

    def __init__(self, parts: Parts) -> None:
        """Nothing to load."""
        self._parts = parts
        self._writer = parts.writer
        self._loop = asyncio.get_running_loop()

    async def recover(self, node: str) -> Sequence[Row]:
        """See `store.Outbox.recover`. Rows of other processes that are alive stay theirs."""
        found: list[Row] = await self._call(self._recover, node)
        return found

    async def _recover(self, node: str, db: Connection) -> list[Row]:
        identity = self._parts.presence.identify(node)
        await db.execute(_LEFT, identity)
        return await self._readable(db, sorted(map(tuple, await db.fetch(_HAND_OVER, identity))))

    async def take(self, node: str, accounts: Sequence[Account], limit: int = 1000) -> Sequence[Row]:
        """See `store.SharedOutbox.take`."""
        self._parts.signals.rows.clear()
        if not accounts or limit <= 0:
            return []
        found: list[Row] = await self._call(self._take, node, [account.key for account in accounts], limit)
        if len(found) >= limit:
            self._parts.signals.rows.set()
        return found

    async def _take(self, node: str, accounts: list[str], limit: int, db: Connection) -> list[Row]:
        identity = self._parts.presence.identify(node)
        if not identity:
            return []
        found = await db.fetch(_TAKE, identity, *_ranges(accounts), max(limit, 0))
        # Whoever had the account may still be sending a row of the room, or have died over it: what came after that
        # waits until it is known what became of it, or it would be overtaken.
        early = {row[0] for row in await db.fetch(_TOO_EARLY, identity, [row[0] for row in found])} if found else ()
        return await self._readable(db, sorted(tuple(row) for row in found if row[0] not in early))

    def own(self, accounts: Collection[Account]) -> None:
        """See `store.SharedOutbox.own`."""
        self._parts.presence.accounts = frozenset(account.key for account in accounts)

    async def give_back(self, node: str, accounts: Sequence[Account]) -> None:
        """See `store.SharedOutbox.give_back`."""
        await self._call(self._give_back, node, [account.key for account in accounts])

    async def _give_back(self, node: str, accounts: list[str], db: Connection) -> None:
        await db.execute(_GIVE_BACK, self._parts.presence.identify(node), *_ranges(accounts))

    async def growing(self, accounts: Sequence[Account]) -> Sequence[Row]:
        """See `store.SharedOutbox.growing`."""
        found = await self._parts.reader.fetch(_GROWING, *_ranges([account.key for account in accounts]))
        return [read_row(columns, self._writer.hub) for columns in found]

    async def bury(self, node: str) -> None:
        """See `store.SharedOutbox.bury`."""
        await self._call(self._bury, node)

    async def _bury(self, node: str, db: Connection) -> None:
        if int((await db.execute(_LEFT, self._parts.presence.identify(node))).rpartition(" ")[2]):
            self._parts.signals.queued(others=self._parts.presence.others)

    async def waiting(self, timeout: float) -> None:  # noqa: ASYNC109 - as the port says
        """See `store.SharedOutbox.waiting`."""
        await heard(self._parts.signals.rows, timeout)

    async def _readable(self, db: Connection, found: Sequence[Any]) -> list[Row]:
        readable = []
        for columns in found:
            try:
                readable.append(rows.read_row(_plain(columns), self._writer.hub))
            except ValueError as error:
                log.error("message %d is not sent: %s", columns[0], error)  # noqa: TRY400 - an expected kind
                await db.execute(_DEAD, columns[0], texts.stored(codec.clean(str(error))))
        return readable

    def begin(self, row: int) -> Awaitable[bool]:
        """See `store.Outbox.begin`. False, too, if another process that is alive was handed the row."""
        return self._writer.ask(Begin(self._loop.create_future(), texts.number(row)))

    def settle(self, row: int, message_id: str) -> Awaitable[None]:
        """See `store.Outbox.settle`."""
        sent_as = texts.stored(codec.clean(message_id))
        return self._writer.ask(Settle(self._loop.create_future(), texts.number(row), sent_as))

    def fail(self, row: int, state: State, error: str, next_at: float = 0.0) -> Awaitable[None]:
        """See `store.Outbox.fail`."""
        code, reason = rows.state_code(state), texts.stored(codec.clean(error))
        return self._writer.ask(Fail(self._loop.create_future(), texts.number(row), code, reason, next_at))

    async def sent(self, room: Room, message_id: str) -> Row | None:
        """See `store.Outbox.sent`."""
        if not message_id:
            return None
        # Platforms that count in circles use an id again: the newest is meant.
        found = await self._parts.reader.row(_SELECT + _SENT, texts.stored(message_id), texts.stored(room.key))
        return read_row(found, self._writer.hub) if found else None

    async def row(self, row: int) -> Row | None:
        """See `store.Outbox.row`."""
        return await self._one("WHERE id = $1", row)

    async def draft(self, entry: int) -> Row | None:
        """See `store.Outbox.draft`."""
        return await self._one("WHERE entry = $1 AND edits < 0 ORDER BY id DESC LIMIT 1", entry)

    async def _one(self, where: str, number: int) -> Row | None:
        found = await self._parts.reader.row(_SELECT + where, texts.number(number))
        return read_row(found, self._writer.hub) if found else None

    async def report(self, reports: Sequence[Report]) -> Reported:
        """See `store.Outbox.report`."""
        cleaned = [reporting.cleaned(each) for each in reports]
        reported: Reported = await self._call(self._report, cleaned)
        if any(row.state is State.QUEUED for row in reported.rows):
            self._parts.signals.queued()
        return reported

    async def _report(self, reports: Sequence[Report], db: Connection) -> Reported:
        changed, early = await reporting.store(db, reports, self._writer.hub, self._heir)
        return Reported(tuple(read_row(columns, self._writer.hub) for columns in changed), early)

    async def deliveries(self, states: Sequence[State], limit: int = 100, after: int = 0) -> Sequence[Row]:
        """See `store.Outbox.deliveries`."""
        codes = sorted({rows.state_code(state) for state in states})
        where = "WHERE state = ANY($1::smallint[]) AND id > $2 ORDER BY id LIMIT $3"
        found = await self._parts.reader.fetch(_SELECT + where, codes, texts.number(after), max(limit, 0))
        return [read_row(columns, self._writer.hub) for columns in found]

    async def retry(self, row: int) -> Row | None:
        """See `store.Outbox.retry`."""
        return await self._move(row, _RETRIABLE, State.QUEUED)

    async def drop(self, row: int) -> Row | None:
        """See `store.Outbox.drop`."""
        return await self._move(row, _DROPPABLE, State.DROPPED)

    async def _move(self, row: int, allowed: list[int], target: State) -> Row | None:
        async def move(db: Connection) -> Row | None:
            found = await db.fetch(_MOVE, texts.number(row), rows.state_code(target), allowed, self._heir)
            return read_row(tuple(found[0]), self._writer.hub) if found else None

        moved: Row | None = await self._writer.ask(Call(self._loop.create_future(), move))
        if moved and target is State.QUEUED:
            self._parts.signals.queued()
        return moved

    @property
    def _heir(self) -> str:
        """Whose rows are that are to be sent again: our own where rows are nobody else's, else whoever takes them."""
        presence = self._parts.presence
        return presence.identity if presence.accounts is None else ""

    def _call(self, function: Any, *values: object) -> Awaitable[Any]:
        return self._writer.ask(Call(self._loop.create_future(), partial(function, *values)))


def _ranges(accounts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Where the rooms of accounts begin and end in the order of their keys."""
    return [f"{account}/" for account in accounts], [f"{account}0" for account in accounts]


def _plain(columns: Sequence[Any]) -> list[Any]:
    plain = list(columns)
    for place in _TEXTS:
        plain[place] = texts.read(plain[place])
    return plain


def read_row(columns: Sequence[Any], hub: str) -> Row:
    """A row from its `COLUMNS`; a message that cannot be read is empty, and the error says so."""
    return rows.read_row_anyhow(_plain(columns), hub)
