"""Answers that are still being written, as messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.bridge.growing import MORE, SIGN, growing
from hubbub.bridge.translate import fit
from hubbub.core.capabilities import Capabilities
from hubbub.core.messages import Text, text_of
from hubbub.markup.split import fits

MARKED = Capabilities(markdown="commonmark", max_length=200)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", SIGN),
        ("words \n", f"words {SIGN}"),
        ("a **bold", f"a **bold** {SIGN}"),
        ("a **bold** end", f"a **bold** end {SIGN}"),
        ("2 ** 3", f"2 ** 3 {SIGN}"),
        ("~~gone **and bold", f"~~gone **and bold~~** {SIGN}"),
        ("some `code", f"some `code` {SIGN}"),
        ("some `code ** here", f"some `code ** here` {SIGN}"),
        ("some `**` and", f"some `**` and {SIGN}"),
        ("**before**\n\nanother `x", f"**before**\n\nanother `x` {SIGN}"),
        ("```py\nif a ** b:", f"```py\nif a ** b: {SIGN}"),
        ("```py", f"```py\n{SIGN}"),
        ("```py\na\n```", f"```py\na\n```\n\n{SIGN}"),
        ("````\n```\nx", f"````\n```\nx {SIGN}"),
        ("| a | b |", f"| a | b |\n\n{SIGN}"),
        ("---", f"---\n\n{SIGN}"),
    ],
)
def test_what_is_open_is_closed_before_the_sign(text: str, shown: str) -> None:
    assert growing(text, MARKED) == (Text(shown),)


def test_marks_go_where_a_room_has_none() -> None:
    assert growing("a **bold", Capabilities()) == (Text(f"a bold {SIGN}", verbatim=True),)


def test_a_first_message_that_is_full_says_so() -> None:
    text = " ".join(f"word{number}" for number in range(100))
    (only,) = growing(text, MARKED)
    assert isinstance(only, Text)
    assert only.text.endswith(MORE)
    assert len(only.text) <= 200
    first = text_of(fit((Text(text),), MARKED)[0])
    assert first.startswith(only.text.removesuffix(MORE))
    assert growing(text + " and more", MARKED) == (only,)


@given(st.text(alphabet="ab *`~_|[]()#-\n>1.\ud83d\ude00é", max_size=300), st.sampled_from([0, 10, 50]))
def test_whatever_there_is_one_message_that_fits(text: str, limit: int) -> None:
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    for caps in (
        Capabilities(markdown="telegram", max_length=limit, length_unit="utf16"),
        Capabilities(max_length=limit),
    ):
        message = growing(text, caps)
        assert message
        assert text_of(message).strip()
        assert fits(text_of(message), limit, caps.length_unit)
