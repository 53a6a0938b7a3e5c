"""Any text becomes a picture: nothing breaks, hangs, reads a file or speaks to anybody, in the processes of a hub."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from hubbub.core.errors import RenderError
from hubbub.core.pictures import Look
from hubbub.rendering.pool import PoolRules
from hubbub.rendering.renderer import RenderRules, TypstRenderer
from tests.unit.rendering.nonsense import nonsense

PNG = b"\x89PNG"
# Of the processor's time, which is the same on a machine that does other work.
MOST_SECONDS = 2.0


@dataclass
class Seen:
    """What came of texts, by number: ``refused`` those without a picture, ``slow`` and ``slowest`` in seconds."""

    drawn: int = 0
    refused: dict[int, str] = field(default_factory=dict)
    slow: dict[int, float] = field(default_factory=dict)
    slowest: float = 0.0


@dataclass
class Canary:
    """A server and a file that nobody should come to."""

    url: str
    came: list[str]
    file: Path

    @property
    def read(self) -> bool:
        """The system notes when a file that was changed since is read for the first time."""
        found = self.file.stat()
        return found.st_atime_ns > found.st_mtime_ns

    @property
    def temptations(self) -> tuple[str, ...]:
        return (
            f"![a]({self.url}/a.png)",
            f"<img src='{self.url}/b'>",
            f"[x]({self.url})",
            f"![]({self.file})",
            f"![](file://{self.file})",
            f'#read("{self.file}")',
            f'$#image("{self.file}")$',
            f'#import "{self.url}/x.typ"',
            f"\\includegraphics{{{self.file}}}",
            f'"), read("{self.file}',
        )


@asynccontextmanager
async def canary(folder: Path) -> AsyncIterator[Canary]:
    came: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append((await reader.readline()).decode(errors="replace"))
        writer.close()

    file = folder / "canary.png"
    file.write_bytes(PNG)
    changed = time.time_ns()
    os.utime(file, ns=(changed - 10**9, changed))
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield Canary(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", came, file)


async def draw_all(numbers: Iterator[int], temptations: tuple[str, ...], seen: Seen) -> None:
    """Draw the texts of these numbers in one process; others take of the same numbers."""
    rules = RenderRules(seconds=120, cache_bytes=0, most=1000, pool=PoolRules(workers=1))
    renderer, look = TypstRenderer(rules), Look(width=300, scale=0.5)
    try:
        before = 0.0
        for number in numbers:
            try:
                files = await renderer.pictures(nonsense(number, temptations), look)
                seen.drawn += all(each.data.startswith(PNG) for each in files)
            except RenderError as error:
                seen.refused[number] = str(error)
            now = sum(processor(pid) for pid in renderer.processes)
            spent, before = now - before if now > before else 0.0, now
            seen.slowest = max(seen.slowest, spent)
            if spent > MOST_SECONDS:
                seen.slow[number] = spent
            if number % 5000 == 0:
                sys.stderr.write(f"{number}: {seen}\n")
    finally:
        await renderer.close()


def processor(pid: int) -> float:
    with suppress(psutil.NoSuchProcess):
        times = psutil.Process(pid).cpu_times()
        return times.user + times.system
    return 0.0


async def fuzz(count: int, processes: int, folder: Path) -> Seen:
    seen, numbers = Seen(), iter(range(count))
    async with canary(folder) as bird:
        async with asyncio.TaskGroup() as group:
            for _ in range(processes):
                group.create_task(draw_all(numbers, bird.temptations, seen))
        assert bird.came == []
        assert not bird.read
        bird.file.read_bytes()
        if not bird.read:
            pytest.skip("this file system does not tell who reads")
    return seen


async def test_nonsense_becomes_pictures(tmp_path: Path) -> None:
    seen = await fuzz(250, 1, tmp_path)
    assert (seen.drawn, seen.refused, seen.slow) == (250, {}, {})


@pytest.mark.slow
@pytest.mark.timeout(7200)
async def test_a_hundred_thousand_texts_become_pictures(tmp_path: Path) -> None:
    seen = await fuzz(100_000, 2, tmp_path)
    sys.stderr.write(f"{seen}\n")
    assert (seen.refused, seen.slow) == ({}, {})


def test_the_same_number_is_the_same_text() -> None:
    assert nonsense(7) == nonsense(7)
    assert len({nonsense(number) for number in range(200)}) > 190
