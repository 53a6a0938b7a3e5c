"""Who waits for work hears of it: within the process at once, from other processes by NOTIFY, else by looking."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from hubbub.storage.postgres.database import FAILURES, Database

if TYPE_CHECKING:
    from hubbub.storage.postgres.database import Connection

log = logging.getLogger(__name__)

POLL = 1.0
"""Seconds after which one looks, whatever was heard."""

_CHANNEL = "hubbub"
_WORK, _SEND = "w", "s"
_WAITS = (0.1, 0.5, 2.0, 5.0)
_WELL = _PING = 30.0


class Signals:
    """Two things to wait for: lanes that can be claimed, and rows that can be taken."""

    def __init__(self, database: Database) -> None:
        """Says nothing to others before `run`."""
        self._database = database
        self._db: Connection | None = None
        self._told: set[str] = set()
        self._tell = asyncio.Event()
        self.work = asyncio.Event()
        self.rows = asyncio.Event()

    def freed(self, *, others: bool) -> None:
        """There is something to claim; ``others`` shall know it too."""
        self.work.set()
        if others:
            self._say(_WORK)

    def queued(self) -> None:
        """There are rows to send; whoever sends for another process's accounts shall know it."""
        self._say(_SEND)

    def _say(self, word: str) -> None:
        self._told.add(word)
        self._tell.set()

    async def run(self) -> None:
        """For ever: hear, and pass on. What is not heard while the connection is lost is found by looking."""
        failed = 0
        while True:
            started = asyncio.get_running_loop().time()
            try:
                await self._serve()
            except FAILURES as error:
                log.warning("the other processes cannot be heard: %s", str(error) or type(error).__name__)
            except Exception:
                log.exception("hearing the other processes failed")
            finally:
                self._end()
            failed = 0 if asyncio.get_running_loop().time() - started > _WELL else failed + 1
            await asyncio.sleep(_WAITS[min(failed, len(_WAITS) - 1)])

    def _end(self) -> None:
        if self._db is not None:
            self._db.terminate()
            self._db = None

    async def _serve(self) -> None:
        db = self._db = await self._database.connect()
        await db.add_listener(_CHANNEL, self._hear)
        db.add_termination_listener(lambda _: self._tell.set())
        self.rows.set()
        while True:
            await heard(self._tell, _PING)
            self._tell.clear()
            told, self._told = self._told, set()
            # After the commit that it is about, not in it: a NOTIFY makes all committing processes wait in line.
            await db.execute(
                "SELECT pg_notify($1, $2)" if told else "SELECT $1::text, $2::text", _CHANNEL, "".join(sorted(told))
            )

    def _hear(self, connection: object, process: int, channel: str, words: object) -> None:  # noqa: ARG002 - asyncpg's call
        if self._db is not None and process == self._db.get_server_pid():
            return
        if _WORK in str(words):
            self.work.set()
        if _SEND in str(words):
            self.rows.set()


async def heard(event: asyncio.Event, seconds: float) -> bool:
    """Whether it was set in time."""
    if event.is_set():
        return True
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
