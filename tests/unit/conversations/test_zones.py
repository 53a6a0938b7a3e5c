from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.conversations.zones import day, shown, zone_of

NOON = 1_769_860_800.0  # 2026-01-31 12:00 UTC


@pytest.mark.parametrize(
    ("name", "time"),
    [
        ("UTC", "2026-01-31 12:00"),
        ("Asia/Shanghai", "2026-01-31 20:00"),
        ("America/New_York", "2026-01-31 07:00"),
        ("8", "2026-01-31 20:00"),
        ("+8", "2026-01-31 20:00"),
        ("UTC+8", "2026-01-31 20:00"),
        ("gmt-3", "2026-01-31 09:00"),
        ("+05:30", "2026-01-31 17:30"),
        ("-03:30", "2026-01-31 08:30"),
        ("5.5", "2026-01-31 17:30"),
        (" Europe/Paris ", "2026-01-31 13:00"),
    ],
)
def test_zones_as_people_write_them(name: str, time: str) -> None:
    zone = zone_of(name)
    assert zone is not None
    assert shown(NOON, zone) == time


@pytest.mark.parametrize(
    "name", ["", "Nowhere/City", "+15", "99", "../../etc/passwd", "Asia", "x" * 5000, "\0", "1:99"]
)
def test_what_is_no_zone(name: str) -> None:
    assert zone_of(name) is None


@given(st.text(), st.floats())
def test_nothing_raises(name: str, time: float) -> None:
    shown(time, zone_of(name))


def test_times_and_days() -> None:
    assert shown(float("nan"), None) == "-"
    assert shown(1e30, None) == "-"
    assert day(NOON, zone_of("+14")) == "2026-02-01"
