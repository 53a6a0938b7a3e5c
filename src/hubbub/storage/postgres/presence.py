"""This process among others: an identity that is alive while it is renewed, and what becomes of those who are not.

A process claims lanes and sends rows under ``node#incarnation``; an incarnation is never given twice. One that was
not heard of for its time is dead to the others: its lanes are free, and the fences keep it from harm if it comes back.
Nodes that a caller names and that are no process of ours (tests, tools) never die, but can be abandoned.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hubbub.core.errors import StoreError
from hubbub.core.status import NodeStatus
from hubbub.core.work import Lease
from hubbub.storage.postgres import texts
from hubbub.storage.postgres.database import LIVE, NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hubbub.storage.postgres.database import Connection
    from hubbub.storage.postgres.reader import Reader

log = logging.getLogger(__name__)

_JOIN = f"""
INSERT INTO member AS m (node, incarnation, until, address, roles, at)
VALUES ($1, nextval('fence'), {NOW} + $2, $3, $5, {NOW})
ON CONFLICT (node) DO UPDATE
SET incarnation = excluded.incarnation, until = excluded.until, address = excluded.address, roles = excluded.roles,
  at = excluded.at
WHERE $4 OR m.until <= {NOW} RETURNING incarnation
"""  # noqa: S608 - fixed
_STAY = f"""
UPDATE member SET until = {NOW} + $3, address = $4, roles = $5, at = {NOW} WHERE node = $1 AND incarnation = $2
RETURNING incarnation
"""  # noqa: S608 - fixed
_LEAVE = "DELETE FROM member WHERE node = $1 AND incarnation = $2"
_FORGET = "DELETE FROM member WHERE node = $1"
_OF_NODE = "(node = $1 OR starts_with(node, $1 || '#'))"
_OF_DEAD = f"(node LIKE '%#%' AND node <> ALL({LIVE}))"
_FREE = """
UPDATE conv SET node = '', behind = false, ready = {now} WHERE lane = ANY(ARRAY(
  SELECT lane FROM conv WHERE node <> '' AND {whose} AND waiting > 0 ORDER BY lane FOR UPDATE {wait})) RETURNING lane
"""
_CLEAR = """
DELETE FROM conv WHERE lane = ANY(ARRAY(
  SELECT lane FROM conv WHERE node <> '' AND {whose} AND waiting = 0 ORDER BY lane FOR UPDATE {wait}))
"""
_FREE_NODE = _FREE.format(now=NOW, whose=_OF_NODE, wait="")
_CLEAR_NODE = _CLEAR.format(whose=_OF_NODE, wait="")
_FREE_DEAD = _FREE.format(now=NOW, whose=_OF_DEAD, wait="SKIP LOCKED")
_CLEAR_DEAD = _CLEAR.format(whose=_OF_DEAD, wait="SKIP LOCKED")
_MEMBERS = f"SELECT node, incarnation, until, address, until > {NOW} FROM member ORDER BY node"  # noqa: S608 - fixed
_STATUS = f"""
SELECT m.node, m.address, m.roles, m.at,
  (SELECT count(*) FROM conv c WHERE c.node = m.node || '#' || m.incarnation),
  ARRAY(SELECT l.name FROM lease l WHERE l.node = m.node AND l.until > {NOW} ORDER BY l.name LIMIT 1000)
