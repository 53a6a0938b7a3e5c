"""The SQLite engine under the tests of the contract."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from typing_extensions import TypeVarTuple, override

from hubbub.storage.sqlite.connection import DATABASE
from hubbub.storage.sqlite.conversations import Conversations as SqliteConversations
from hubbub.storage.sqlite.reader import Reader
from hubbub.storage.sqlite.store import SqliteStore
from tests.contract.store_machine import StoreMachine

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from concurrent.futures import Executor
    from contextvars import Context

    from hubbub.core.store import Conversations
    from tests.contract.store_harness import Ending

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

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

    @classmethod
    async def from_template(cls, template: Path) -> Self:
        """Open on a copy of a data folder, which is quicker than making a new one."""
        harness = cls(fast_folder())
        shutil.copyfile(template / DATABASE, harness.folder / DATABASE)
        await harness.open()
        return harness

    @property
    def store(self) -> SqliteStore:
        assert self._store is not None
        return self._store

    async def open(self) -> SqliteStore:
        self._dead = False
        self._gate.set()
        self._store = SqliteStore(self.folder)
        self._prepare(self._store._writer, self._store._reader)
        await self._store.open()
        return self._store

    def _prepare(self, writer: Any, reader: Any) -> None:
        """Put a gate before every transaction."""
        write: Callable[..., Any] = writer._write

        def gated(*given: Any) -> Any:
            self._gate.wait()
            return [] if self._dead else write(*given)

        writer._write = gated

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
            self._kill(self.store._writer, self.store._reader, hear=how == "unheard")
        for reader in self._readers:
            await reader.close()
        self._readers.clear()

    def _kill(self, writer: Any, reader: Any, *, hear: bool) -> None:
        if hear:
            writer._flush()
        writer._done = lambda *_: None
        writer._closed = True
        self._dead = not hear
        self.let_go()
        for part in (writer, reader):
            part._jobs.put(None)
            part._thread.join()
        self.store._lock.drop()

    def afresh(self) -> Conversations:
        reader = Reader(self.folder / DATABASE)
        reader.start()
        self._readers.append(reader)
        return SqliteConversations(self.store._writer, reader)

    def remove(self) -> None:
        shutil.rmtree(self.folder)


class _Inline:
    """In place of a thread and its queue: a job is done where it is given, once `held` is over."""

    def __init__(self, part: Any) -> None:
        self._part = part
        self._jobs: list[Any] = []
        self.held = self.dropped = False

    def put(self, job: Any) -> None:
        self._jobs.append(job)
        self.go_on()

    def go_on(self) -> None:
        while self._jobs and not self.held:
            job = self._jobs.pop(0)
            if job is None:
                self._part._connection.close()
            elif not self.dropped:
                self._part._serve(job, self._part._connection)

    def start(self) -> None:
        """As a thread."""

    def join(self) -> None:
        """As a thread."""

    def is_alive(self) -> bool:
        return not self.dropped


class InlineLoop(asyncio.SelectorEventLoop):
    """Without threads nobody has to be woken."""

    @override
    def call_soon_threadsafe(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    @override
    def run_in_executor(self, _executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self.create_future()
        future.set_result(func(*args))
        return future


class InlineHarness(SqliteHarness):
    """The same engine without its threads, in an `InlineLoop`: faster, and the same in every run."""

    @override
    def _prepare(self, writer: Any, reader: Any) -> None:
        self._queue = _Inline(writer)
        writer._jobs = writer._thread = self._queue
        reader._jobs = reader._thread = _Inline(reader)

    @override
    def hold(self) -> None:
        self._queue.held = True

    @override
    def let_go(self) -> None:
        self._queue.held = False
        self._queue.dropped = self._dead
        self._queue.go_on()

    @override
    def afresh(self) -> Conversations:
        reader: Any = Reader(self.folder / DATABASE)
        reader._jobs = reader._thread = _Inline(reader)
        reader.start()
        self._readers.append(reader)
        return SqliteConversations(self.store._writer, reader)


class SqliteMachine(StoreMachine):
    """`StoreMachine` on this engine; `sqlite_machine` says how."""

    template: Path
    harness_class: type[SqliteHarness]

    @override
    def make(self) -> Coroutine[Any, Any, SqliteHarness]:
        return self.harness_class.from_template(self.template)


@contextmanager
def sqlite_machine(*, threads: bool = False) -> Iterator[type[SqliteMachine]]:
    """The machine, with the engine's threads as they are or (faster) without."""
    folder = fast_folder()
    harness_class = SqliteHarness if threads else InlineHarness

    async def prepare() -> None:
        harness = harness_class(folder)
        await harness.open()
        await harness.end()

    with asyncio.Runner(loop_factory=None if threads else InlineLoop) as runner:
        runner.run(prepare())
        yield type("Machine", (SqliteMachine,), {"template": folder, "runner": runner, "harness_class": harness_class})
    shutil.rmtree(folder)
