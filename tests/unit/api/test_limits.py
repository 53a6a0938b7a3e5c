"""How many requests a token may send."""

from __future__ import annotations

import pytest

from hubbub.api.limits import BUCKETS, Buckets
from tests.fakes.doors import doors


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_minutes_share_at_once_then_one_by_one() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    assert [buckets.take("a", 60) for _ in range(60)] == [0.0] * 60
    assert buckets.take("a", 60) == pytest.approx(1.0)
    assert buckets.take("b", 60) == 0.0
    clock.now += 1.0
    assert buckets.take("a", 60) == 0.0
    assert buckets.take("a", 60) == pytest.approx(1.0)
    clock.now += 1000.0
    assert [buckets.take("a", 60) for _ in range(61)] == [0.0] * 60 + [pytest.approx(1.0)]


def test_who_is_refused_loses_nothing() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    buckets.take("a", 1)
    assert [round(buckets.take("a", 1)) for _ in range(5)] == [60] * 5
    clock.now += 60.0
    assert buckets.take("a", 1) == 0.0


def test_the_buckets_are_bounded() -> None:
    buckets = Buckets(Clock())
    for number in range(BUCKETS + 10):
        buckets.take(str(number), 1)
    assert buckets.take("0", 1) == 0.0  # forgotten
    assert buckets.take(str(BUCKETS), 1) > 0


async def test_a_token_that_sends_too_much_waits() -> None:
    async with doors() as at:
        token = await at.token("messages", "status", per_minute=2)
        url = f"{at.url}/api/v1/status"
        for _ in range(2):
            async with at.client.get(url, headers=token) as answer:
                assert answer.status == 200
        async with at.client.get(url, headers=token) as answer:
            assert answer.status == 429
            assert (await answer.json())["error"]["code"] == "rate_limited"
            assert 1 <= int(answer.headers["retry-after"]) <= 30
        async with at.client.get(url, headers=await at.token("status")) as answer:
            assert answer.status == 200


async def test_the_limit_is_shown_and_not_the_way_it_is_stored() -> None:
    async with doors() as at:
        body = {"name": "bot", "scopes": ["openai"], "per_minute": 5}
        async with at.client.post(f"{at.url}/api/v1/tokens", json=body, headers=await at.admin()) as answer:
            made = (await answer.json())["token"]
        assert (made["scopes"], made["per_minute"]) == (["openai"], 5)
