"""The store on SQLite: its parts put together."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from pathlib import Path

from hubbub.core.errors import StoreError
from hubbub.core.failpoints import Failpoint, never
from hubbub.storage.schema import STATE_NAMES
from hubbub.storage.sqlite import connection
from hubbub.storage.sqlite.calls import Calls
from hubbub.storage.sqlite.collecting import Collecting
from hubbub.storage.sqlite.conversations import Conversations
from hubbub.storage.sqlite.files import Files
from hubbub.storage.sqlite.forgetting import Forgetting
from hubbub.storage.sqlite.inbox import Inbox
from hubbub.storage.sqlite.leases import Leases
from hubbub.storage.sqlite.notes import Notes
from hubbub.storage.sqlite.outbox import Outbox
from hubbub.storage.sqlite.pruning import Pruning
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.secrets import Secrets
from hubbub.storage.sqlite.timers import Timers
from hubbub.storage.sqlite.usage import Usage
from hubbub.storage.sqlite.writer import Writer


class SqliteStore:
    """`store.Store` in one file of a data folder that this process owns. Build it inside the event loop."""

    def __init__(self, folder: Path, *, waiting: int = 4000, failpoint: Failpoint = never) -> None:
        """``waiting``: rows that may wait for a transaction before events are refused."""
        self._folder = folder
        self._lock = connection.FolderLock(folder)
        path = folder / connection.DATABASE
        self._writer = Writer(waiting, failpoint)
        self._reader = Reader(path)
        self.conversations = Conversations(self._writer, self._reader)
        self.outbox = Outbox(self._writer, self._reader)
        self.inbox = Inbox(self._writer, self._reader, self.outbox, self.conversations)
        self.timers = Timers(self._writer, self._reader, self.inbox)
        self.leases = Leases(self._writer, self._reader)
        self.secrets = Secrets(self._writer, self._reader)
        self.notes = Notes(self._writer, self._reader)
        self.usage = Usage(self._writer, self._reader)
        self.calls = Calls(self._writer, self._reader)
        self.files = Files(self._writer, self._reader)
        self._pruning = Pruning(self._writer, self._reader)
        self._collecting = Collecting(self._writer, self._reader, self.conversations)
        self._forgetting = Forgetting(self._writer, self._reader, self.conversations)

    async def open(self) -> None:
        """See `store.Store.open`."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            msg = (
                f"the data folder {self._folder} cannot be made ({error.strerror}); choose another with HUBBUB_DATA_DIR"
            )
            raise StoreError(msg) from error
        self._lock.take()
        try:
            db = await asyncio.to_thread(connection.connect, self._folder)
            self._start(db)
        except BaseException:
            self._lock.drop()
            raise

    def _start(self, db: sqlite3.Connection) -> None:
        try:
            epoch = connection.count_opening(db)
            self.inbox.load(db, epoch)
            self.outbox.load(db)
            self._reader.start()
        except sqlite3.Error as error:
            db.close()
            raise connection.unusable(self._folder, error) from error
        except StoreError:
            db.close()
            raise
        self._writer.start(db)

    async def close(self) -> None:
        """See `store.Store.close`."""
        await self._writer.idle()
        # The reader first: the last connection to close folds the log into the file, and the reader cannot write.
        await self._reader.close()
        await self._writer.close()
        self._lock.drop()

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
        """See `store.Store.stats`."""

        def count(db: sqlite3.Connection) -> dict[str, float]:
            found = db.execute("SELECT state, count(*) FROM outbox WHERE state < 10 GROUP BY state")
            return {f"outbox_{STATE_NAMES[state]}": float(number) for state, number in found}

        counts = dict.fromkeys(("outbox_queued", "outbox_sending", "outbox_unknown", "outbox_dead"), 0.0)
        counts |= await self._reader.read(count)
        return counts | {
            "inbox_waiting": float(self.inbox.lanes.waiting),
            "commits": float(self._writer.commits),
            "written": float(self._writer.written),
        }
