import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.providers.openai_compatible.thinking import ThinkSplitter


def split(*pieces: str) -> tuple[str, str]:
    splitter = ThinkSplitter()
    parts = [*(splitter.feed(piece) for piece in pieces), splitter.rest()]
    return "".join(answer for answer, _ in parts), "".join(reasoning for _, reasoning in parts)


@pytest.mark.parametrize(
    ("text", "answer", "reasoning"),
    [
        ("hello", "hello", ""),
        ("", "", ""),
        ("<think>hm</think>hello", "hello", "hm"),
        ("\n<think>\nhm\n</think>\n\nhello\n", "hello\n", "hm\n"),
        ("<think>never ends", "", "never ends"),
        ("<think></think>", "", ""),
        ("a <think>b</think>", "a <think>b</think>", ""),
        ("<thinking>x", "<thinking>x", ""),
        ("<th", "<th", ""),
        ("<think>a</thi", "", "a</thi"),
        ("<think>a</think>b</think>c", "b</think>c", "a"),
    ],
)
def test_only_a_block_at_the_beginning_is_reasoning(text: str, answer: str, reasoning: str) -> None:
    assert split(text) == (answer, reasoning)
    assert split(*text) == (answer, reasoning)


@given(
    text=st.lists(st.sampled_from(["<think>", "</think>", "<", "/", "think", ">", " ", "\n", "x"]), max_size=15).map(
        "".join
    ),
    data=st.data(),
)
def test_pieces_do_not_matter(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert split(*pieces) == split(text)


def test_an_answer_without_reasoning_needs_no_more_feeding() -> None:
    splitter = ThinkSplitter()
    splitter.feed("hello")
    assert splitter.idle
