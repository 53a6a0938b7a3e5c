import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.markup import tree
from hubbub.markup.parse import parse
from hubbub.markup.plain import marked, plain


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        ("**bold** and *it* and `code`", "bold and it and code"),
        ("# Title\ntext", "Title\ntext"),
        ("one\n\ntwo **x**", "one\n\ntwo x"),
        ("line *a*\nline b", "line a\nline b"),
        ("~~not~~ this", "~~not~~ this"),
        ("[site](https://example.org/x)", "site (https://example.org/x)"),
        ("<https://example.org>", "https://example.org"),
        ("[example.org](https://example.org)", "example.org"),
        ("![a cat](https://example.org/c.png)", "a cat (https://example.org/c.png)"),
        ("- *a*\n- b\n  - c", "- a\n- b\n  - c"),
        ("3. a\n4. *b*", "3. a\n4. b"),
        ("- *a*\n\n  more\n\n- b", "- a\n\n  more\n\n- b"),
        ("> **said**\n> so", "> said\n> so"),
        ("```py\nx = 1\n\n**y**\n```", "x = 1\n\n**y**"),
        ("| a | b |\n|---|---|\n| 1 | *2* |", "a | b\n1 | 2"),
        ("a\n\n***\n\nb", "a\n\n---\n\nb"),
        ("\\*not it\\*", "*not it*"),
        ("a &amp; b", "a & b"),
        ("snake_case_name and <b>tag</b>", "snake_case_name and <b>tag</b>"),
        ("2 * 3 = 6", "2 * 3 = 6"),
        ("[x](javascript:alert)", "[x](javascript:alert)"),
    ],
)
def test_plain(markdown: str, text: str) -> None:
    assert plain(markdown) == text


@given(st.text(st.characters(exclude_characters="*_`~[\\#<&|")))
def test_a_text_without_marks_is_the_same(text: str) -> None:
    assert plain(text) == text


@given(st.text(st.sampled_from("*_`~[]()!\\#<>&|-+1. \n\tab你"), max_size=300))
def test_any_text_is_read(text: str) -> None:
    plain(text)


def test_deep_nesting_is_bounded() -> None:
    assert plain(">" * 5_000 + " *x*").startswith(">")
    assert "x" in plain("*" * 3_000 + "x" + "*" * 3_000)


def test_a_file_of_text_is_left_alone() -> None:
    text = "*x* " * 30_000
    assert plain(text) == text


def test_the_tree() -> None:
    words = tree.Words
    assert parse("# A *b*") == (tree.Heading(1, (words("A "), tree.Emphasis((words("b"),)))),)
    assert parse("a  \nb") == (tree.Paragraph((words("a"), tree.Break(hard=True), words("b"))),)
    assert parse("```js x\ny\n```") == (tree.CodeBlock("y", "js"),)
    assert parse("1. a\n\n2. b") == (
        tree.Listing(((tree.Paragraph((words("a"),)),), (tree.Paragraph((words("b"),)),)), 1, tight=False),
    )
    assert parse("|a|b|\n|:-|-:|\n|1|2|") == (
        tree.Table(((words("a"),), (words("b"),)), (((words("1"),), (words("2"),)),), ("left", "right")),
    )
    assert parse("> q\n\n---") == (tree.Quoted((tree.Paragraph((words("q"),)),)), tree.Rule())


@pytest.mark.parametrize(("text", "expected"), [("Hello, world! 你好", False), ("- a\n- b", False), ("a*b", True)])
def test_marked(text: str, expected: bool) -> None:
    assert marked(text) is expected


def test_the_parser_is_loaded_on_first_use_only() -> None:
    use = "from hubbub.markup import plain, split; plain.plain('hello')"
    code = f"import sys; {use}; print('markdown_it' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "False"
