"""Tries of an address: so many at once, refilled slowly, forgotten within bounds."""

from __future__ import annotations

from hubbub.api.failures import ADDRESSES, Failures


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_tries_run_out_and_come_back() -> None:
    clock = Clock()
    failures = Failures(tries=3, refill=10, clock=clock)
    for _ in range(3):
        assert failures.wait("1.2.3.4") == 0
        failures.count("1.2.3.4")
    assert 0 < failures.wait("1.2.3.4") <= 10
    assert failures.wait("1.2.3.5") == 0
    clock.now += 10
    assert failures.wait("1.2.3.4") == 0
    failures.count("1.2.3.4")
    assert failures.wait("1.2.3.4") > 0


def test_a_flood_does_not_lock_out_for_ever() -> None:
    clock = Clock()
    failures = Failures(tries=3, refill=10, clock=clock)
    for _ in range(1000):
        failures.count("1.2.3.4")
    assert failures.wait("1.2.3.4") <= 20


def test_neighbours_in_ipv6_are_one() -> None:
    failures = Failures(tries=1, refill=10, clock=Clock())
    failures.count("2001:db8::1")
    assert failures.wait("2001:db8::ffff") > 0
    assert failures.wait("2001:db8:0:1::1") == 0


def test_it_is_bounded() -> None:
    failures = Failures(tries=1, refill=10, clock=Clock())
    for number in range(ADDRESSES + 50):
        failures.count(f"10.0.{number // 256}.{number % 256}")
    assert len(failures._full_at) == ADDRESSES
    assert failures.wait("10.0.0.0") == 0
