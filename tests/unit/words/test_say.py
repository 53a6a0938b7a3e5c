import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.phrases import Phrase
from hubbub.words import choose, guess, languages, say


def test_a_phrase_is_said_in_its_language() -> None:
    phrase = Phrase("error.model_failed", {"id": "ab12"})
    assert say(phrase, "en") == "The model could not answer. Please try again later. (error ab12)"
    assert say(phrase, "zh") == "模型暂时无法回答，请稍后再试。（错误编号 ab12）"


def test_an_unknown_language_gets_english() -> None:
    assert say(Phrase("command.stop.done"), "xx") == "Stopped."


def test_a_phrase_within_a_phrase_is_said_in_the_same_language() -> None:
    values = {"user": "u", "role": Phrase("role.admin"), "owner": "o", "room": "r", "branch": "b"}
    assert "（管理员）" in say(Phrase("command.sid", values), "zh")


def test_nothing_that_is_missing_raises() -> None:
    assert say(Phrase("no.such.key"), "en") == "no.such.key"
    assert "{id}" in say(Phrase("error.model_failed"), "en")


@given(st.text())
def test_values_are_never_read_as_marks(value: str) -> None:
    assert value in say(Phrase("command.forbidden", {"name": value}), "en")


@pytest.mark.parametrize(
    ("candidates", "language"),
    [
        (("zh-CN",), "zh"),
        (("zh_Hans_CN.UTF-8",), "zh"),
        (("ZH",), "zh"),
        (("en-GB", "zh"), "en"),
        (("fr", "", "zh-TW", "en"), "zh"),
        (("auto", "zhx"), "en"),
        ((), "en"),
    ],
)
def test_choose(candidates: tuple[str, ...], language: str) -> None:
    assert choose(*candidates) == language


@given(st.lists(st.text()))
def test_choose_always_finds_a_catalogue(candidates: list[str]) -> None:
    assert choose(*candidates) in languages()


@pytest.mark.parametrize(
    ("text", "language"),
    [("hello", ""), ("你好", "zh"), ("/echo 早", "zh"), ("こんにちは世界", ""), ("привет", ""), ("", ""), ("é", "")],
)
def test_guess_says_only_what_is_certain(text: str, language: str) -> None:
    assert guess(text) == language
