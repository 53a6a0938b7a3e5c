"""Workers: how many, in which order, and what is left when they end."""

from __future__ import annotations

import asyncio

from hubbub.dispatch.crew import Crew


async def test_workers_are_kept_and_bounded() -> None:
    seen: set[object] = set()
    most = at_once = 0
    done: list[int] = []

    async def work(item: int) -> None:
        nonlocal most, at_once
        seen.add(asyncio.current_task())
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0)
        at_once -= 1
        done.append(item)

    async with asyncio.TaskGroup() as tasks:
        crew = Crew(tasks, work, most=3)
        for item in range(30):
            crew.start(item)
        while crew.busy:
            await asyncio.sleep(0)
        for item in range(30, 40):
            crew.start(item)
            await asyncio.sleep(0.001)
        crew.end()
    assert done == list(range(40))
    assert most == 3
    assert len(seen) == 3


async def test_nothing_is_begun_after_the_end() -> None:
    done: list[int] = []

    async def work(item: int) -> None:
        done.append(item)

    async with asyncio.TaskGroup() as tasks:
        crew = Crew(tasks, work, most=1)
        crew.start(1)
        await asyncio.sleep(0.001)
        crew.end()
        crew.start(2)
    crew.start(3)  # the task group is over: no error either
    assert done == [1]


async def test_what_is_cut_off_at_the_end_is_left() -> None:
    begun: list[int] = []

    async def work(item: int) -> None:
        begun.append(item)
        await asyncio.Event().wait()

    async with asyncio.TaskGroup() as tasks:
        crew = Crew(tasks, work, most=2)
        for item in range(5):
            crew.start(item)
        await asyncio.sleep(0.001)
        assert crew.busy == 2
        crew.end()
    assert begun == [0, 1]
    assert crew.busy == 0
