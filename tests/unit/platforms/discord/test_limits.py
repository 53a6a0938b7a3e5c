"""Rate limits: what shares one, how many calls a window takes, and a limit of all calls."""

from __future__ import annotations

import pytest

from hubbub.platforms.discord.limits import _ALL, RateLimits, Route

SEND = Route.of("POST", "/channels/40001/messages")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("POST", "/channels/40001/messages"), ("POST", "/channels/40002/messages"), False),
        (("PATCH", "/channels/40001/messages/7777777"), ("PATCH", "/channels/40001/messages/8888888"), True),
        (("PATCH", "/channels/40001/messages/7777777"), ("DELETE", "/channels/40001/messages/7777777"), False),
        (("GET", "/channels/40001/messages?limit=50"), ("GET", "/channels/40001/messages"), True),
        (
            ("PUT", "/channels/40001/messages/7777777/reactions/a/@me"),
            ("DELETE", "/channels/40001/messages/8888888/reactions/b/@me"),
            True,
        ),
        (("GET", "/guilds/50001/members/20001"), ("GET", "/guilds/50001/members/20002"), True),
        (
            ("PATCH", "/webhooks/60001/one/messages/@original"),
            ("PATCH", "/webhooks/60001/two/messages/@original"),
            False,
        ),
        (("POST", "/interactions/90001/one/callback"), ("POST", "/interactions/90002/two/callback"), True),
    ],
)
def test_what_shares_a_limit(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    assert (Route.of(*one) == Route.of(*other)) == same


def head(left: int, wait: float = 5.0, limit: int = 5, name: str = "abc") -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset-After": str(wait),
        "X-RateLimit-Bucket": name,
    }


def taken(limits: RateLimits, route: Route, most: int = 20) -> int:
    """How many calls may be made at once."""
    return next((count for count in range(most) if limits.take(route) > 0), most)


def test_calls_at_once_are_as_many_as_are_left() -> None:
    clock = Clock()
    limits = RateLimits(clock)
    assert taken(limits, SEND) == _ALL, "nothing is known yet, but of all calls"
    clock.now += 1.0
    limits.learn(SEND, head(3))
    assert taken(limits, SEND) == 3
    assert limits.take(SEND) == pytest.approx(5.0)
    assert taken(limits, Route.of("POST", "/channels/40002/messages")) == _ALL - 3
    clock.now += 5.1
    assert taken(limits, SEND) == 5
    assert limits.take(SEND) == pytest.approx(1.0), "until Discord says how long the new window lasts"


def test_all_calls_together_are_as_many_as_discord_takes() -> None:
    clock = Clock()
    limits = RateLimits(clock)
    made = [limits.take(Route.of("POST", f"/channels/{number}/messages")) == 0 for number in range(100_000, 100_012)]
    assert made == [True] * 10 + [False] * 2
    assert limits.take(SEND) == pytest.approx(0.25)
    assert limits.take(Route.of("POST", "/interactions/90001/one/callback")) == 0
    clock.now += 0.25
    assert taken(limits, SEND) == 10


def test_an_answer_that_is_overtaken_gives_nothing_back() -> None:
    limits = RateLimits(Clock())
    limits.learn(SEND, head(1))
    limits.learn(SEND, head(4))
    assert taken(limits, SEND) == 1


def test_routes_share_a_bucket_that_discord_names_alike() -> None:
    limits, typing = RateLimits(Clock()), Route.of("POST", "/channels/40001/typing")
    limits.learn(SEND, head(5))
    limits.learn(typing, head(0))
    assert limits.take(SEND) > 0
    assert limits.take(Route.of("POST", "/channels/40002/typing")) == 0, "another channel"


def test_a_refusal_counts_for_its_bucket_or_for_all() -> None:
    clock = Clock()
    limits, other = RateLimits(clock), Route.of("GET", "/gateway/bot")
    limits.refused(SEND, 2.0, everything=False)
    assert limits.take(SEND) == pytest.approx(2.0)
    assert limits.take(other) == 0
    limits.refused(SEND, 3.0, everything=True)
    assert limits.take(other) == pytest.approx(3.0)
    assert limits.take(Route.of("POST", "/interactions/90001/one/callback")) == 0, "these are counted apart"
    clock.now += 3.0
    assert (limits.take(SEND), limits.take(other)) == (0, 0)


def test_the_memory_is_bounded() -> None:
    limits = RateLimits(Clock())
    for number in range(30_000):
        limits.learn(Route.of("POST", f"/channels/{100_000 + number}/messages"), head(5))
    assert len(limits._buckets) <= 10_000


@pytest.mark.parametrize("odd", [{}, {"X-RateLimit-Remaining": "x"}, head(0) | {"X-RateLimit-Reset-After": "soon"}])
def test_odd_headers_say_nothing(odd: dict[str, str]) -> None:
    limits = RateLimits(Clock())
    limits.learn(SEND, odd)
    assert taken(limits, SEND) == _ALL
