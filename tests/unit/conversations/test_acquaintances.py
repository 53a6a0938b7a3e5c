"""Who wrote is noted now and then."""

import pytest

from hubbub.conversations import acquaintances
from hubbub.conversations.acquaintances import Acquaintances


def test_somebody_is_noted_once_in_a_while() -> None:
    known = Acquaintances()
    assert [known.meet("ann", now) for now in (0.0, 1.0, 21_599.0, 21_600.0, 21_601.0)] == [
        True,
        False,
        False,
        True,
        False,
    ]
    assert known.meet("ben", 1.0)
    assert known.meet("ann", 5.0), "the clock was set back"


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acquaintances, "_MOST", 2)
    known = Acquaintances()
    assert [known.meet(name, 0.0) for name in ("a", "b", "c", "b", "a")] == [True, True, True, False, True]
