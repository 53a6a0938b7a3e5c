"""Arithmetic: right, and bounded whatever is written."""

from __future__ import annotations

import contextlib
import time
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.skills.arithmetic import LONGEST, Unreckonable, evaluate, written


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("2 ** 10", "1024"),
        ("2^3^2", "512"),
        ("-2 ** 2", "-4"),
        ("2 ** -1", "0.5"),
        ("10 / 4", "2.5"),
        ("7 // 2 + 7 % 2", "4"),
        ("0.1 + 0.2", "0.3"),
        ("3×4÷2", "6"),
        ("（1+2）", "3"),
        ("2*π", "6.2831853071796"),
        ("sqrt(2)", "1.4142135623731"),
        ("round(2.567, 1)", "2.6"),
        ("log(8, 2)", "3"),
        ("min(3, 1, 2) + MAX(4, 5)", "6"),
        ("gcd(12, 18)", "6"),
        ("12345678901234567890 * 98765432109876543210", "1219326311370217952237463801111263526900"),
        ("factorial(20)", "2432902008176640000"),
        ("1e3 + .5", "1000.5"),
    ],
)
def test_results(text: str, result: str) -> None:
    assert written(evaluate(text)) == result


@pytest.mark.parametrize(
    "text",
    [
        "", "1 +", "1 2", "2 pi", "(1", "1)", "x", "import os", "__import__('os')", "a.b", "[1]", "1 if 1 else 2",
        "9**9**9", "2**5000", "factorial(1000000)", "factorial(-1)", "factorial(2.5)", "1/0", "0**-1", "sqrt(-1)",
        "(-8)**0.5", "1e400", "exp(10000)", "gcd(1.5, 2)", "round(5, -10**9)", "round(5, 10**9)", "nothing(1)",
        "sqrt()", "sqrt(1, 2)", "(" * 200, "-" * 300 + "1", "1" + "+1" * LONGEST, "9" * 490 + "**9", "10**1000**1000",
    ],
)  # fmt: skip
def test_what_has_no_result_says_why_and_takes_no_time(text: str) -> None:
    began = time.process_time()
    with pytest.raises(Unreckonable) as told:
        evaluate(text)
    assert str(told.value)
    assert time.process_time() - began < 1


@given(st.text(alphabet="0123456789+-*/%^(). ,eE sqrtlnmiax", max_size=60))
def test_anything_ends(text: str) -> None:
    with contextlib.suppress(Unreckonable):
        assert len(written(evaluate(text))) < 2000


@given(st.integers(-(10**9), 10**9), st.integers(-(10**9), 10**9), st.integers(1, 10**6))
def test_whole_numbers_are_exact(one: int, other: int, third: int) -> None:
    assert evaluate(f"({one}) * ({other}) - {third}") == one * other - third
    assert evaluate(f"({one}) // {third}") == Fraction(one) // third
