"""The far side of the loopback: what a real platform's servers would be.

It keeps every event until it is acknowledged and delivers it again after a restart, and it remembers what it showed. In
memory, or in two files that outlive the process: the spool, which others append events to, and the record of what was
sent. The place in the spool up to which everything is acknowledged is kept beside it, in a file that ends in ``.ack``.
Files are read and written in place, for this is a platform for tests.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO

import orjson

from hubbub.platforms.loopback.wire import ShownLine, WireObject, encode


class Spool:
    """Events in order, each with the place behind it; delivered from the last acknowledged place on.

    Without a file, events come from `offer` and are lost with the process.
    """

    def __init__(self, path: Path | None, poll_seconds: float) -> None:
        """``path``: the file, which need not exist yet."""
        self._path = path
        self._poll_seconds = poll_seconds
        self._memory: list[bytes] = []
        self._acknowledged = 0
        self._more = asyncio.Event()

    @property
    def acknowledged(self) -> int:
        """The place up to which nothing is delivered again."""
        if self._path is None:
            return self._acknowledged
        try:
            return int(self._ack_path(self._path).read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def acknowledge(self, place: int) -> None:
        """Everything before this place is safe."""
        if self._path is None:
            self._acknowledged = place
            return
        path = self._ack_path(self._path)
        fresh = path.with_name(f"{path.name}.new")
        fresh.write_text(str(place), encoding="ascii")
        fresh.replace(path)

    def offer(self, event: WireObject) -> None:
        """Append an event."""
        line = orjson.dumps(event)
        if self._path is None:
            self._memory.append(line)
        else:
            with self._path.open("ab") as file:
                file.write(line + b"\n")
        self._more.set()

    async def events(self) -> AsyncIterator[tuple[int, bytes]]:
        """Every event that is not acknowledged, then those to come; each with the place behind it."""
        place = self.acknowledged
        while True:
            self._more.clear()
            lines = self._read(place)
            for line in lines:
                place += len(line) if self._path else 1
                yield place, line.strip()
            if not lines:
                await self._wait()

    async def _wait(self) -> None:
        if self._path is None:
            await self._more.wait()
        else:
            await asyncio.sleep(self._poll_seconds)

    def _read(self, place: int) -> list[bytes]:
        if self._path is None:
            return self._memory[place:]
        try:
            with self._path.open("rb") as file:
                file.seek(place)
                lines = file.readlines(1024 * 1024)
        except FileNotFoundError:
            return []
        # One may be half written, and while we read its rest may come as if it were the next.
        return list(itertools.takewhile(_is_whole, lines))

    @staticmethod
    def _ack_path(path: Path) -> Path:
        return path.with_name(f"{path.name}.ack")


class Record:
    """What was shown, in order; in a file too if there is one, every line safe before it is confirmed.

    Several processes may write the file, as they may all call one platform: a key is known whoever it came from.
    """

    def __init__(self, path: Path | None) -> None:
        """``path``: the file, which may hold what was shown before."""
        self.lines: list[ShownLine] = []
        self._path = path
        self._writing = asyncio.Lock()
        self._place = 0
        self.ids: set[str] = set()
        self._keys: dict[str, str] = {}
        self.read()

    def read(self) -> None:
        """Know what is in the file, which another process may have written."""
        if self._path is not None and self._path.exists():
            with self._path.open("rb") as file, _alone(file):
                self._take(file)

    async def show(self, line: ShownLine, *, once: bool = False) -> str:
        """Show something and return its id. ``once``: not again under a key that was seen, the id is that of then."""
        async with self._writing:
            if self._path is None:
                return self._put(line, once=once)[0]
            return await asyncio.to_thread(self._append, self._path, line, once=once)

    def _append(self, path: Path, line: ShownLine, *, once: bool) -> str:
        with path.open("a+b") as file, _alone(file):
            whole = self._take(file)
            identity, new = self._put(line, once=once)
            if new:
                file.write((b"" if whole else b"\n") + encode(line))
                file.flush()
                os.fsync(file.fileno())
                self._place = file.tell()
            return identity

    def _put(self, line: ShownLine, *, once: bool) -> tuple[str, bool]:
        """Know a line of our own, with its id; whether it is new."""
        if line["do"] == "send":
            known = self._keys.get(line["key"])
            if once and known is not None:
                return known, False
            line["id"] = str(len(self.lines) + 1)
        self._remember(line)
        return line.get("id", ""), True

    def _remember(self, line: ShownLine) -> None:
        self.lines.append(line)
        if line["do"] == "send":
            self.ids.add(line["id"])
            self._keys.setdefault(line["key"], line["id"])

    def _take(self, file: BinaryIO) -> bool:
        """Know the lines that are new in the file; whether the last one is whole."""
        file.seek(self._place)
        data = file.read()
        for line in data.splitlines():
            if line.endswith(b"}"):  # else whoever wrote it was killed at that moment
                self._remember(orjson.loads(line))
        self._place += len(data)
        return not data or data.endswith(b"\n")


@contextlib.contextmanager
def _alone(file: BinaryIO) -> Iterator[None]:
    """One process at a time writes; where there is no such lock, only one may use the file."""
    if sys.platform == "win32":
        yield
        return
    import fcntl  # noqa: PLC0415 - exists on Unix only

    fcntl.flock(file, fcntl.LOCK_EX)
    yield  # closing the file lets go of it


def _is_whole(line: bytes) -> bool:
    return line.endswith(b"\n")
