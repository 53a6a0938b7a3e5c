"""Warnings about what comes in."""

import logging

import pytest

from hubbub.core.complaints import Complaints


def test_one_warning_of_a_kind_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    complain = Complaints(logging.getLogger("test"), lambda: now[0])
    for _ in range(100):
        complain("junk", "127.0.0.1:1", "detail")
    complain("other", "127.0.0.1:1")
    now[0] = 61.0
    complain("junk", "127.0.0.1:2", "x" * 5000)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 3
    assert lines[0] == "127.0.0.1:1: junk: detail"
    assert "99 more" in lines[2]
    assert len(lines[2]) < 500
