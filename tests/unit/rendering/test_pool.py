"""Workers: started when needed, bounded, killed and replaced, and gone when nobody needs them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from io import BytesIO

import pytest
from PIL import Image

from hubbub.core.errors import RenderError
from hubbub.core.pictures import Card, Chapter, Look, Paper, Said
from hubbub.rendering.pool import Pool, PoolRules
from hubbub.rendering.renderer import RenderRules, TypstRenderer
from tests.fakes.loop_turns import turns
from tests.unit.rendering.drawn import job, opened

SLOW = job(
    "\n\n".join(f"```python\n{'x = 1  # comment' * 40}\n```\n\n| a | b |\n|---|---|\n| {n} | 2 |" for n in range(900))
)


def _noise() -> bytes:
    buffer = BytesIO()
    Image.effect_noise((500, 500), 90).save(buffer, "PNG")
    return buffer.getvalue()


# As large a picture as an author may have.
NOISE = _noise()


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    found = Pool(PoolRules(workers=1, waiting=1, idle=0.2))
    yield found
    await found.close()


async def gone(pid: int) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                return
            await asyncio.sleep(0.01)


async def test_a_worker_is_kept_for_the_next_job_and_ends_when_idle() -> None:
    pool = Pool(PoolRules(workers=1, idle=3600))
    await pool.run(job("one"), 20)
    (pid,) = pool.processes
    await pool.run(job("two"), 20)
    assert pool.processes == [pid]
    await pool.close()
    await gone(pid)


async def test_an_idle_worker_ends(pool: Pool) -> None:
    await pool.run(job("one"), 20)
    (pid,) = pool.processes
    await gone(pid)
    assert pool.workers == 0


async def test_one_that_takes_too_long_is_killed_and_replaced() -> None:
    pool = Pool(PoolRules(workers=1))
    try:
        await pool.run(job("one"), 20)
        (pid,) = pool.processes
        with pytest.raises(RenderError, match="longer than"):
            await pool.run(SLOW, 0.05)
        await gone(pid)
        assert await pool.run(job("two"), 20)
        assert pool.processes != [pid]
    finally:
        await pool.close()


async def test_one_that_dies_at_work_is_told_and_replaced() -> None:
    pool = Pool(PoolRules(workers=1))
    try:
        await pool.run(job("one"), 20)
        (pid,) = pool.processes
        running = asyncio.create_task(pool.run(SLOW, 60))
        await asyncio.sleep(0)
        os.kill(pid, signal.SIGKILL)
        with pytest.raises(RenderError, match="ended"):
            await running
        assert await pool.run(job("two"), 20)
    finally:
        await pool.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere memory is not limited, or not so")
async def test_one_that_wants_too_much_memory_dies_alone() -> None:
    pool = Pool(PoolRules(workers=1, memory=450))
    try:
        assert await pool.run(job("one"), 20)
        with pytest.raises(RenderError):
            await pool.run(job("\n\n".join(["x"] * 1500), scale=4, most=1, height=10**6, dots=10**12), 60)
        assert await pool.run(job("two"), 20)
    finally:
        await pool.close()


async def test_who_gives_up_takes_the_worker_along(pool: Pool) -> None:
    await pool.run(job("one"), 20)
    (pid,) = pool.processes
    running = asyncio.create_task(pool.run(SLOW, 60))
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await gone(pid)


async def test_only_so_many_wait(pool: Pool) -> None:
    running = [asyncio.create_task(pool.run(job(f"{number}"), 60)) for number in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(RenderError, match="too many"):
        await pool.run(job("three"), 60)
    assert len(await asyncio.gather(*running)) == 2


async def test_a_grown_worker_is_replaced() -> None:
    pool = Pool(PoolRules(workers=1, grown=1))
    try:
        await pool.run(job("one"), 20)
        assert pool.workers == 0
    finally:
        await pool.close()


# typst 0.15 falls over them: over the first where it is turned and broken into lines quickly, over the second anyway.
FALLS = (
    "* عى❤\u0c4f00.1:9999) ࠞ\u085dඡ",
    "\U0001e9ea\U0001b4c3\U0001c35f\U0001b10d\U0001e83e\U0001f263# [^1]: \U0001cf31\U0001ee8f\U0001de64\U0001c822"
    "\U0001b83c#r",
)


@pytest.mark.parametrize("text", FALLS, ids=range(2))
async def test_what_typst_falls_over_is_set_again_more_plainly(text: str) -> None:
    renderer = TypstRenderer(RenderRules(seconds=20))
    try:
        await renderer.pictures("x", Look())
        (before,) = renderer.processes
        (picture,) = await renderer.pictures(text, Look(width=300, scale=0.5))
        assert opened(picture.data).width == 150
        assert renderer.workers == 1
        assert renderer.processes != [before]
    finally:
        await renderer.close()


async def test_plainly_there_is_no_fall(pool: Pool) -> None:
    """Over this one typst fell where it was set more plainly, too."""
    text = (
        "\u09d8\u0752\u0b69\u097b\U0001f1e8\u0e17\u0e22]\u0b38\u0b1d\u070d\u0d0a\u084a\u087a \u0897\u079e\u0873\u0d5a"
    )
    assert await pool.run({**job(text, width=300, scale=0.5), "plain": True}, 20)


async def test_the_same_picture_is_made_once() -> None:
    renderer = TypstRenderer(RenderRules(seconds=20))
    try:
        first = await renderer.pictures("same", Look())
        assert await renderer.pictures("same", Look()) is first
        assert (await renderer.pictures("same", Look("dark")))[0] != first[0]
        narrow = await renderer.pictures("same", Look(width=300, scale=2.0))
        assert [opened(each[0].data).width for each in (first, narrow)] == [900, 600]
    finally:
        await renderer.close()


async def test_the_memory_for_pictures_is_bounded() -> None:
    renderer = TypstRenderer(RenderRules(seconds=20, cache_bytes=40_000))
    try:
        first = await renderer.pictures("0", Look())
        for number in range(1, 20):
            await renderer.pictures(f"{number}", Look())
        assert await renderer.pictures("0", Look()) is not first
    finally:
        await renderer.close()


async def test_the_event_loop_is_not_held_up() -> None:
    renderer = TypstRenderer(RenderRules(seconds=60, document_seconds=120, most=50))
    card = Card("T", "A", "now", "m", NOISE)
    text = "一段**文字**和 `code`。\n\n" * 1200
    said = "这是说明文字，需要四百个字左右。" * 40
    paper = Paper("T", (), (Chapter("c", tuple(Said("user", "You", "now", f"{n} {said}") for n in range(100))),))
    try:
        await renderer.pictures("x", Look(card=card))
        with turns() as seen:
            assert len(await renderer.pictures(text, Look(card=card))) > 1
            await renderer.document(paper)
        assert seen.longest < 0.005, seen
    finally:
        await renderer.close()


async def test_a_card_and_a_document() -> None:
    renderer = TypstRenderer(RenderRules(seconds=20))
    try:
        plain = opened((await renderer.pictures("x", Look()))[0].data)
        avatar = (await renderer.pictures("y", Look(width=200)))[0].data
        card = Card("Title 标题 🎉", "Author", "2026-11-20", "model", avatar)
        headed = opened((await renderer.pictures("x", Look(card=card)))[0].data)
        assert headed.height > plain.height + 80
        paper = Paper("T", ("line",), (Chapter("c", (Said("user", "You", "now", "# hi"),)),))
        assert (await renderer.document(paper)).data.startswith(b"%PDF")
    finally:
        await renderer.close()
