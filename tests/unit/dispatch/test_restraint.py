"""How often the hub does something of its own accord."""

from hubbub.dispatch.restraint import Restraint


def test_so_often_in_so_many_seconds() -> None:
    restraint = Restraint()
    assert [restraint.may("a", now, 2, 60.0) for now in (0.0, 1.0, 2.0, 59.0, 60.5, 60.9, 61.5)] == [
        True,
        True,
        False,
        False,
        True,
        False,
        True,
    ]
    assert restraint.may("b", 2.0, 2, 60.0)


def test_a_clock_that_was_set_back_silences_nobody() -> None:
    restraint = Restraint()
    assert restraint.may("a", 1e9, 1, 60.0)
    assert restraint.may("a", 10.0, 1, 60.0)
    assert not restraint.may("a", 11.0, 1, 60.0)


def test_it_remembers_a_bounded_number_of_things() -> None:
    restraint = Restraint()
    for number in range(10_001):
        restraint.may(str(number), 0.0, 1, 60.0)
    assert restraint.may("0", 0.0, 1, 60.0)
    assert not restraint.may("9999", 0.0, 1, 60.0)
