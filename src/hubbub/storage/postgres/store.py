"""The store on PostgreSQL: its parts put together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence

from hubbub.core.errors import StoreAway, StoreError
from hubbub.core.failpoints import Failpoint, never
from hubbub.core.status import NodeStatus
from hubbub.storage.postgres import opening
from hubbub.storage.postgres.calls import Calls
from hubbub.storage.postgres.collecting import Collecting
from hubbub.storage.postgres.conversations import Conversations
from hubbub.storage.postgres.database import FAILURES, NOW, Database, away
from hubbub.storage.postgres.files import Files
from hubbub.storage.postgres.forgetting import Forgetting
from hubbub.storage.postgres.inbox import Inbox
from hubbub.storage.postgres.leases import Leases
from hubbub.storage.postgres.link import Link
from hubbub.storage.postgres.notes import Notes
from hubbub.storage.postgres.outbox import Outbox
from hubbub.storage.postgres.parts import Parts
from hubbub.storage.postgres.presence import Member, Presence
from hubbub.storage.postgres.pruning import Pruning
from hubbub.storage.postgres.reader import Reader
from hubbub.storage.postgres.secrets import Secrets
from hubbub.storage.postgres.signals import Signals
from hubbub.storage.postgres.timers import Timers
from hubbub.storage.postgres.usage import Usage
from hubbub.storage.postgres.words import ClusterWords
from hubbub.storage.postgres.writer import Writer
from hubbub.storage.schema import STATE_NAMES

log = logging.getLogger(__name__)

_STEADY = 2
_ROWS = "SELECT state, count(*) FROM outbox WHERE state < 10 GROUP BY state"
_LANES = f"""
SELECT coalesce(sum(waiting), 0), count(*) FILTER (WHERE node <> ''), count(*) FILTER (WHERE ready IS NOT NULL),
  coalesce({NOW} - min(ready), 0) FROM conv
