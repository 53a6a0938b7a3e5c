from __future__ import annotations

import pytest

from hubbub.conversations import charts
from hubbub.core.pictures import Chart


def test_every_day_has_its_place() -> None:
    days = charts.days_until("2026-03-01", 3)
    assert days == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert charts.values_of({"2026-02-28": 7, "2020-01-01": 9}, days) == [0, 7, 0]


def test_what_is_not_nothing_shows() -> None:
    assert charts.line([0, 1, 1000, 500]) == "▁▂█▅"
    assert charts.line([0, 0]) == "▁▁"
    assert charts.line([]) == ""


@pytest.mark.parametrize(
    ("most", "lines"),
    [
        (0, "0 1"),
        (1, "0 1"),
        (3, "0 1 2 3"),
        (5, "0 2 4 6"),
        (120, "0 50 100 150"),
        (3000, "0 1k 2k 3k"),
        (1_234_567, "0 500k 1M 1.5M"),
        (8_000_000_000, "0 2G 4G 6G 8G"),
    ],
)
def test_lines_are_at_round_numbers_and_the_last_is_above_all(most: int, lines: str) -> None:
    found = charts.chart([most], ["2026-03-01"]).lines
    assert " ".join(label for _, label in found) == lines
    assert max(1, most) <= found[-1][0] <= max(1, 2 * most)


def test_each_week_is_marked_back_from_the_last_day() -> None:
    days = charts.days_until("2026-03-01", 9)
    assert charts.chart([0] * 9, days).marks == ((1, "02-22"), (8, "03-01"))
    assert charts.chart([], []) == Chart((), (), ((0, "0"), (1, "1")))
