"""Formulas: the common ones are set, what cannot be is shown as code, and none of them can do anything else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubbub.rendering import sources
from hubbub.rendering.chemistry import chemical
from hubbub.rendering.formulas import LONGEST, mathematics
from hubbub.rendering.typesetting import Typesetter
from tests.unit.rendering.drawn import drawn, ink

FIXTURE = Path(__file__).parents[2] / "fixtures/rendering/formulas.txt"
COMMON = FIXTURE.read_text(encoding="utf-8").splitlines()


def sets(typesetter: Typesetter, latex: str) -> bool:
    return bool(mathematics(latex)) and typesetter.sets(sources.checks([latex])[0][1])


def test_common_formulas_are_set(typesetter: Typesetter) -> None:
    assert len(COMMON) == 80
    bad = [latex for latex in COMMON if not sets(typesetter, latex)]
    assert len(bad) <= 2, bad


def test_a_formula_looks_like_its_letters(typesetter: Typesetter) -> None:
    """A formula that is written differently and means the same looks the same."""
    for one, other in (
        (r"\dfrac{a}{b}", r"\frac{a}{b}"),
        (r"{n \choose k}", r"\binom{n}{k}"),
        (r"\hbar", "ℏ"),
        (r"\bigl(x\bigr)", "(x)"),
        (r"\textcolor{red}{x}", "x"),
        (r"{\rm d}x", r"\mathrm{d}x"),
        (r"\ce{H2O}", r"\mathrm{H}_2\mathrm{O}"),
        (r"\begin{align*}x\end{align*}", "x"),
    ):
        first, second = [ink(drawn(typesetter, f"$${each}$$")).tobytes() for each in (one, other)]
        assert first == second, one
    fraction, product = [ink(drawn(typesetter, f"$${each}$$")).size for each in (r"\frac{a}{b}", "ab")]
    assert fraction[1] > 2 * product[1]


@pytest.mark.parametrize(
    "form",
    ["{}", "so {} it is", "**so {}**", "*{} it*", "> so {}", "- so {}", "# so {}", "| a |\n|---|\n| so {} |", "{} نص"],
)
def test_a_formula_of_its_own_line_is_seen_wherever_it_stands(typesetter: Typesetter, form: str) -> None:
    low, high = [
        ink(drawn(typesetter, form.replace("{}", f"\\[{latex}\\]"))).height for latex in ("x", r"\frac{\frac{a}{b}}{c}")
    ]
    assert high > low


def test_no_space_stands_around_a_formula_of_its_own_line(typesetter: Typesetter) -> None:
    seen, same = [ink(drawn(typesetter, text)).tobytes() for text in ("so $$x$$ and", "so$$x$$and")]
    assert seen == same


def test_what_cannot_be_set_is_shown_as_code_and_spoils_nothing(typesetter: Typesetter) -> None:
    whole = drawn(typesetter, r"before $\frac{a}{b}$ and $\nosuchthing{x}$ after" + "\n\n$$\\nosuchthing$$")
    assert whole.height > 100
    seen, code = [ink(drawn(typesetter, text)).tobytes() for text in (r"$\nosuchthing{x}$", r"`\nosuchthing{x}`")]
    assert seen == code


@pytest.mark.parametrize("latex", [r"x_\over", r"'^\over"])
def test_what_the_translator_falls_over_is_shown_as_code(typesetter: Typesetter, latex: str) -> None:
    seen, code = [ink(drawn(typesetter, text)).tobytes() for text in (f"${latex}$", f"`{latex}`")]
    assert seen == code


@pytest.mark.parametrize(
    "latex",
    [
        r"#std.read(\"/etc/passwd\")",
        r"\operatorname{std}.read(x)",
        r"\mathop{std}",
        r"\operatorname{sys}",
        r"1\std.read(x)",
        '#import "@preview/cetz:0.3.0"',
        r"x \# y #",
        "a" * (LONGEST + 1),
        "{" * 100 + "x" + "}" * 100,
    ],
)
def test_what_could_do_more_is_refused(latex: str) -> None:
    found = mathematics(latex)
    assert found is None or ("#" not in found and "std" not in found.replace('"', ""))


@pytest.mark.parametrize(
    "latex",
    [r"\text{#std.read(\"x\")}", r'\text{" #std.read("x") "}', r"\text{\\\" #x}", '"#x"', r"\mbox{$ #x $}"],
)
def test_words_in_a_formula_are_words(typesetter: Typesetter, latex: str) -> None:
    assert drawn(typesetter, f"$${latex}$$").height > 50


SIGNS = [*"\\{}[]()$#\"'`_^&%,;.:/|-+=0aAxstdre ad中", "std", "\\text{", "\\ce{", "\\operatorname{", "sys."]


@settings(max_examples=150)
@given(st.lists(st.sampled_from(SIGNS), max_size=60).map("".join))
def test_no_formula_reaches_a_function(latex: str) -> None:
    found = mathematics(latex)
    if found is None:
        return
    outside = _without_strings(found.replace("delim: #none", ""))
    assert "#" not in outside
    # Behind a letter it is another name, behind a digit it is the one.
    assert not re.search(r"(?<![^\W\d_])(?:std|sys)(?![^\W_])", outside)


def _without_strings(code: str) -> str:
    """As typst reads it: a backslash takes the next character with it, a quotation mark begins a string."""
    kept, index, inside = [], 0, False
    while index < len(code):
        if code[index] == "\\":
            index += 2
            continue
        if code[index] == '"':
            inside = not inside
        elif not inside:
            kept.append(code[index])
        index += 1
    return "".join(kept)


@pytest.mark.parametrize(
    ("written", "latex"),
    [
        ("H2O", r"\mathrm{H}_{2}\mathrm{O}"),
        ("SO4^2-", r"\mathrm{S}\mathrm{O}_{4}^{2-}"),
        ("Na+", r"\mathrm{Na}^{+}"),
        ("2H2 + O2 -> 2H2O", r"2\mathrm{H}_{2} + \mathrm{O}_{2} \rightarrow  2\mathrm{H}_{2}\mathrm{O}"),
    ],
)
def test_chemistry(written: str, latex: str) -> None:
    assert chemical(written) == latex
