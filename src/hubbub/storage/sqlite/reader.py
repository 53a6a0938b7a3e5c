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
        self._connection: sqlite3.Connection | None = None
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[tuple[Function[Any], Tell[Any]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="hubbub-reader", daemon=True)

    def start(self) -> None:
        """Begin to serve. Raises sqlite3.Error."""
        uri = f"{self._path.resolve().as_uri()}?mode=ro"
        self._connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        self._thread.start()

    def submit(self, function: Function[T], tell: Tell[T]) -> None:
        """Run ``function`` in the thread and ``tell`` what it returned, or why not, in the event loop."""
        if self._closed:
            tell(None, StoreError("the store is closed"))
        else:
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
        self._closed = True
        if self._thread.is_alive():
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    def _work(self) -> None:
        assert self._connection is not None  # noqa: S101 - started with one
        while (job := self._jobs.get()) is not None:
            if not self._serve(job, self._connection):
                break
        self._connection.close()

    def _serve(self, job: tuple[Function[Any], Tell[Any]], db: sqlite3.Connection) -> bool:
        """Read and tell; False if the event loop is gone, and with it whoever asked."""
        function, tell = job
        value: object = None
        error: StoreError | None = None
        try:
            value = function(db)
        except StoreError as caught:
            error = caught
        except Exception as caught:  # noqa: BLE001 - the thread's loop: whatever it was, the waiting are told
            error = StoreError(f"the database could not be read: {caught}")
            error.__cause__ = caught
        try:
            self._loop.call_soon_threadsafe(tell, value, error)
        except RuntimeError:
            return False
        return True
