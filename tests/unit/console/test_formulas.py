"""Formulas: found where they are meant, written as harmless MathML, in time that grows with the text."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.console.formulas import Formulas, mathml
from hubbub.console.writing import markdown_html


@pytest.mark.parametrize(
    "text", ["$x$", "$x^2$.", r"\(x\)", "$$x$$", "$$\nx\n$$", r"\[ x \]", "a $x$ b", "**$x$**", "| $x$ |", "（$x$）"]
)
def test_formulas_are_found(text: str) -> None:
    assert "<math " in markdown_html(text, "en")


@pytest.mark.parametrize(
    "text",
    [
        "$5 and $10",
        "costs 5$ or 6$",
        "$ x $",
        "`$x$`",
        "```\n$x$\n```",
        "```\n$x$",
        r"\$x\$",
        "$a\nb$",
        "A$x$",
        "$$ $$",
    ],
)
def test_money_and_code_are_not(text: str) -> None:
    assert "<math" not in markdown_html(text, "en")


def test_code_stays_as_it_was() -> None:
    text = markdown_html("`$a$` and $b$ and `\\(c\\)`", "en")
    assert "<code>$a$</code>" in text
    assert "<code>\\(c\\)</code>" in text
    assert text.count("<math") == 1


def test_a_formula_over_the_edge_of_code_is_none() -> None:
    assert markdown_html("`$a` and `$b`", "en") == "<p><code>$a</code> and <code>$b</code></p>"


def test_what_is_no_tex_is_shown_as_it_was() -> None:
    assert "<code>$\\left( x$</code>" in markdown_html("$\\left( x$", "en")


@pytest.mark.parametrize(
    "tex", [r"\text{<script>}", r"\href{javascript:alert(1)}{x}", r"\style{color:red}{x}", r"\class{a}{x}"]
)
def test_what_a_formula_holds_is_harmless(tex: str) -> None:
    written = mathml(tex, display=False)
    assert "<script" not in written
    assert not re.search(r"\b(href|style|class|on\w+)=", written)


@given(st.text(st.sampled_from("\\{}^_&$<>\"'abc1 fracsqrtlefrightbegin"), max_size=60))
def test_nothing_breaks_it(tex: str) -> None:
    mathml(tex, display=True)


@pytest.mark.parametrize("piece", ["$", "`", "\\[", "\\(a", "$a ", "`a``b", "```", "$$a", "\ue0001\ue001"])
def test_time_grows_with_the_text(piece: str) -> None:
    began = time.process_time()
    Formulas().take_out(piece * 20_000)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("tex", ["{" * 1900, "\\frac" * 380, "^" * 1900, "\\left(" * 300, "\\sqrt" * 380, "\\\\" * 900])
def test_deep_and_broken_formulas_end(tex: str) -> None:
    began = time.process_time()
    mathml(tex, display=True)
    assert time.process_time() - began < 2


def test_marks_in_a_text_are_not_taken_for_formulas() -> None:
    assert markdown_html("\ue0000\ue001 $x$ \ue0005\ue001", "en").count("<math") == 1
