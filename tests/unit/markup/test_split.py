import itertools
import re
import time
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hubbub.core.capabilities import LengthUnit
from hubbub.markup.graphemes import boundary
from hubbub.markup.split import fits, size, split

UNITS = get_args(LengthUnit)
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
WORDS = [
    "a",
    "word",
    "你好",
    "。",
    " ",
    "\n",
    "\n\n",
    FAMILY,
    "e\u0301",
    "🇨🇳",
    "한국",
    "https://example.org/a?b=c",
    "`x y`",
    ". ",
]
texts = st.one_of(st.text(), st.lists(st.sampled_from(WORDS), max_size=300).map("".join))


def squeezed(text: str) -> str:
    return "".join(text.split())


@given(text=texts, limit=st.integers(30, 300), unit=st.sampled_from(UNITS))
def test_pieces_are_small_and_rejoin(text: str, limit: int, unit: LengthUnit) -> None:
    pieces = split(text, limit, unit, markdown=False)
    if len(pieces) == 1:
        assert pieces == [text] or squeezed(pieces[0]) == squeezed(text)
    assert all(fits(piece, limit, unit) for piece in pieces)
    assert squeezed("".join(pieces)) == squeezed(text)


@given(text=texts, limit=st.integers(60, 300), unit=st.sampled_from(UNITS))
@example(text="0" * 59 + " \u0300", limit=60, unit="characters")
@example(text="0" * 59 + "   \u0300", limit=60, unit="characters")
@example(text="0" * 59 + "\n\u0300", limit=60, unit="characters")
def test_no_visible_character_is_cut(text: str, limit: int, unit: LengthUnit) -> None:
    position = 0
    for piece in split(text, limit, unit, markdown=False):
        start = text.find(piece, position)
        assert start >= position
        longest = max(map(len, clusters(text)), default=0)
        if longest < 10:
            assert boundary(text, start)
            assert boundary(text, start + len(piece))
        position = start + len(piece)


def clusters(text: str) -> list[str]:
    cuts = [index for index in range(len(text) + 1) if boundary(text, index)]
    return [text[a:b] for a, b in itertools.pairwise(cuts)]


CODE_LINES = st.lists(
    st.sampled_from(["x = 1", "", "    return y  # 说明", "print('long line ' * 3)", "}"]), max_size=40
)


@given(
    before=st.sampled_from(["", "Some words.\n", "一段话。" * 30 + "\n\n"]),
    fence=st.sampled_from(["```", "~~~~", "```python", "````md"]),
    code=CODE_LINES,
    closed=st.booleans(),
    after=st.sampled_from(["", "\nThe end.", "\n\n" + "more words " * 40]),
    limit=st.integers(40, 300),
)
def test_code_is_closed_and_opened_again(
    before: str, fence: str, code: list[str], closed: bool, after: str, limit: int
) -> None:
    mark = re.sub(r"\w", "", fence)
    block = "\n".join([fence, *code, mark]) if closed else "\n".join([fence, *code])
    text = before + block + (after if closed else "")
    pieces = split(text, limit)
    for piece in pieces:
        assert len(piece) <= limit
        if len(pieces) > 1 and closed:
            fences = [line for line in piece.split("\n") if line.startswith(mark)]
            assert len(fences) % 2 == 0, piece
    rejoined = squeezed("".join(re.sub(rf"^{mark}\w*$", "", piece, flags=re.MULTILINE) for piece in pieces))
    assert rejoined == squeezed(re.sub(rf"^{mark}\w*$", "", text, flags=re.MULTILINE))


def test_a_text_that_fits_is_left_alone() -> None:
    assert split("  hello \n", 9) == ["  hello \n"]
    assert split("x" * 10_000, 0) == ["x" * 10_000]


def test_paragraphs_lines_sentences_and_words_are_kept() -> None:
    assert split("one two\n\nthree four", 12) == ["one two", "three four"]
    assert split("one two\nthree four", 12) == ["one two", "three four"]
    assert split("One. Two two. Three", 14) == ["One. Two two.", "Three"]
    assert split("第一句。第二句！第三句", 9) == ["第一句。第二句！", "第三句"]
    assert split("alpha beta gamma", 12) == ["alpha beta", "gamma"]


def test_links_and_inline_code_stay_whole() -> None:
    link = "[the page](https://example.org/path/to/it)"
    assert split(f"read this first: {link} please", 50) == ["read this first:", f"{link} please"]
    assert split("请看https://example.org/a。b！c 谢谢大家的支持", 28) == [
        "请看https://example.org/a。b！c",
        "谢谢大家的支持",
    ]
    assert split("use `git commit -m x` now", 14) == ["use", "`git commit -m", "x` now"]
    assert split("please use `git log -1` now", 20) == ["please use", "`git log -1` now"]


def test_a_link_longer_than_a_message_is_cut() -> None:
    url = "https://example.org/" + "x" * 100
    assert "".join(split(url, 50)) == url


def test_a_character_longer_than_a_message_is_cut() -> None:
    text = "x" + "\u0301" * 500
    assert "".join(split(text, 50)) == text
    assert max(map(len, split(f"a {text} b", 50))) == 50


def test_a_line_of_code_longer_than_a_message_is_cut() -> None:
    pieces = split("Look:\n```py\n" + "x" * 200 + "\n```", 60)
    assert pieces[0] == "Look:"
    assert all(piece.startswith("```py\n") and piece.endswith("\n```") for piece in pieces[1:])
    assert sum(piece.count("x") for piece in pieces) == 200


def test_a_cut_falls_behind_code_rather_than_into_it() -> None:
    code = "```\n" + "a\n\n" * 20 + "```"
    text = "x" * 20 + "\n" + code + " " + "y" * 100
    assert split(text, 130)[0].endswith("```")
    assert all(piece.count("```") % 2 == 0 for piece in split(text, 130))


def test_indentation_behind_a_cut_is_kept() -> None:
    assert split("first line here\n    indented", 16) == ["first line here", "    indented"]


def test_a_language_too_long_to_repeat_is_left_out() -> None:
    text = "```" + "p" * 20 + "\n" + "\n".join(["code"] * 20) + "\n```"
    pieces = split(text, 60)
    assert pieces[0].startswith("```ppp")
    assert all(piece.startswith("```\n") for piece in pieces[1:])
    assert all(len(piece) <= 60 for piece in pieces)


def test_closing_a_cut_block_makes_no_empty_one() -> None:
    text = "```\n" + "a" * 30 + "\n" + "b" * 3 + "\n```\n" + "tail " * 8
    assert split(text, 43)[:2] == ["```\n" + "a" * 30 + "\n" + "b" * 3 + "\n```", ("tail " * 8)]


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [("aé你😀", "characters", 4), ("aé你😀", "utf16", 5), ("aé你😀", "bytes", 10), ("abc", "bytes", 3)],
)
def test_size(text: str, unit: LengthUnit, expected: int) -> None:
    assert size(text, unit) == expected


@pytest.mark.parametrize("text", ["[" * 50_000, "`" * 50_000, "```\n" * 10_000, " \n" * 30_000 + "x", "![a](" * 10_000])
def test_odd_texts_are_cut_in_good_time(text: str) -> None:
    start = time.process_time()
    assert all(len(piece) <= 2000 for piece in split(text, 2000))
    assert time.process_time() - start < 1