"""  # noqa: S608 - fixed
_COMMON = """
INSERT INTO meta VALUES ('cluster', replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''))
ON CONFLICT (key) DO NOTHING
"""
_BACKLOG = "SELECT coalesce(sum(waiting), 0) FROM conv"
_LEASES = f"SELECT count(*) FROM lease WHERE until > {NOW}"  # noqa: S608 - fixed
_NODES = f"SELECT count(*) FROM member WHERE until > {NOW}"  # noqa: S608 - fixed


class PostgresStore:
    """`store.Store` in a database that other processes share. Build it inside the event loop."""

    def __init__(
        self,
        dsn: str,
        member: Member,
        *,
        waiting: int = 4000,
        patience: float = 5.0,
        failpoint: Failpoint = never,
    ) -> None:
        """``member``: this process; without a name it claims nothing for itself (a tool).

        ``waiting``: orders that may wait for a transaction before events are refused. ``patience``: seconds for which
        what is to be stored waits for a database that is away.
        """
        self._database = Database(dsn)
        self._reader = Reader(self._database)
        self._signals = Signals(self._database)
        # Much to read must not make a lease lapse.
        self._steady = Reader(self._database, _STEADY)
        self._presence = Presence(self._steady, member, lambda: self._signals.freed(others=True))
        self._link = Link(self._database, patience)
        self._writer = Writer(self._link, self._presence, self._signals, waiting, failpoint)
        self.conversations = Conversations(self._writer, self._reader)
        parts = Parts(self._reader, self._writer, self._presence, self._signals, self.conversations)
        self.outbox = Outbox(parts)
        self.inbox = Inbox(parts)
        self.timers = Timers(self._writer, self._reader)
        self.leases = Leases(self._steady, self._presence)
        self.secrets = Secrets(self._writer, self._reader)
        self.notes = Notes(self._writer, self._reader)
        self.usage = Usage(self._writer, self._reader)
        self.calls = Calls(self._writer, self._reader)
        self.files = Files(self._reader)
        self._pruning = Pruning(self._reader)
        self._collecting = Collecting(self._writer, self._reader)
        self._forgetting = Forgetting(self._writer, self._reader, self.conversations)
        self._running: asyncio.Task[None] | None = None
        self.words = ClusterWords(self._signals, self._presence)
        self.secret = ""

    async def open(self) -> None:
        """See `store.Store.open`."""
        try:
            # Whoever migrates may take its time, and the others wait for it.
            db = await self._database.connect(statement_timeout="0", lock_timeout="0")
            try:
                self._writer.hub = await opening.bring_up_to_date(self._database, db)
                await opening.refuse_half_moved(self._database, db)
                async with db.transaction():
                    await db.execute(_COMMON)
                    self.secret = str(await db.fetchval("SELECT value FROM meta WHERE key = 'cluster'"))
                    await self._presence.join(db)
                    await self._link.open(db)
            finally:
                db.terminate()
        except FAILURES as error:
            msg = (
                f"the database {self._database.shown} cannot be used ({str(error) or type(error).__name__});"
                " check DATABASE_URL, and that the server runs and lets this user in"
            )
            raise (StoreAway if away(error) else StoreError)(msg) from error
        await self._reader.start()
        await self._steady.start()
        self._running = asyncio.create_task(self._run(), name="hubbub-store")

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for each in (self._writer.run(), self._signals.run(), self._presence.run()):
                tasks.create_task(each)

    async def close(self) -> None:
        """See `store.Store.close`."""
        running, self._running = self._running, None
        if running is None:
            return
        await self._writer.idle()
        self._writer.close()
        running.cancel()
        await asyncio.wait([running])
        try:
            await self._presence.leave()
        except StoreError as error:
            log.warning("the other processes are not told that this one ends: %s", error)
        self._link.close()
        await self._reader.close()
        await self._steady.close()

    @property
    def trouble(self) -> str:
        """See `store.Shared.trouble`."""
        return self._presence.trouble

    def known_as(self, address: str, roles: Sequence[str]) -> None:
        """See `store.Shared.known_as`."""
        self._presence.known_as(address, roles)

    async def backlog(self) -> int:
        """See `store.Shared.backlog`."""
        row = await self._reader.row(_BACKLOG)
        return int(row[0]) if row else 0

    async def members(self) -> Sequence[NodeStatus]:
        """See `store.Shared.members`."""
        return await self._presence.statuses()

    async def prune(self, before: float, limit: int = 500) -> int:
        """See `store.Store.prune`."""
        await self._forgetting.resume()
        gone = await self._pruning.prune(before, limit)
        return gone + (await self.notes.prune(before, limit - gone) if gone < limit else 0)

    async def collect(self, before: float, limit: int = 500) -> int:
        """See `store.Store.collect`."""
        return await self._collecting.collect(before, limit)

    async def forget(self, owner: str) -> None:
        """See `store.Store.forget`."""
        await self._forgetting.forget(owner)

    async def stats(self) -> Mapping[str, float]:
        """See `store.Store.stats`; more: lanes held and free, the lag of the oldest free one in seconds, nodes."""
        counts = dict.fromkeys(("outbox_queued", "outbox_sending", "outbox_unknown", "outbox_dead"), 0.0)
        counts |= {f"outbox_{STATE_NAMES[row[0]]}": float(row[1]) for row in await self._reader.fetch(_ROWS)}
        lanes, nodes = await self._reader.row(_LANES), await self._reader.row(_NODES)
        leases = await self._reader.row(_LEASES)
        names = ("inbox_waiting", "lanes_held", "lanes_free", "lag_seconds")
        counts |= {name: float(value) for name, value in zip(names, lanes or (), strict=False)}
        return counts | {
            "nodes": float(nodes[0]) if nodes else 0.0,
            "leases": float(leases[0]) if leases else 0.0,
            "commits": float(self._writer.commits),
            "written": float(self._writer.written),
            "fenced": float(self._writer.fenced),
            "repeated": float(self._writer.repeated),
        }
