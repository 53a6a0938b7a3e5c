"""A disk that is full does not fill the log too."""

import logging
import sqlite3

import pytest

from hubbub.storage.refusals import Refusals


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    found = [record.getMessage() for record in caplog.records]
    caplog.clear()
    return found


def test_one_line_for_each_kind_and_how_many_came(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    refusals = Refusals((sqlite3.Error,), lambda: now[0])
    caplog.set_level(logging.WARNING)
    full = sqlite3.OperationalError("database or disk is full")
    for _ in range(300):
        refusals.refused(full, "a transaction of 3 rows is")
    refusals.refused(sqlite3.IntegrityError("twice"), "a transaction of 1 rows is")
    assert lines(caplog) == [
        "a transaction of 3 rows is not stored: OperationalError: database or disk is full",
        "a transaction of 1 rows is not stored: IntegrityError: twice",
    ]
    now[0] = 61.0
    refusals.refused(full, "a transaction of 2 rows is")
    assert lines(caplog) == [
        "a transaction of 2 rows is not stored (299 more of this kind in the last minutes): "
        "OperationalError: database or disk is full"
    ]
    refusals.stored()
    refusals.stored()
    assert lines(caplog) == ["transactions are stored again, after 302 that were not"]
    refusals.refused(full, "a transaction of 2 rows is")
    assert len(lines(caplog)) == 1, "a new time of trouble is told at once"


def test_what_nobody_expects_comes_with_its_traceback_once(caplog: pytest.LogCaptureFixture) -> None:
    refusals = Refusals((sqlite3.Error,))
    for error in (KeyError("x"), KeyError("y"), sqlite3.OperationalError("full")):
        refusals.refused(error, "it is")
    assert [record.exc_info is not None for record in caplog.records] == [True, False]
