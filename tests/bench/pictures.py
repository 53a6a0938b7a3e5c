"""How long pictures and documents take: `python -m tests.bench.pictures`.

Each figure is the processor's time of one job in a warm worker's own code, and the time on the clock; on a machine that
does other work the first one is what says more.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time

from hubbub.core.pictures import Chapter, Look, Paper, Said
from hubbub.rendering.renderer import RenderRules, TypstRenderer
from hubbub.rendering.themes import Themes
from hubbub.rendering.typesetting import Typesetter

REPLY = (
    "今天我们来看一个**例子**：用 Python 读取文件并统计词频。😀\n\n```python\nfrom collections import Counter\n"
    "print(Counter(open('a').read().split()).most_common(5))\n```\n\n- 第一步\n- 第二步\n\n"
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n" + "这是说明文字，需要四百个字左右。" * 13 + "\n\n"
)


def job(text: str) -> dict[str, object]:
    theme, rules = Themes().find("light"), RenderRules()
    look = {"width": rules.width, "size": rules.font_size, "scale": rules.scale, "height": rules.height, "most": 50}
    return {**look, "dots": rules.dots, "text": text, "theme": {"dark": theme.dark, "colours": dict(theme.colours)}}


def typeset(typesetter: Typesetter, text: str, runs: int) -> str:
    """Median of both times, in milliseconds."""
    clock, processor = [], []
    for number in range(runs):
        begin, busy = time.perf_counter(), time.process_time()
        typesetter.pictures(job(f"{text}\n\n{number}"))
        clock.append(time.perf_counter() - begin)
        processor.append(time.process_time() - busy)
    return f"{statistics.median(processor) * 1000:.0f} ms of the processor, {statistics.median(clock) * 1000:.0f} ms"


async def first() -> str:
    """From nothing to the first picture, and a document of 200 turns."""
    renderer = TypstRenderer(RenderRules(seconds=60, document_seconds=60))
    begin = time.perf_counter()
    await renderer.pictures(REPLY, Look())
    found = f"{time.perf_counter() - begin:.2f} s"
    turns = tuple(Said("user" if n % 2 else "assistant", "You", "now", f"{n} {REPLY}") for n in range(200))
    paper = Paper("T", (), (Chapter("c", turns),))
    await renderer.document(Paper("T", (), (Chapter("c", turns[:2]),)))
    begin = time.perf_counter()
    await renderer.document(paper)
    await renderer.close()
    return f"first picture {found}; document of 200 turns {time.perf_counter() - begin:.2f} s"


def main() -> None:
    """Print them."""
    typesetter = Typesetter()
    typesetter.warm_up()
    typeset(typesetter, REPLY, 2)
    lines = [
        f"{len(REPLY)} characters: {typeset(typesetter, REPLY, 30)}",
        f"20,000 characters: {typeset(typesetter, REPLY * (20_000 // len(REPLY)), 5)}",
        asyncio.run(first()),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