FROM member m WHERE m.until > {NOW} ORDER BY m.node
"""  # noqa: S608 - fixed
_BURY = f"DELETE FROM member WHERE until <= {NOW}"  # noqa: S608 - fixed
_BEAT = 1.0
_SILENT = 5.0
"""Seconds after which a database that does not answer counts as away."""
_LOOK_FOR_STRAYS = 10
"""Every so many beats: lanes that a process claimed after it was taken for dead, without knowing it."""


@dataclass(frozen=True, slots=True)
class Member:
    """How a process is known: its name, where it is reached, and for how many seconds one word of it counts."""

    node: str
    address: str = ""
    ttl: float = 10.0


class Presence:
    """Keeps this process alive in the eyes of the others; without a name it only looks after the dead."""

    def __init__(self, reader: Reader, member: Member, freed: Callable[[], None]) -> None:
        """``freed`` is told when lanes of dead processes can be claimed."""
        self._reader = reader
        self._member = Member(texts.name(member.node), texts.stored(member.address), member.ttl)
        self._freed = freed
        self._incarnation = 0
        self._roles = ""
        self._heard = asyncio.get_running_loop().time()
        self._patient_until = 0.0
        self._why = ""
        self.accounts: frozenset[str] | None = None
        """Keys of the accounts that this process sends for; None: it sends whatever it makes."""
        self.others = True
        """Other processes are alive, so that it is worth telling them what happens."""

    @property
    def identity(self) -> str:
        """Under what this process claims and sends; empty while it has no name."""
        return f"{self._member.node}#{self._incarnation}" if self._incarnation else ""

    def identify(self, node: str) -> str:
        """The identity of a node as a caller names it; empty if it may not claim."""
        if node == self._member.node:
            return self.identity
        return texts.name(node)

    async def join(self, db: Connection) -> None:
        """Begin to be alive; what an earlier process of this name held is free."""
        if self._member.node:
            await self.forget(db, self._member.node)
            self.became(await self.renew(db, self._member.node))

    async def forget(self, db: Connection, node: str) -> bool:
        """Free all lanes of a node; True if that left something to claim."""
        node = texts.name(node)
        await db.execute(_FORGET, node)
        return await self._free(db, node)

    @staticmethod
    async def _free(db: Connection | Reader, node: str) -> bool:
        freed = await db.fetch(_FREE_NODE, node)
        await db.execute(_CLEAR_NODE, node)
        return bool(freed)

    async def renew(self, db: Connection, node: str) -> int:
        """A new incarnation if the node is this process, else 0; `became` once that is committed."""
        if not node or node != self._member.node:
            return 0
        me = self._member
        row = await db.fetchrow(_JOIN, me.node, me.ttl, me.address, True, self._roles)
        return int(row[0]) if row else 0

    def became(self, incarnation: int) -> None:
        """This process is this incarnation from now on."""
        self._incarnation = incarnation or self._incarnation

    async def leave(self) -> None:
        """The others need not wait until this process is taken for dead."""
        identity, incarnation, self._incarnation = self.identity, self._incarnation, 0
        if incarnation:
            await self._reader.execute(_LEAVE, self._member.node, incarnation)
            if await self._free(self._reader, identity):
                self._freed()

    async def members(self) -> Sequence[Lease]:
        """The processes that are alive, as leases named ``node:<name>``."""
        rows = await self._reader.fetch(_MEMBERS)
        names = ((texts.read(row[0]), row) for row in rows if row[4])
        return [Lease(f"node:{name}", name, row[1], row[2], texts.read(row[3])) for name, row in names]

    async def run(self) -> None:
        """For ever: say that this process is alive, and free what dead ones held."""
        beat = min(_BEAT, self._member.ttl / 4)
        for count in itertools.count():
            await asyncio.sleep(beat)
            try:
                await self._stay()
                self._is_well()
                await self._look_around(strays=count % _LOOK_FOR_STRAYS == 0)
            except StoreError as error:
                if not self._why:
                    log.error("the other processes are not told that this one is alive: %s", error)  # noqa: TRY400
                self._why = str(error)
            except Exception:
                log.exception("looking after the processes failed")

    def _is_well(self) -> None:
        now = asyncio.get_running_loop().time()
        # Who could not reach the database does not know who else could not: they get time to be heard first.
        if now - self._heard > self._member.ttl / 2:
            self._patient_until = now + self._member.ttl
        self._heard, self._why = now, ""

    @property
    def trouble(self) -> str:
        """Why the database cannot be used; "" while it can, as far as was heard of it of late."""
        if self._why:
            return self._why
        silent = asyncio.get_running_loop().time() - self._heard
        return f"the database has not answered for {silent:.0f} s" if silent > _SILENT else ""

    def known_as(self, address: str, roles: Sequence[str]) -> None:
        """See `store.Shared.known_as`."""
        self._member = Member(self._member.node, texts.stored(address), self._member.ttl)
        self._roles = ",".join(roles)

    async def statuses(self) -> Sequence[NodeStatus]:
        """See `store.Shared.members`."""
        return [
            NodeStatus(texts.read(node), texts.read(address), tuple(filter(None, roles.split(","))), at, lanes, names)
            for node, address, roles, at, lanes, names in (
                (*row[:5], tuple(map(texts.read, row[5]))) for row in await self._reader.fetch(_STATUS)
            )
        ]

    async def _stay(self) -> None:
        node, mine, ttl = self._member.node, self._incarnation, self._member.ttl
        if not node:
            return
        stayed = await self._reader.fetch(_STAY, node, mine, ttl, self._member.address, self._roles)
        if stayed or mine != self._incarnation:
            return
        if mine:
            log.error("this process, %s, was taken for dead; what it was at is thrown away", self.identity)
            self._incarnation = 0
        rows = await self._reader.fetch(_JOIN, node, ttl, self._member.address, False, self._roles)
        if rows:
            self._incarnation = int(rows[0][0])
        elif mine:
            log.error("another process runs under the name %s; this one claims nothing while it does", node)

    async def _look_around(self, *, strays: bool) -> None:
        members = await self._reader.fetch(_MEMBERS)
        alive = [row[1] for row in members if row[4]]
        self.others = any(incarnation != self._incarnation for incarnation in alive)
        if (strays or len(alive) < len(members)) and asyncio.get_running_loop().time() >= self._patient_until:
            await self.bury()

    async def bury(self) -> None:
        """Free what dead processes held."""
        freed = await self._reader.fetch(_FREE_DEAD)
        await self._reader.execute(_CLEAR_DEAD)
        await self._reader.execute(_BURY)
        if freed:
            log.warning("%d conversations of dead processes are taken over", len(freed))
            self._freed()
