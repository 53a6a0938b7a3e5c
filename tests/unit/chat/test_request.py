import pytest

from hubbub.chat.request import Limits, limits_of, parameters_of
from hubbub.chat.settings import ChatSettings
from hubbub.chat.summary import transcript
from hubbub.core.models import ModelSpec
from hubbub.core.turns import Parameters, Turn


@pytest.mark.parametrize(
    ("setting", "model", "answer", "tokens"),
    [
        (8192, 0, None, 8192),
        (0, 0, None, 8192),
        (0, 32_768, None, 32_768 - 1024),
        (0, 32_768, 4000, 32_768 - 4000),
        (8192, 32_768, None, 8192),
        (8192, 2048, None, 1024),
        (8192, 2048, 500, 1548),
        (8192, 2048, 100_000, 1024),
    ],
)
def test_a_request_leaves_room_for_the_answer(setting: int, model: int, answer: int | None, tokens: int) -> None:
    spec = ModelSpec("m", context_tokens=model)
    assert limits_of(spec, Parameters(max_tokens=answer), ChatSettings(context_tokens=setting)).tokens == tokens
    own = ModelSpec("m", context_tokens=model, parameters=Parameters(max_tokens=answer))
    assert limits_of(own, Parameters(), ChatSettings(context_tokens=setting)).tokens == tokens


@pytest.mark.parametrize(("vision", "pictures"), [(True, 4), (None, 4), (False, 0)])
def test_only_models_that_may_see_get_pictures(vision: bool | None, pictures: int) -> None:
    assert limits_of(ModelSpec("m", vision=vision), Parameters(), ChatSettings()) == Limits(8192, pictures)


def test_the_hubs_parameters_are_for_where_nobody_says_anything() -> None:
    settings = ChatSettings(temperature=0.9, answer_tokens=50)
    spec = ModelSpec("m", parameters=Parameters(temperature=0.1))
    assert parameters_of(Parameters(), ModelSpec("m"), settings) == Parameters(temperature=0.9, max_tokens=50)
    assert parameters_of(Parameters(), spec, settings) == Parameters(max_tokens=50)
    own = Parameters(temperature=0.0, max_tokens=7)
    assert parameters_of(own, ModelSpec("m"), settings) is own


def test_what_is_summarized_is_bounded_and_the_newest() -> None:
    turns = [Turn("user", f"{number} " + "x" * 200) for number in range(100)]
    text = transcript("before " * 1000, turns, 1000)
    assert text.startswith("before")
    assert "user: 99 x" in text
    assert "user: 0 x" not in text
    assert len(text) < 3600
    assert (
        transcript("", [Turn("user", "a"), Turn("assistant", ""), Turn("assistant", "b")], 100)
        == "user: a\n\nassistant: b"
    )
