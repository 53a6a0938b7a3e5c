"""How often a platform is called."""

from __future__ import annotations

import asyncio
from collections import Counter

from hubbub.core.addresses import Room
from hubbub.core.capabilities import Capabilities
from hubbub.dispatch.pace import Pace
from tests.fakes.jumping import jumping

CAN = Capabilities(streams=True, edit_every=0.0, calls_per_second=10)


def room(name: str, account: str = "me") -> Room:
    return Room("fake", account, "private", name)


def now() -> float:
    return asyncio.get_running_loop().time()


@jumping
async def test_an_account_is_called_so_often_in_any_second() -> None:
    pace, times = Pace(), list[float]()

    async def call(number: int) -> None:
        if number % 2:
            await pace.message(room(f"r{number}"), CAN)
        else:
            await pace.draft(room(f"r{number}"), CAN)
        times.append(now())

    await asyncio.gather(*(call(number) for number in range(45)))
    times.sort()
    assert all(later - first >= 1.0 for first, later in zip(times, times[10:], strict=False))
    assert times[-1] - times[0] < 6


@jumping
async def test_messages_go_before_drafts() -> None:
    pace, done = Pace(), list[str]()

    async def call(kind: str) -> None:
        await (pace.draft(room(kind + str(len(done))), CAN) if kind == "draft" else pace.message(room(kind), CAN))
        done.append(kind)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(30):
            tasks.create_task(call("draft"))
        await asyncio.sleep(0.01)
        for _ in range(20):
            tasks.create_task(call("message"))
    assert Counter(done[:30]) == {"draft": 10, "message": 20}


@jumping
async def test_a_room_is_edited_so_often() -> None:
    pace, can, began = Pace(), Capabilities(edit_every=2.0), now()
    times = []
    for _ in range(3):
        await pace.draft(room("r"), can)
        times.append(round(now() - began, 2))
    assert times == [0, 2, 4]
    await pace.draft(room("other"), can)
    assert round(now() - began, 2) == 4


@jumping
async def test_the_end_does_not_wait_as_long_as_the_next_edit_would() -> None:
    pace, can, began = Pace(), Capabilities(edit_every=5.0), now()
    await pace.draft(room("r"), can)
    await pace.message(room("r"), can, edit=True)
    assert round(now() - began, 2) == 1.2


@jumping
async def test_what_is_refused_rests() -> None:
    pace, began = Pace(), now()
    await pace.draft(room("r"), CAN)
    pace.refused(room("r"), CAN, 7.0)
    await pace.draft(room("other"), CAN)
    assert round(now() - began, 2) == 3
    await pace.draft(room("r"), CAN)
    assert round(now() - began, 2) == 7
    await pace.draft(room("r", "another account"), CAN)
    assert round(now() - began, 2) == 7


@jumping
async def test_without_limits_nobody_waits() -> None:
    pace, began = Pace(), now()
    can = Capabilities(edit_every=0.0)
    for _ in range(100):
        await pace.draft(room("r"), can)
        await pace.message(room("r"), can, edit=True)
    assert now() - began < 1
    assert not pace.keeps(room("r"))
    assert not pace.is_late(room("r"))


@jumping
async def test_a_draft_that_is_given_up_takes_nobodys_turn() -> None:
    pace, began = Pace(), now()
    for number in range(10):
        await pace.message(room(f"r{number}"), CAN)
    waiting = [asyncio.ensure_future(pace.draft(room(f"d{number}"), CAN)) for number in range(50)]
    await asyncio.sleep(0.1)
    assert pace.is_late(room("r"))
    for task in waiting:
        task.cancel()
    await pace.message(room("last"), CAN)
    assert now() - began < 1.5


@jumping
async def test_a_refusal_begins_the_pace_of_an_account_that_has_one() -> None:
    """Whoever is told to slow down calls no oftener than that from then on, in all of its rooms."""
    pace, times = Pace(), list[float]()
    pace.refused(room("r0"), Capabilities(), 5.0)
    assert not pace.keeps(room("r1")), "this platform names no pace"
    pace.refused(room("r0"), CAN, 5.0)
    assert pace.keeps(room("r1"))
    assert not pace.keeps(room("r1", "another"))

    async def call(number: int) -> None:
        await pace.message(room(f"r{number + 1}"), CAN)
        times.append(now())

    await asyncio.gather(*(call(number) for number in range(30)))
    assert all(later - first >= 1.0 for first, later in zip(times, times[10:], strict=False))
