"""What is remembered encoded is what encoding anew would give."""

from __future__ import annotations

import orjson
from hypothesis import given
from hypothesis import strategies as st

from hubbub.core.messages import Media
from hubbub.core.turns import Turn
from hubbub.providers.openai_compatible.spoken import Spoken
from hubbub.providers.openai_compatible.wire import message_of

SYSTEM = Turn("system", "be kind")


def plain(turns: tuple[Turn, ...]) -> object:
    return [message_of(turn) for turn in turns]


def sent(spoken: Spoken, key: str, turns: tuple[Turn, ...]) -> object:
    return orjson.loads(orjson.dumps(spoken.messages(key, turns)))


steps = st.lists(st.sampled_from(["go on", "withdraw", "begin again", "drop the first", "other"]), max_size=40)


@given(steps, st.booleans(), st.integers(0, 3000))
def test_it_equals_encoding_anew_whatever_happened(steps: list[str], system: bool, most: int) -> None:
    spoken = Spoken(most)
    said: list[Turn] = []
    for number, step in enumerate(steps):
        if step == "go on":
            said += [Turn("user", f"{number} 你好"), Turn("assistant", f"answer {number}")] * 3
        elif step == "withdraw":
            del said[-2:]
        elif step == "drop the first":
            del said[:2]
        elif step == "begin again":
            said = [Turn(turn.role, turn.content + "!") for turn in said]
        key = "other" if step == "other" else "one"
        turns = (*((SYSTEM,) if system else ()), *said, Turn("user", f"question {number}"))
        assert sent(spoken, key, turns) == plain(turns)


def test_a_conversation_that_went_on_is_encoded_from_there() -> None:
    spoken = Spoken()
    said = tuple(Turn("user" if n % 2 == 0 else "assistant", f"m{n}") for n in range(20))
    spoken.messages("key", (*said, Turn("user", "q")))
    before = spoken._known["key"][1]
    longer = (*said, Turn("user", "q"), Turn("assistant", "a"), Turn("user", "next"))
    assert sent(spoken, "key", longer) == plain(longer)
    assert spoken._known["key"][1].startswith(before)


def test_a_picture_that_is_not_shown_any_more_is_not_sent_again() -> None:
    """The turns before and behind it are the very same ones."""
    spoken = Spoken()
    said = tuple(Turn("user" if n % 2 == 0 else "assistant", f"m{n}") for n in range(20))
    seen = (*said[:4], Turn("user", "look", images=(Media("data:image/png;base64,AAAA"),)), *said[5:])
    assert sent(spoken, "key", (*seen, Turn("user", "q"))) == plain((*seen, Turn("user", "q")))
    hidden = (*said[:4], Turn("user", "[image]\nlook"), *said[5:], Turn("user", "next"))
    assert sent(spoken, "key", hidden) == plain(hidden)


def test_memory_is_bounded() -> None:
    spoken = Spoken(most=5_000)
    for owner in range(200):
        turns = tuple(Turn("user", f"{owner} {n}") for n in range(30))
        spoken.messages(str(owner), turns)
    assert sum(len(data) for _, data in spoken._known.values()) == spoken._size <= 5_000
