"""One node at a time holds a name, and whoever loses it ends before another begins."""

from __future__ import annotations

import asyncio
import time

import pytest

from hubbub.core.errors import LeaseLost
from hubbub.dispatch import holding
from hubbub.dispatch.holding import Holder
from tests.fakes.common_store import CommonLeases, CommonWords

TTL = 1.2


class Nodes:
    """Some nodes on one store, and when each began and ended to hold the name."""

    def __init__(self) -> None:
        self.leases = CommonLeases()
        self.words = CommonWords()
        self.log: list[tuple[str, str]] = []

    def holder(self, node: str) -> Holder:
        return Holder(self.leases, self.words.node(), node, TTL)

    async def use(self, holder: Holder, node: str, *, seize: bool = False) -> None:
        async with holder.hold("one", seize=seize):
            self.log.append((node, "begins"))
            try:
                await asyncio.Event().wait()
            finally:
                self.log.append((node, "ends"))


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def until(nodes: Nodes, count: int) -> None:
    async with asyncio.timeout(10):
        while len(nodes.log) < count:
            await asyncio.sleep(0.005)


async def test_the_next_one_gets_it_when_it_is_given_back() -> None:
    nodes = Nodes()
    first = asyncio.create_task(nodes.use(nodes.holder("a"), "a"))
    await until(nodes, 1)
    second = asyncio.create_task(nodes.use(nodes.holder("b"), "b"))
    await asyncio.sleep(TTL * 1.5)
    assert nodes.log == [("a", "begins")], "a renewed lease does not lapse"
    await ended(first)
    await until(nodes, 3)
    assert nodes.log == [("a", "begins"), ("a", "ends"), ("b", "begins")]
    await ended(second)


async def test_who_cannot_renew_ends_before_another_may_begin() -> None:
    nodes = Nodes()
    holder = nodes.holder("a")
    using = asyncio.create_task(nodes.use(holder, "a"))
    await until(nodes, 1)
    nodes.leases.away = True
    with pytest.raises(LeaseLost):
        await asyncio.wait_for(using, 5)
    assert not holder.holds("one")
    nodes.leases.away = False
    assert nodes.leases.leases["one"].until > nodes.leases.now, "the others still have to wait"


async def test_it_is_not_held_a_moment_too_long_after_a_halt(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process was stopped: its clock went on, its timers did not."""
    nodes = Nodes()
    holder = nodes.holder("a")
    using = asyncio.create_task(nodes.use(holder, "a"))
    await until(nodes, 1)
    assert holder.holds("one")
    monkeypatch.setattr(holding, "_now", lambda: time.monotonic() + 1000 + TTL)
    assert not holder.holds("one")
    holder.check()
    with pytest.raises(LeaseLost):
        await asyncio.wait_for(using, TTL / 4)


async def test_a_clock_that_is_set_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = Nodes()
    using = asyncio.create_task(nodes.use(nodes.holder("a"), "a"))
    await until(nodes, 1)
    monkeypatch.setattr(time, "time", lambda: 4e9)
    await asyncio.sleep(TTL * 1.2)
    assert nodes.log == [("a", "begins")]
    await ended(using)


@pytest.mark.parametrize("deaf", [False, True])
async def test_who_seizes_it_has_it_and_the_other_ends(deaf: bool) -> None:
    nodes = Nodes()
    first = asyncio.create_task(nodes.use(nodes.holder("a"), "a"))
    await until(nodes, 1)
    nodes.words.deaf = deaf
    second = asyncio.create_task(nodes.use(nodes.holder("b"), "b", seize=True))
    with pytest.raises(LeaseLost):
        await asyncio.wait_for(first, TTL)
    await until(nodes, 3)
    assert sorted(nodes.log) == [("a", "begins"), ("a", "ends"), ("b", "begins")]
    await ended(second)


async def test_a_lease_that_lapsed_unnoticed_is_lost_though_nobody_took_it() -> None:
    nodes = Nodes()
    using = asyncio.create_task(nodes.use(nodes.holder("a"), "a"))
    await until(nodes, 1)
    nodes.leases.ahead = 2 * TTL
    with pytest.raises(LeaseLost):
        await asyncio.wait_for(using, TTL)


async def test_an_error_of_the_block_is_its_own() -> None:
    nodes = Nodes()
    holder = nodes.holder("a")
    with pytest.raises(TimeoutError, match="mine"):
        async with holder.hold("one"):
            raise TimeoutError("mine")
    async with holder.hold("one"):
        assert holder.holds("one")
