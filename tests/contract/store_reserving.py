"""What is reserved before it is used: granted exactly up to the limit, counted once, lapsing by itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from hubbub.core.errors import Unstorable
from hubbub.core.quotas import Pace, Quota, Reservation, Shortage
from hubbub.core.work import Spend, Spent
from tests.contract.store_harness import runs, written

if TYPE_CHECKING:
    from hubbub.core.store import Store
    from tests.contract.store_harness import StoreHarness

ME, ALL, DAY = "test:private:me", "hub:all", "2026-01-31"
NOW = 1_769_860_800.0


def asked(number: object, *quotas: Quota, tokens: int = 0, cost: int = 0, again: bool = False) -> Reservation:
    return Reservation(f"id-{number}", NOW, NOW + 60, quotas, (), tokens, cost, again)


async def granted(store: Store, wanted: list[Reservation]) -> int:
    found = await asyncio.gather(*(store.usage.reserve(each) for each in wanted))
    return sum(each is None for each in found)


class ReserveSuite:
    """Inherit it, and give it a fixture ``harness``."""

    async def test_many_at_once_get_no_more_than_there_is(self, harness: StoreHarness) -> None:
        quota = Quota(ME, DAY, messages=5)
        await harness.store.usage.add(Spend(ME, DAY, 2))
        assert await granted(harness.store, [asked(number, quota) for number in range(20)]) == 3
        assert await harness.store.usage.reserve(asked("more", quota)) == Shortage(ME, "messages", 5)
        assert await harness.store.usage.reserve(asked("tomorrow", replace(quota, day="2026-02-01"))) is None

    async def test_what_is_counted_is_held_no_more(self, harness: StoreHarness) -> None:
        store, quotas = harness.store, (Quota(ME, DAY, messages=2, tokens=100), Quota(ALL, DAY, messages=3))
        assert await store.usage.reserve(asked(1, *quotas, tokens=99)) is None
        assert await store.usage.reserve(asked(2, *quotas, tokens=1)) is None
        assert await store.usage.reserve(asked(3, *quotas)) == Shortage(ME, "messages", 2)
        await written(store, Spend(ME, DAY, 1, 5, 5, cost=7, holds=("id-1",), shares=(ALL,)), number=1)
        await store.usage.add(Spend(ME, DAY, 0, holds=("id-2",), shares=(ALL,)))
        async for each in runs(harness, "killed"):
            assert (await each.usage.spent(ALL, DAY, DAY)).cost == 7
            assert await each.usage.days(ME, "2026-01-01", DAY) == {DAY: replace(await each.usage.spent(ME, DAY, DAY))}
        store = harness.store
        assert await store.usage.reserve(asked(4, *quotas)) is None
        assert await store.usage.reserve(asked(5, *quotas)) == Shortage(ME, "messages", 2)
        other = Quota("you", DAY, messages=9)
        assert await store.usage.reserve(asked(6, other, quotas[1])) is None
        assert await store.usage.reserve(asked(7, other, quotas[1])) == Shortage(ALL, "messages", 3)
        assert [each.owner for each in await store.usage.spenders()] == [ME]

    async def test_nothing_is_held_of_what_is_refused(self, harness: StoreHarness) -> None:
        store, mine, all_of_us = harness.store, Quota(ME, DAY, messages=9), Quota(ALL, DAY, messages=1)
        assert await store.usage.reserve(asked(1, all_of_us)) is None
        for number in range(2, 12):
            assert await store.usage.reserve(asked(number, mine, all_of_us)) == Shortage(ALL, "messages", 1)
        await store.usage.release("id-1")
        await store.usage.release("id-1")
        assert await store.usage.reserve(asked(12, mine, all_of_us)) is None

    async def test_money_is_never_promised_twice(self, harness: StoreHarness) -> None:
        store, quota = harness.store, Quota(ME, DAY, cost=1000)
        assert await store.usage.reserve(asked(0, quota, cost=1001)) == Shortage(ME, "cost", 1000)
        assert await granted(store, [asked(number, quota, cost=300) for number in range(1, 9)]) == 3
        await store.usage.add(Spend(ME, DAY, 1, cost=950, holds=("id-1",)))
        assert await store.usage.reserve(asked(9, quota)) == Shortage(ME, "cost", 1000)

    async def test_the_last_one_may_go_over_the_tokens(self, harness: StoreHarness) -> None:
        store, quota = harness.store, Quota(ME, DAY, tokens=100)
        await store.usage.add(Spend(ME, DAY, 1, 60, 39))
        assert await store.usage.reserve(asked(1, quota, tokens=500)) is None
        assert await store.usage.reserve(asked(2, quota)) == Shortage(ME, "tokens", 100)

    async def test_what_nobody_counts_lapses(self, harness: StoreHarness) -> None:
        quota = Quota(ME, DAY, messages=1)
        assert await harness.store.usage.reserve(asked(1, quota)) is None
        async for store in runs(harness, "killed"):
            assert await store.usage.reserve(asked(2, quota)) is not None
        later = replace(asked(3, quota), now=NOW + 61, until=NOW + 120)
        assert await harness.store.usage.reserve(later) is None
        assert await harness.store.usage.sweep(NOW + 61) == 1
        assert await harness.store.usage.sweep(NOW + 61) == 0
        assert await harness.store.usage.sweep(NOW + 120) == 1

    async def test_whoever_tries_again_takes_their_own_place(self, harness: StoreHarness) -> None:
        quota = Quota(ME, DAY, messages=2)
        assert await harness.store.usage.reserve(asked(1, quota)) is None
        async for store in runs(harness, "killed"):
            assert await store.usage.reserve(asked(1, quota, again=True)) is None
        assert await harness.store.usage.reserve(asked(2, quota)) is None
        assert await harness.store.usage.reserve(asked(3, quota)) is not None

    async def test_a_minute_fills_the_bucket(self, harness: StoreHarness) -> None:
        usage, pace = harness.store.usage, Pace(ME, 3)
        wanted = [replace(asked(number), paces=(pace,)) for number in range(10)]
        assert await granted(harness.store, wanted) == 3
        found = await usage.reserve(replace(wanted[0], now=NOW + 10))
        assert found is not None
        assert (found.what, found.limit, round(found.seconds)) == ("minute", 3, 10)
        assert await usage.reserve(replace(wanted[0], now=NOW + 20)) is None
        assert await usage.reserve(replace(wanted[0], now=NOW + 20)) is not None
        later = [replace(each, now=NOW + 1000) for each in wanted]
        assert await granted(harness.store, later) == 3
        assert await usage.sweep(NOW + 5000) == 1
        assert not await usage.spenders()

    async def test_what_cannot_be_reserved_harms_nobody(self, harness: StoreHarness) -> None:
        usage, quota = harness.store.usage, Quota(ME, DAY, messages=1)
        bad = (
            asked("\ud800", quota),
            asked(1, quota, cost=-1),
            asked(1, quota, tokens=1 << 60),
            asked(1, Quota("\ud800", DAY, messages=1)),
            replace(asked(1, quota), until=float("nan")),
        )
        found = await asyncio.gather(
            *(usage.reserve(each) for each in bad), usage.reserve(asked(2, quota)), return_exceptions=True
        )
        assert [type(each) for each in found] == [Unstorable] * len(bad) + [type(None)]
        assert await usage.spent(ME, DAY, DAY) == Spent(ME)
        with pytest.raises(Unstorable):
            await written(harness.store, Spend(ME, DAY, 1, shares=("\ud800",)), number=1)
