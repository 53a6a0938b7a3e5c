from __future__ import annotations

from hubbub.conversations import charts


def test_every_day_has_its_place() -> None:
    days = charts.days_until("2026-03-01", 3)
    assert days == ["2026-02-27", "2026-02-28", "2026-03-01"]
    assert charts.values_of({"2026-02-28": 7, "2020-01-01": 9}, days) == [0, 7, 0]


def test_what_is_not_nothing_shows() -> None:
    assert charts.line([0, 1, 1000, 500]) == "▁▂█▅"
    assert charts.line([0, 0]) == "▁▁"
    assert charts.line([]) == ""


def test_columns_are_as_high_as_their_numbers() -> None:
    drawn = charts.bars([0, 1, 100, 50], ["2026-02-26", "2026-02-27", "2026-02-28", "2026-03-01"], 2)
    assert drawn.splitlines() == ["100 ┤    █", "    ┤  ▁ █ █", "  0 └───────", "     02-26 03-01"]
    assert charts.bars([0, 0], []).splitlines()[-1] == "0 └───"
