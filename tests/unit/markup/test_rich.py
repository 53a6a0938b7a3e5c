"""Formulas, tasks and footnotes; and what only looks like a formula."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.markup.rich import read
from hubbub.markup.tree import Formula, FormulaBlock, Listing, Mark, Paragraph, Words
from hubbub.markup.writer import write


def inline(text: str) -> tuple[object, ...]:
    (paragraph,) = read(text)
    assert isinstance(paragraph, Paragraph)
    return paragraph.children


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("$x^2$", Formula("x^2")),
        (r"\(x\)", Formula("x")),
        (r"\[x\]", FormulaBlock("x", "latex")),
        ("$$x$$", FormulaBlock("x", "latex")),
        ("a $$x$$ b", Formula("x", display=True)),
        (r"a \[x\] b", Formula("x", display=True)),
        ("$$\nx\n= y\n$$", FormulaBlock("x\n= y", "latex")),
        ("\\[\nx\n- y\n\\]", FormulaBlock("x\n- y", "latex")),
        ("\\begin{align}\nx\n\\end{align}", FormulaBlock("\\begin{align}\nx\n\\end{align}", "latex")),
    ],
)
def test_formulas(text: str, formula: object) -> None:
    (block,) = read(text)
    found = block.children if isinstance(block, Paragraph) else (block,)
    assert formula in found


@pytest.mark.parametrize(
    "text",
    ["costs $5 and $6", r"costs \$5$", "$ x $", "$$", "$", r"\\(x\\)", "`$x$`", r"\(", "$x\n\ny$", "US$5, HK$6"],
)
def test_what_is_no_formula(text: str) -> None:
    assert not any(
        isinstance(child, Formula) for block in read(text) if isinstance(block, Paragraph) for child in block.children
    )
    assert not any(isinstance(block, FormulaBlock) for block in read(text))


def test_a_formula_is_code_to_whoever_knows_no_formulas() -> None:
    assert write(read("a $x^2$\n\n$$y$$")) == "a x^2\n\ny"


def test_tasks_and_notes() -> None:
    (tasks,) = read("- [ ] a\n- [x] b\n- c")
    assert isinstance(tasks, Listing)
    assert write((tasks,)) == "- ☐ a\n- ☑ b\n- c"
    paragraph, notes = read("x[^1]\n\n[^1]: *note*")
    assert isinstance(paragraph, Paragraph)
    assert paragraph.children == (Words("x"), Mark("1"))
    assert write((notes,)) == "1. note"


@given(st.text(alphabet="$\\()[]{}ab \n-=|>`*^_1", max_size=200))
def test_any_text_is_read(text: str) -> None:
    assert write(read(text)) is not None
