"""The SQLite engine under the tests of the contract."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubbub.storage.sqlite.branches import Branches
from hubbub.storage.sqlite.connection import DATABASE
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from hubbub.core.ports import Conversations
    from tests.contract.store_harness import Ending

_MEMORY = Path("/dev/shm")


def fast_folder() -> Path:
    """A folder whose fsync costs nothing, where there is one: these tests are about processes, not about power."""
    return Path(tempfile.mkdtemp(prefix="hubbub-test-", dir=_MEMORY if _MEMORY.is_dir() else None))


class SqliteHarness:
    """Ends the store's threads as the end of its process would; `open` first, `end` last."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._gate = threading.Event()
        self._dead = False
        self._readers: list[Reader] = []
        self._store: SqliteStore | None = None

    @property
    def store(self) -> SqliteStore:
        assert self._store is not None
        return self._store

    async def open(self) -> SqliteStore:
        self._dead = False
        self._gate.set()
        self._store = SqliteStore(self.folder)
        writer: Any = self._store._writer
        writer._write = self._gated(writer._write)
        await self._store.open()
        return self._store

    def _gated(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def gated(*given: Any) -> Any:
            self._gate.wait()
            return [] if self._dead else write(*given)

        return gated

    def hold(self) -> None:
        self._gate.clear()

    def let_go(self) -> None:
        self._gate.set()

    async def reopen(self, how: Ending = "closed") -> SqliteStore:
        await self.end(how)
        return await self.open()

    async def end(self, how: Ending = "closed") -> None:
        if how == "closed":
            self.let_go()
            await self.store.close()
        else:
            self._kill(hear=how == "unheard")
        for reader in self._readers:
            await reader.close()
        self._readers.clear()

    def _kill(self, *, hear: bool) -> None:
        writer: Any = self.store._writer
        reader: Any = self.store._reader
        if hear:
            writer._flush()
        writer._done = lambda *_: None
        writer._closed = True
        self._dead = not hear
        self._gate.set()
        for part in (writer, reader):
            part._jobs.put(None)
            part._thread.join()
        self.store._lock.drop()

    def afresh(self) -> Conversations:
        reader = Reader(self.folder / DATABASE)
        reader.start()
        self._readers.append(reader)
        return Branches(reader)

    @classmethod
    async def from_template(cls, template: Path) -> SqliteHarness:
        """Open on a copy of a data folder, which is quicker than making a new one."""
        harness = cls(fast_folder())
        shutil.copyfile(template / DATABASE, harness.folder / DATABASE)
        await harness.open()
        return harness

    def remove(self) -> None:
        shutil.rmtree(self.folder)
