import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.chat.budget import LEAST, MARK, PER_PICTURE, PER_TURN, Fitted, cost, cut, estimate, fit, last_round
from hubbub.core.messages import Media
from hubbub.core.turns import ToolCall, Turn

REPEATED = st.builds(str.__mul__, st.sampled_from(["word ", "字", "12,", "😀"]), st.integers(0, 4000))
TEXTS = st.one_of(st.text(max_size=300), REPEATED)
TURNS = st.builds(
    Turn,
    role=st.sampled_from(["user", "assistant", "tool"]),
    content=TEXTS,
    name=st.text(max_size=100),
    images=st.lists(st.just(Media(url="https://example.org/p.png")), max_size=2).map(tuple),
    tool_calls=st.lists(st.builds(ToolCall, st.just("1"), st.just("f"), TEXTS), max_size=1).map(tuple),
)


def total(fitted: Fitted) -> int:
    return sum(map(cost, fitted.turns)) + (PER_TURN + estimate(fitted.system) if fitted.system else 0)


@given(system=TEXTS, turns=st.lists(TURNS, max_size=12), question=TURNS, tokens=st.integers(LEAST, 6000))
def test_the_result_fits_in_order_and_has_the_last_question(
    system: str, turns: list[Turn], question: Turn, tokens: int
) -> None:
    turns = [*turns, Turn("user", question.content, question.images, name=question.name)]
    fitted = fit(system, turns, tokens)
    assert total(fitted) <= tokens
    assert fitted.turns[-1].role == "user"
    assert bool(fitted.turns[-1].content) == bool(turns[-1].content)
    kept = turns[fitted.dropped :]
    assert len(kept) == len(fitted.turns)
    for before, after in zip(kept, fitted.turns, strict=True):
        assert before.role == after.role
        head, _, tail = after.content.partition(MARK)
        assert before.content.startswith(head)
        assert before.content.endswith(tail)
    assert fit(system, turns, tokens) == fitted


@given(system=TEXTS, turns=st.lists(TURNS, min_size=1, max_size=12), tokens=st.integers(0, 6000))
def test_any_conversation_fits(system: str, turns: list[Turn], tokens: int) -> None:
    fitted = fit(system, turns, tokens)
    assert total(fitted) <= max(tokens, LEAST)
    assert fitted.turns
    if sum(map(cost, turns)) + PER_TURN + estimate(system) <= tokens:
        assert fitted == Fitted(system, tuple(turns))


@given(text=TEXTS, tokens=st.integers(0, 2000))
def test_cut(text: str, tokens: int) -> None:
    short = cut(text, tokens)
    assert estimate(short) <= tokens
    if estimate(text) <= tokens:
        assert short == text


@given(st.text(max_size=50), st.text(max_size=50))
def test_estimates_grow_with_the_text_and_add_up(first: str, second: str) -> None:
    both = estimate(first + second)
    assert both >= max(estimate(first), estimate(second))
    assert both <= estimate(first) + estimate(second)


# The highest count of four tokenizers: cl100k_base, o200k_base, DeepSeek V3's and Claude 2's.
COUNTED = [
    ("The quick brown fox jumps over the lazy dog.", 10),
    ("def fibonacci(n):\n    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)\n", 30),
    ('{"id": 12345, "name": "x", "values": [1, 2, 3.14159, null], "ok": true}', 35),
    ("| a | b |\n|---|---|\n| 1 | 2 |\n", 17),
    ("人工智能正在改变我们的生活方式。", 14),
    ("今天天气很好，我们去公园散步吧！", 20),
    ("繁體中文的測試句子，看看要多少。", 23),
    ("Привет, как дела?", 9),
    ("こんにちは、元気ですか？", 12),
    ("안녕하세요, 반갑습니다.", 13),
    ("مرحبا كيف حالك اليوم", 17),
]


@pytest.mark.parametrize(("text", "counted"), COUNTED)
def test_estimates_are_not_too_low_nor_far_too_high(text: str, counted: int) -> None:
    assert counted <= estimate(text) <= counted * 2 + 2


def test_the_oldest_rounds_go_first_and_whole() -> None:
    turns = [
        Turn("user", "a" * 300),
        Turn("assistant", "b" * 300),
        Turn("user", "c" * 300),
        Turn("assistant", "d" * 300),
        Turn("user", "e" * 300),
    ]
    two_rounds = 3 * cost(turns[0])
    assert fit("", turns, two_rounds + cost(turns[0])) == Fitted("", tuple(turns[2:]), 2)
    assert fit("", turns, two_rounds) == Fitted("", tuple(turns[2:]), 2)
    assert fit("", turns, two_rounds - 1) == Fitted("", tuple(turns[4:]), 4)


def test_a_long_question_keeps_its_beginning_and_its_end() -> None:
    question = "Please translate this: " + "x" * 100_000 + " and keep it short."
    fitted = fit("Be kind.", [Turn("user", "before"), Turn("assistant", "yes"), Turn("user", question)], 500)
    (only,) = fitted.turns
    assert only.content.startswith("Please translate this: xx")
    assert only.content.endswith("and keep it short.")
    assert MARK in only.content
    assert fitted.system == "Be kind."
    assert 400 < total(fitted) <= 500


def test_a_long_prompt_leaves_room_for_the_question() -> None:
    fitted = fit("rule " * 10_000, [Turn("user", "How are you?")], 400)
    assert fitted.turns == (Turn("user", "How are you?"),)
    assert MARK in fitted.system


def test_pictures_cost_and_go_last() -> None:
    picture = Media(url="https://example.org/p.png")
    turn = Turn("user", "What is this?", (picture, picture))
    assert cost(turn) >= 2 * PER_PICTURE
    assert fit("", [turn], 4000).turns[0].images == (picture, picture)
    assert fit("", [turn], 500).turns == (Turn("user", "What is this?"),)


def test_reasoning_costs_nothing() -> None:
    assert cost(Turn("assistant", "x", reasoning="y" * 10_000)) == cost(Turn("assistant", "x"))


def test_last_round() -> None:
    assert last_round([Turn("user", "a"), Turn("assistant", "b"), Turn("user", "c"), Turn("tool", "d")]) == 2
    assert last_round([Turn("assistant", "b")]) == 0


def test_an_overflow_of_any_size_is_trimmed_quickly() -> None:
    round_ = [Turn("user", "长文" * 50_000), Turn("assistant", "长文" * 50_000)]
    start = time.process_time()
    assert total(fit("x" * 10**6, [*round_ * 50, Turn("user", "?" * 10**7)], 8192)) <= 8192
    assert time.process_time() - start < 1
