"""Reads in a thread of their own, on a connection that cannot write."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from hubbub.core.errors import StoreError

T = TypeVar("T")
Function = Callable[[sqlite3.Connection], T]
Tell = Callable[[T | None, StoreError | None], None]


class Reader:
    """One reading thread; WAL lets it read while the writer writes."""

    def __init__(self, path: Path) -> None:
        """Connects on `start`."""
        self._path = path
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[tuple[Function[Any], Tell[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="hubbub-reader", daemon=True)

    def start(self) -> None:
        """Begin to serve."""
        self._thread.start()

    def submit(self, function: Function[T], tell: Tell[T]) -> None:
        """Run ``function`` in the thread and ``tell`` what it returned, or why not, in the event loop."""
        self._jobs.put((function, tell))

    async def read(self, function: Function[T]) -> T:
        """Run ``function`` in the thread. Raises StoreError when the database cannot be read."""
        future: asyncio.Future[T] = self._loop.create_future()

        def tell(value: T | None, error: StoreError | None) -> None:
            if future.done():
                return
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)  # type: ignore[arg-type]  # None only where function returns it

        self.submit(function, tell)
        return await future

    async def close(self) -> None:
        """Serve what waits and end."""
        if self._thread.is_alive():
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None)
        while (job := self._jobs.get()) is not None:
            function, tell = job
            value: object = None
            error: StoreError | None = None
            try:
                value = function(db)
            except Exception as caught:  # noqa: BLE001 - the thread's loop: whatever it was, the waiting are told
                error = StoreError(f"the database could not be read: {caught}")
                error.__cause__ = caught
            self._loop.call_soon_threadsafe(tell, value, error)
        db.close()
