import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubbub.conversations import preferences, prompts
from hubbub.conversations.preferences import Preferences, parse, put
from hubbub.core.turns import Parameters
from tests.fakes.memory import MemoryConversations


def test_known_keys_are_typed() -> None:
    stored: dict[str, object] = {
        "model": "m", "language": "zh", "timezone": 8, "persona": "sister", "temperature": 1, "top_p": 0.5,
        "frequency_penalty": -1.5, "presence_penalty": 0, "max_tokens": 100, "stop": ["a", "b"],
    }  # fmt: skip
    assert parse(stored) == Preferences(
        "m", "zh", "8", "sister", Parameters(1.0, 0.5, -1.5, 0.0, 100, ("a", "b")), stored
    )


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("temperature", "hot"),
        ("temperature", True),
        ("temperature", math.inf),
        ("temperature", math.nan),
        ("max_tokens", 0),
        ("max_tokens", -5),
        ("max_tokens", 1.5),
        ("max_tokens", True),
        ("model", 5),
        ("model", ""),
        ("stop", []),
        ("stop", [1]),
        ("timezone", None),
        ("parameters", "x"),
        ("stored", "x"),
    ],
)
def test_values_of_a_wrong_type_count_as_not_set_and_are_kept(key: str, value: object) -> None:
    found = parse({key: value})
    assert found == Preferences(stored={key: value})


@given(st.dictionaries(st.text(max_size=12), st.none() | st.booleans() | st.integers() | st.floats() | st.text()))
def test_anything_is_read(stored: dict[str, object]) -> None:
    assert parse(stored).stored == stored


async def test_settings_are_put_one_by_one_and_unknown_ones_are_kept() -> None:
    kept = MemoryConversations()
    assert await preferences.read(kept, "o") == preferences.NONE
    kept.apply(put(await kept.branch("o", "config"), {"render_style": "dark", "temperature": 0.5}))
    kept.apply(put(await kept.branch("o", "config"), {"model": "m", "temperature": 0.7}))
    found = await preferences.read(kept, "o")
    assert found.stored == {"render_style": "dark", "temperature": 0.7, "model": "m"}
    assert found.parameters.temperature == 0.7
    kept.apply(put(await kept.branch("o", "config"), {"temperature": None}))
    assert (await preferences.read(kept, "o")).parameters.temperature is None
    assert await preferences.read(kept, "other") == preferences.NONE


def test_the_options_of_one_request_go_first() -> None:
    mine = parse({"model": "a", "temperature": 0.1, "top_p": 0.2})
    both = mine.over({"model": "b", "temperature": None, "top_p": 0.9})
    assert (both.model, both.parameters.temperature, both.parameters.top_p) == ("b", 0.1, 0.9)
    assert mine.over({}) is mine


async def test_prompts() -> None:
    kept = MemoryConversations()
    assert await prompts.read(kept, "o") == ""
    kept.apply(*prompts.put(await kept.branch("o", "prompt"), "You are a pirate."))
    assert await prompts.read(kept, "o") == "You are a pirate."
    kept.apply(*prompts.put(await kept.branch("o", "prompt"), "  "))
    assert await prompts.read(kept, "o") == ""


def test_the_owners_prompt_goes_before_the_persona_and_that_before_the_default() -> None:
    hub = prompts.Prompts("default", {"sister": "warm"})
    assert hub.choose("own", "sister") == "own"
    assert hub.choose("", "sister") == "warm"
    assert hub.choose("", "nobody") == "default"
    assert hub.choose("", "") == "default"
