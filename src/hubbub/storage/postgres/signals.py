"""Who waits for work hears of it: within the process at once, from other processes by NOTIFY, else by looking.

On the same channel go short words of the upper layers (`store.Words`). A payload is a JSON list of topics and texts;
what does not fit into one goes into the next.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Any

import orjson

from hubbub.storage.postgres.database import FAILURES, Database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hubbub.storage.postgres.database import Connection

log = logging.getLogger(__name__)

POLL = 1.0
"""Seconds after which one looks, whatever was heard."""

_CHANNEL = "hubbub"
_WORK, _SEND = "w", "s"
_WAITS = (0.1, 0.5, 2.0, 5.0)
_WELL = _PING = 30.0
_LARGEST = 7500
"""Bytes of a payload; the server takes 8000."""
_MOST_WORDS = 20_000


class Signals:
    """Two things to wait for: lanes that can be claimed, and rows that can be taken."""

    def __init__(self, database: Database) -> None:
        """Says nothing to others before `run`."""
        self._database = database
        self._db: Connection | None = None
        self._told: set[str] = set()
        self._words: deque[tuple[str, str]] = deque(maxlen=_MOST_WORDS)
        self._hearers: dict[str, list[Callable[[str], None]]] = {}
        self._tell = asyncio.Event()
        self.work = asyncio.Event()
        self.rows = asyncio.Event()

    def freed(self, *, others: bool) -> None:
        """There is something to claim; ``others`` shall know it too."""
        self.work.set()
        if others:
            self._say(_WORK)

    def queued(self, *, others: bool = True) -> None:
        """There are rows to send for whoever holds their account."""
        self.rows.set()
        if others:
            self._say(_SEND)

    def word(self, topic: str, text: str) -> None:
        """See `store.Words.tell`. Of too many the oldest are lost."""
        self._words.append((topic, text))
        self._tell.set()

    def hear(self, topic: str, hearer: Callable[[str], None]) -> None:
        """See `store.Words.hear`."""
        self._hearers.setdefault(topic, []).append(hearer)

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
            # After the commit that it is about, not in it: a NOTIFY makes all committing processes wait in line.
            payloads = list(self._payloads())
            if not payloads:
                await db.execute("SELECT 1")
            for payload in payloads:
                await db.execute("SELECT pg_notify($1, $2)", _CHANNEL, payload)

    def _payloads(self) -> Iterator[str]:
        """All that is to be told, in as few payloads as it fits into."""
        told, self._told = self._told, set()
        said = [*((word, "") for word in sorted(told)), *self._words]
        self._words.clear()
        part: list[bytes] = []
        size = 2
        for each in map(orjson.dumps, said):
            if len(each) > _LARGEST:
                continue
            if size + len(each) + 1 > _LARGEST:
                yield _joined(part)
                part, size = [], 2
            part.append(each)
            size += len(each) + 1
        if part:
            yield _joined(part)

    def _hear(self, connection: object, process: int, channel: str, payload: object) -> None:  # noqa: ARG002 - asyncpg's call
        if self._db is not None and process == self._db.get_server_pid():
            return
        try:
            for topic, text in orjson.loads(str(payload)):
                self._heard(topic, text)
        except (ValueError, TypeError) as error:
            log.warning("what another process said is not understood: %s", error)

    def _heard(self, topic: str, text: Any) -> None:
        if topic == _WORK:
            self.work.set()
        elif topic == _SEND:
            self.rows.set()
        else:
            for hearer in self._hearers.get(topic, ()):
                hearer(text)


def _joined(part: list[bytes]) -> str:
    return (b"[" + b",".join(part) + b"]").decode()


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
