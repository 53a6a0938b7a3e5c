"""How long pictures and documents take, beside a browser: `python -m tests.bench.pictures`.

Everybody draws the same replies in turns, warm, in one run; medians of the clock are shown, and the processor's time a
picture, of all processes of each: on a machine that does other work the latter says more. ``--keep FOLDER`` keeps a
picture of each, to be looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from hubbub.core.pictures import Chapter, Look, Paper, Said
from hubbub.rendering.renderer import RenderRules, TypstRenderer
from tests.bench.browsers import Peer, chromium, html, installed, used, wkhtmltoimage

REPLY = (
    "今天我们来看一个**例子**：用 Python 读取文件并统计词频。😀\n\n```python\nfrom collections import Counter\n"
    "print(Counter(open('a').read().split()).most_common(5))\n```\n\n- 第一步\n- 第二步\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n" + "这是说明文字，需要四百个字左右。" * 13 + "\n\n"
)
LONG = REPLY * (20_000 // len(REPLY))
OURS = "Hubbub"
WAYS = {
    "Chromium, one warm page": "warm",
    "Chromium, a page a picture": "page",
    "Chromium, as htmlrender": "idle",
}


@dataclass
class Contender:
    """One who draws. ``first``: seconds from nothing to the first picture."""

    name: str
    peer: Peer
    first: float
    clock: list[float] = field(default_factory=list)

    async def draw(self, text: str) -> bytes:
        begin = time.perf_counter()
        found = await self.peer.make(text)
        self.clock.append(time.perf_counter() - begin)
        return found


def hub(stack: AsyncExitStack) -> Peer:
    """The hub's renderer as it runs in a hub: processes of its own, here one of them."""
    renderer = TypstRenderer(RenderRules(seconds=120, document_seconds=120, cache_bytes=0))
    stack.push_async_callback(renderer.close)

    async def make(text: str) -> bytes:
        return b"".join(each.data for each in await renderer.pictures(text, Look()))

    def processor() -> float:
        return sum(used(psutil.Process(pid)) for pid in renderer.processes)

    return Peer(make, processor)


async def contenders(stack: AsyncExitStack) -> list[Contender]:
    """Everybody whom this machine has, each after a first picture."""
    found = []

    async def enter(name: str, peer: Peer, begin: float, text: str) -> None:
        await peer.make(text)
        found.append(Contender(name, peer, time.perf_counter() - begin))

    await enter(OURS, hub(stack), time.perf_counter(), REPLY)
    browser, other = installed(), shutil.which("wkhtmltoimage")
    for name, way in WAYS.items():
        begin = time.perf_counter()
        if browser is not None:
            await enter(name, await stack.enter_async_context(chromium(browser, way)), begin, html(REPLY))  # type: ignore[arg-type]
    if other is not None:
        begin = time.perf_counter()
        await enter("wkhtmltoimage", await stack.enter_async_context(wkhtmltoimage(other)), begin, html(REPLY))
    return found


async def compare(drawers: list[Contender], text: str, runs: int, keep: Path | None) -> list[str]:
    """A line of a table for each."""
    for each in drawers:
        await each.draw(text if each.name == OURS else html(text))
        each.clock.clear()
    before = {each.name: each.peer.processor() for each in drawers}
    for number in range(runs):
        for each in drawers:
            mine = f"{text}\n\n{number}"
            picture = await each.draw(mine if each.name == OURS else html(mine))
            if keep is not None and not number:
                (keep / f"{each.name} {len(text)}.png").write_bytes(picture)
    lines = []
    ours = (statistics.median(drawers[0].clock), drawers[0].peer.processor() - before[OURS])
    for each in drawers:
        clock, processor = statistics.median(each.clock), each.peer.processor() - before[each.name]
        ratios = f"{clock / ours[0]:.1f} | {processor / ours[1]:.1f}"
        lines.append(f"| {each.name} | {clock * 1000:.0f} | {processor / runs * 1000:.0f} | {ratios} |")
    return lines


async def document() -> str:
    """A document of 200 turns."""
    renderer = TypstRenderer(RenderRules(document_seconds=120))
    turns = tuple(Said("user" if n % 2 else "assistant", "You", "now", f"{n} {REPLY}") for n in range(200))
    await renderer.document(Paper("T", (), (Chapter("c", turns[:2]),)))
    begin = time.perf_counter()
    await renderer.document(Paper("T", (), (Chapter("c", turns),)))
    found = f"a PDF of 200 turns: {time.perf_counter() - begin:.2f} s"
    await renderer.close()
    return found


async def run(runs: int, keep: Path | None) -> list[str]:
    """All of it."""
    async with AsyncExitStack() as stack:
        drawers = await contenders(stack)
        lines = [f"first picture: {', '.join(f'{each.name} {each.first:.2f} s' for each in drawers)}"]
        for text, times in ((REPLY, runs), (LONG, max(runs // 6, 3))):
            lines += ["", f"{len(text)} characters, medians of {times}", ""]
            lines += ["| | clock, ms | processor, ms | clock, of ours | processor, of ours |", "|---|---|---|---|---|"]
            lines += await compare(drawers, text, times, keep)
    return [*lines, "", await document()]


def main() -> None:
    """Print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    sys.stdout.write("\n".join(asyncio.run(run(given.runs, given.keep))) + "\n")


if __name__ == "__main__":
    main()
